"""The live bar of an evaluation, drawn by rich."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from trialbook.client.models.run import Run


@contextmanager
def live_bar(title: str) -> Iterator[Callable[[Run], None]]:
    """Draw a bar on stderr while the context lasts; give the function that moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[means]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(title, total=1, means="")

        def show(run: Run) -> None:
            means = "  ".join(
                f"{score.scorer} {round(score.mean, 12):.3f}"
                for score in run.scores
                if score.mean is not None
            )
            counts = run.counts
            progress.update(bar, completed=counts.done, total=counts.planned, means=means)

        yield show
