"""Waiting for a run: for how long, and what Ctrl-C means for the run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import click

from trialbook.client import Client, FailedPrecondition, Run, WaitTimeout
from trialbook.services.cli.arguments import time_span
from trialbook.services.cli.failures import EXIT_INTERRUPTED, EXIT_TIMED_OUT, CommandFailure
from trialbook.services.cli.options import CommonOptions
from trialbook.services.cli.output import duration_text
from trialbook.services.cli.progress import follow_run
from trialbook.services.cli.run_end import exit_code
from trialbook.services.cli.run_report.form import REPORT_FORMS, print_run

Command = TypeVar("Command", bound=Callable[..., Any])
ASK, CANCEL, LEAVE = "ask", "cancel", "leave"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a command waits: `timeout` in seconds, None for as long as it takes."""

    timeout: float | None
    on_interrupt: str
    allow_inconclusive: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Waiting:
        """What the options say."""
        return cls(given["timeout"], given["on_interrupt"], given["allow_inconclusive"])


def waiting_options(command: Command) -> Command:
    """Give a command the options that say how it waits."""
    for option in reversed(
        (
            click.option(
                "--timeout", type=time_span, metavar="TIME", help="Wait no longer; exit code 4."
            ),
            click.option(
                "--on-interrupt",
                type=click.Choice([ASK, CANCEL, LEAVE]),
                default=ASK,
                help="What Ctrl-C does with the run; it is left where nobody can be asked.  [ask]",
            ),
            inconclusive_option,
        )
    ):
        command = option(command)
    return command


def inconclusive_option(command: Command) -> Command:
    """Give a command the option that lets an inconclusive verdict pass."""
    option = click.option(
        "--allow-inconclusive", is_flag=True, help="Exit code 0 if the gate is inconclusive."
    )
    return option(command)


def check_waiting(options: CommonOptions, waiting: Waiting, *, wait: bool) -> None:
    """Refuse what has no meaning where a command does not wait. Raises UsageError."""
    if not wait and (waiting.timeout is not None or options.form in REPORT_FORMS):
        raise click.UsageError(f"--timeout, and --format {', '.join(REPORT_FORMS)}, need --wait")


def wait_and_report(options: CommonOptions, client: Client, run: Run, waiting: Waiting) -> int:
    """Wait for a run, print its report, and return the exit code."""
    ended = wait_for(client, run, waiting)
    print_run(options.form, client, ended)
    return exit_code(ended, allow_inconclusive=waiting.allow_inconclusive)


def wait_for(client: Client, run: Run, waiting: Waiting) -> Run:
    """Show a run's progress until it has ended, and return it as it is then.

    Raises CommandFailure if that takes too long, and Exit if the run is left on Ctrl-C.
    """
    end = None if waiting.timeout is None else time.monotonic() + waiting.timeout
    try:
        return _follow(client, run, waiting, end)
    except KeyboardInterrupt:
        if not _shall_cancel(run, waiting.on_interrupt):
            leave(run.id)
    return _cancelled(client, run, waiting, end)


def leave(run_id: str) -> NoReturn:
    """End the command, not the run, and say so."""
    print(
        f"no longer watching; run {run_id} goes on\n"
        f"hint: trialbook run wait {run_id}, trialbook run watch {run_id}, "
        f"or trialbook run cancel {run_id}",
        file=sys.stderr,
    )
    raise click.exceptions.Exit(EXIT_INTERRUPTED) from None


def _follow(client: Client, run: Run, waiting: Waiting, end: float | None) -> Run:
    if run.settled:
        return run
    left = None if end is None else max(end - time.monotonic(), 0.0)
    try:
        # What came before is not shown, and may be long.
        return follow_run(client, run, after_position=run.last_position, timeout=left)
    except WaitTimeout as error:
        raise CommandFailure(
            f"run {run.id} did not end within {duration_text(waiting.timeout)}; it goes on",
            hint=f"trialbook run wait {run.id}, or trialbook run cancel {run.id}",
            exit_code=EXIT_TIMED_OUT,
        ) from error


def _shall_cancel(run: Run, on_interrupt: str) -> bool:
    if on_interrupt != ASK:
        return on_interrupt == CANCEL
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(
        f"\nrun {run.id}: cancel the run, or leave it going? [c/L] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    try:
        return sys.stdin.readline().strip().lower() in ("c", "cancel")
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return False


def _cancelled(client: Client, run: Run, waiting: Waiting, end: float | None) -> Run:
    """Cancel a run and wait for its end, unless there is another Ctrl-C."""
    try:
        try:
            client.runs.cancel(run, reason="interrupted on the command line")
        except FailedPrecondition:
            pass  # it has just completed
        else:
            print(f"cancelling run {run.id}", file=sys.stderr)
        return _follow(client, run, waiting, end)
    except KeyboardInterrupt:
        leave(run.id)
