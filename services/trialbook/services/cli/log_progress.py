"""Shows on stderr how far the work on a whole log has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

SECONDS_BETWEEN_LINES = 5.0

Sign = Callable[[int, int], None]
"""Takes how many events are done, and how many there are; 0 if that is not known."""


@contextmanager
def log_progress(what: str) -> Iterator[Sign]:
    """Give what to call as the work goes on: a bar on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield _Lines(what).show
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


class _Lines:
    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES

    def show(self, done: int, total: int) -> None:
        """Print a line if one is due."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS_BETWEEN_LINES
        of_all = f" of {total:,}" if total else ""
        print(f"{self._what}: {done:,}{of_all} events", file=sys.stderr, flush=True)
