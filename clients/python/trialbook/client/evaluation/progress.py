"""How an evaluation shows where it stands: a live bar on a terminal, else one line at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TypeAlias

from trialbook.client.models.run import Run

Show: TypeAlias = Callable[[Run], None]


@contextmanager
def progress_of(title: str, wanted: bool | None) -> Iterator[Show]:
    """Give a function that is told of the run whenever it has changed.

    `wanted` None means: if stderr is a terminal.
    """
    on_terminal = sys.stderr.isatty()
    if wanted is False or (wanted is None and not on_terminal):
        yield lambda _: None
        return
    if on_terminal and find_spec("rich") is not None:
        from trialbook.client.evaluation.bar import live_bar  # noqa: PLC0415 - rich is optional

        with live_bar(title) as show:
            yield show
        return
    latest: list[Run] = []
    yield latest.append
    if latest:
        sys.stderr.write(f"{title}: {describe(latest[-1])}\n")


def describe(run: Run) -> str:
    """Return where a run stands, in a line."""
    means = "  ".join(
        f"{score.scorer} {round(score.mean, 12):.3f}"
        for score in run.scores
        if score.mean is not None
    )
    failed = f"  {run.counts.failed} failed" if run.counts.failed else ""
    return f"{run.counts.done} of {run.counts.planned}{failed}  {means}".rstrip()
