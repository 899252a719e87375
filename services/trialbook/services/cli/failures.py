"""How the command line says that something went wrong: a sentence, a hint, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

EXIT_REFUSED = 1  # also a command that is not understood: 2 says that a gate failed
EXIT_GATE_FAILED = 2
EXIT_RUN_FAILED = 3
EXIT_TIMED_OUT = 4
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells say it


class CommandFailure(Exception):
    """A command could not do what it was asked to.

    `details` are further lines, for example the paths of bad fields; `hint` says what to do.
    """

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[str] = (),
        hint: str = "",
        exit_code: int = EXIT_REFUSED,
    ):
        super().__init__(message)
        self.details = tuple(details)
        self.hint = hint
        self.exit_code = exit_code


def report_failure(error: Exception) -> int:
    """Say on stderr what went wrong and return the exit code. No traceback, unless debugging."""
    if os.environ.get("TRIALBOOK_DEBUG") and not isinstance(error, click.ClickException):
        raise error
    if isinstance(error, CommandFailure):
        _write(str(error), error.details, error.hint)
        return error.exit_code
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "trialbook"
        _write(error.format_message(), (), f"{path} --help tells what it accepts")
        return EXIT_REFUSED
    if isinstance(error, click.ClickException):
        _write(error.format_message(), (), "")
        return EXIT_REFUSED
    if isinstance(error, OSError) and error.filename is not None:
        _write(f"{error.filename}: {error.strerror}", (), "")
        return EXIT_REFUSED
    _write(
        f"this is a defect of trialbook: {type(error).__name__}: {error}",
        (),
        "TRIALBOOK_DEBUG=1 shows where it happened",
    )
    return EXIT_REFUSED


def _write(message: str, details: Sequence[str], hint: str) -> None:
    lines = [f"error: {message}", *(f"  {detail}" for detail in details)]
    if hint:
        lines.append(f"hint: {hint}")
    print("\n".join(lines), file=sys.stderr)
