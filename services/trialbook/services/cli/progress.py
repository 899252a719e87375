"""Follows a run on stderr: a live bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from trialbook.client import Client, Run
from trialbook.services.cli.output import duration_text, figure_text, printable

SECONDS_BETWEEN_LINES = 5.0
BAR_WIDTH = 40


class RunView(Protocol):
    """Shows where a run stands."""

    def show(self, run: Run) -> None:
        """Show the run as it is now."""


def follow_run(
    client: Client, run: Run | str, *, after_position: int = 0, timeout: float | None = None
) -> Run:
    """Show a run's progress until it has ended, and return it as it is then.

    Raises WaitTimeout after so many seconds.
    """
    with run_view() as view:
        for update in client.runs.watch(run, after_position=after_position, timeout=timeout):
            if update.run is not None:
                view.show(update.run)
    return client.runs.get(run)


@contextmanager
def run_view() -> Iterator[RunView]:
    """A view that fits what stderr is."""
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield RunLines()
        return
    bar = RunBar()
    with Live(bar, console=console, refresh_per_second=8):
        yield bar


class RunBar:
    """A bar that is redrawn in place, a few times a second."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._began = time.monotonic()

    def show(self, run: Run) -> None:
        """Draw this from now on."""
        self._run = run

    def __rich__(self) -> Group | str:
        if self._run is None:
            return ""
        counts = self._run.counts
        line = Table.grid(padding=(0, 1))
        line.add_row(
            Text(self._run.id, style="bold"),
            ProgressBar(total=max(counts.planned, 1), completed=counts.done, width=BAR_WIDTH),
            Text(f"{counts.done:,}/{counts.planned:,}"),
            Text(duration_text(time.monotonic() - self._began), style="dim"),
        )
        return Group(line, Text(standing(self._run)))


class RunLines:
    """A line for each quarter of the run, and every few seconds between, and at the end."""

    def __init__(self) -> None:
        self._quarter = -1
        self._next = 0.0

    def show(self, run: Run) -> None:
        """Print a line if one is due."""
        quarter = 4 * run.counts.done // max(run.counts.planned, 1)
        slow = time.monotonic() >= self._next
        if not (run.ended or slow or self._quarter < quarter < 4):
            return
        self._quarter = quarter
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES
        line = f"{run.id}  {run.counts.done:,}/{run.counts.planned:,}  {standing(run)}"
        print(line.rstrip(), file=sys.stderr, flush=True)


def standing(run: Run) -> str:
    """What is known so far: the scorers' running means, failures, and what is waited for."""
    parts = [
        f"{summary.scorer} {figure_text(summary.mean)}"
        for summary in run.scores
        if summary.mean is not None
    ]
    if run.counts.failed:
        parts.append(f"{run.counts.failed:,} failed")
    if run.counts.skipped:
        parts.append(f"{run.counts.skipped:,} skipped")
    if run.waiting_for:
        parts.append(f"waiting for {run.waiting_for.removeprefix('waiting for ')}")
    return printable("  ".join(parts))
