"""Pairs of names, the first of which comes before the second."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import cast

from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation


def require_no_circle(pairs: Iterable[tuple[str, str]], path: str) -> None:
    """Raise `InvalidExpectation` if the pairs can never hold together."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for before, after in pairs:
        sorter.add(after, before)
    try:
        sorter.prepare()
    except CycleError as error:
        names = " \u2192 ".join(cast("list[str]", error.args[1])[:10])
        raise InvalidExpectation(
            path, f"`{path}` leads in a circle, which nothing can fulfil: {names}."
        ) from error
