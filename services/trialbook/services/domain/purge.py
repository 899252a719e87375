"""What is left of facts when the content of their items is erased."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

import msgspec

from trialbook.services.domain.content import BlobReference
from trialbook.services.domain.dataset import ItemFact, ItemsAdded, ItemsChanged, ItemsRestored
from trialbook.services.domain.review import ReviewFact, ReviewsRecorded
from trialbook.services.domain.run import (
    ResultFact,
    ResultsRecorded,
    ScoreFact,
    ScoresRecorded,
    TaskError,
)

F = TypeVar("F", ItemFact, ResultFact, ScoreFact, ReviewFact)

PURGED_INPUT = "null"
"""Stands for the input of a purged item."""


def blanked(event: msgspec.Struct, item_ids: Collection[str]) -> msgspec.Struct | None:
    """Return an event without what it tells of these items; None if it tells nothing of them."""
    match event:
        case ItemsAdded() | ItemsChanged() | ItemsRestored():
            items = _blanked(event.items, item_ids, _item)
            return None if items is None else msgspec.structs.replace(event, items=items)
        case ResultsRecorded():
            results = _blanked(event.results, item_ids, _result)
            return None if results is None else msgspec.structs.replace(event, results=results)
        case ScoresRecorded():
            scores = _blanked(event.scores, item_ids, _score)
            return None if scores is None else msgspec.structs.replace(event, scores=scores)
        case ReviewsRecorded():
            reviews = _blanked(event.reviews, item_ids, _review)
            return None if reviews is None else msgspec.structs.replace(event, reviews=reviews)
    return None


def bodies_of(event: msgspec.Struct, item_ids: Collection[str]) -> Iterator[bytes]:
    """Yield the digests of the large bodies to which an event's facts of these items refer."""
    match event:
        case ItemsAdded() | ItemsChanged() | ItemsRestored():
            facts: tuple[ItemFact | ResultFact | ScoreFact, ...] = event.items
        case ResultsRecorded():
            facts = event.results
        case ScoresRecorded():
            facts = event.scores
        case _:
            facts = ()
    for fact in facts:
        if fact.item_id in item_ids:
            for value in msgspec.structs.astuple(fact):
                if isinstance(value, BlobReference):
                    yield value.digest


def _blanked(
    facts: tuple[F, ...], item_ids: Collection[str], blank: Callable[[F], F]
) -> tuple[F, ...] | None:
    if not any(fact.item_id in item_ids for fact in facts):
        return None
    return tuple(blank(fact) if fact.item_id in item_ids else fact for fact in facts)


def _item(fact: ItemFact) -> ItemFact:
    return ItemFact(fact.item_id, fact.ordinal, PURGED_INPUT, external_id=fact.external_id)


def _result(fact: ResultFact) -> ResultFact:
    error = None if fact.error is None else TaskError(fact.error.code, "")
    return msgspec.structs.replace(fact, output=None, error=error, steps=None, trajectory=None)


def _score(fact: ScoreFact) -> ScoreFact:
    return msgspec.structs.replace(fact, label="", reason="", evidence=None)


def _review(fact: ReviewFact) -> ReviewFact:
    return msgspec.structs.replace(fact, label="", comment="")
