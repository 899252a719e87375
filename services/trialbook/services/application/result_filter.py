"""Which results of a run are meant."""

from __future__ import annotations

from typing import Protocol

import msgspec

from trialbook.services.application.views import Page, ResultView, RunView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.run import ResultStatus


class ResultFilter(msgspec.Struct, frozen=True):
    """Every part that is set must hold; None and empty restrict nothing.

    `failing` means results that failed, or that a current scorer says do not pass; with a `scorer`,
    by alias, only those that it says do not pass.
    """

    numbers: tuple[int, ...] = ()
    status: ResultStatus | None = None
    failing: bool = False
    scorer: str = ""
    item_ids: tuple[str, ...] = ()


class ResultKey(msgspec.Struct, frozen=True):
    """Which (item, trial) a result is of, and what became of it."""

    number: int
    ordinal: int
    item_id: str
    trial: int
    status: ResultStatus


class FilteredResults(Protocol):
    """The part of RunReads that finds some of a run's results; the filter has been checked."""

    def matching(
        self, run: RunView, wanted: ResultFilter, after: int, limit: int
    ) -> list[ResultKey]:
        """Return keys of results with numbers above `after`, in order."""
        ...

    def filtered(
        self, run: RunView, wanted: ResultFilter, after: int, limit: int
    ) -> Page[ResultView]:
        """Return results with numbers above `after`, in order, with their scores.

        Fewer if their bodies are large.
        """
        ...


def check_filter(path: str, run: RunView, wanted: ResultFilter) -> None:
    """Refuse a scorer that the run does not have. Raises Invalid."""
    if wanted.scorer:
        current_place(f"{path}.scorer" if path else "scorer", run, wanted.scorer)


def current_place(path: str, run: RunView, alias: str) -> int:
    """Return the place of the scorer that has this alias now. Raises Invalid, with the path."""
    for place, spec in enumerate(run.scorers):
        if spec.alias == alias and not spec.superseded:
            return place
    known = ", ".join(spec.alias for spec in run.scorers if not spec.superseded)
    raise Invalid.field(
        path, f"the run has no scorer {alias[:80]!r}; it has: {known or 'none at all'}"
    )
