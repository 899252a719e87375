"""The review queue as its readers see it, and the taking of entries into hands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.result_filter import ResultFilter
from trialbook.services.application.review_reads import Place, QueueScope
from trialbook.services.application.views import ResultView, ReviewEntryView, RunView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import SECOND
from trialbook.services.domain.review import ReviewState

MOST_CLAIMED = 100
DEFAULT_DURATION = 15 * 60 * SECOND
_LONGEST_DURATION = 24 * 3600 * SECOND
# How many characters of texts a page may bring; its first entry comes whatever its size.
_PAGE_SIZE = 2 * 1024 * 1024
_SLICE = 50


class Look(msgspec.Struct, frozen=True):
    """Who reads, whether with the results, and whether without what others say of them."""

    reader: str
    content: bool = False
    blind: bool = False


@dataclass(frozen=True, slots=True)
class FilledEntry:
    """An entry with its reviews and claims, its run, and the result if that is wanted."""

    entry: ReviewEntryView
    run: RunView
    content: ResultView | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some entries of the queue, and whether there are more."""

    entries: list[FilledEntry]
    more: bool


class Claimed(msgspec.Struct, frozen=True):
    """The entries in a reviewer's hands: those from before, and those taken now."""

    held: tuple[ReviewEntryView, ...]
    fresh: tuple[ReviewEntryView, ...]


def check_limit(limit: int) -> int:
    """Return how many entries to take; 0 is one. Raises Invalid."""
    if not 0 <= limit <= MOST_CLAIMED:
        raise Invalid.field("limit", f"{limit:,} is out of range; take 1 to {MOST_CLAIMED}")
    return limit or 1


def check_duration(duration: int | None) -> int:
    """Return for how many microseconds to take entries; None is the default. Raises Invalid."""
    if duration is None:
        return DEFAULT_DURATION
    if not SECOND <= duration <= _LONGEST_DURATION:
        raise Invalid.field("duration", f"{duration / SECOND:g} s is not between 1 s and 24 h")
    return duration


def scope_of(queries: Queries, project: str, run_id: str | None) -> QueueScope:
    """Return the queue of a run, or of a project if no run is named. Raises NotFound."""
    if run_id is None:
        return QueueScope(project)
    return QueueScope(project, runs.require(queries, project, run_id).number)


def place_of(entry: ReviewEntryView) -> Place:
    """Return where an entry stands in the queue."""
    return entry.created_at, entry.run, entry.number


def page(
    queries: Queries,
    scope: QueueScope,
    state: ReviewState | None,
    look: Look,
    *,
    after: Place,
    limit: int,
) -> QueuePage:
    """Return entries that stand after a place, the oldest first, fewer if they are large."""
    rows = queries.reviews.entries(scope, state, after, limit + 1)
    filled = fill(queries, rows[:limit], look)
    return QueuePage(filled, more=len(rows) > len(filled))


def fill(queries: Queries, entries: Sequence[ReviewEntryView], look: Look) -> list[FilledEntry]:
    """Return entries with what belongs to them: as many of the first as a page may hold."""
    filled: list[FilledEntry] = []
    views: dict[int, RunView] = {}
    size = 0
    for some in _slices(entries):
        number = some[0].run
        view = views.setdefault(number, views.get(number) or queries.runs.by_number(number))
        part = _filled(queries, view, some, look)
        filled += part
        size += sum(map(_size, part))
        if len(part) < len(some) or size > _PAGE_SIZE:
            break
    return filled


def claim(uow: UnitOfWork, scope: QueueScope, limit: int, duration: int) -> Claimed:
    """Take entries into the caller's hands; those that are there already come first."""
    reviewer, now = uow.actor, uow.now
    uow.reviews.forget_expired(now)
    held = uow.reviews.held(scope, reviewer, now, limit)
    fresh = uow.reviews.free(scope, reviewer, now, limit - len(held)) if len(held) < limit else []
    uow.reviews.claim([*held, *fresh], reviewer, now + duration)
    return Claimed(tuple(held), tuple(fresh))


def show_claimed(
    queries: Queries, claimed: Claimed, reviewer: str
) -> tuple[list[FilledEntry], Sequence[ReviewEntryView]]:
    """Return what a reviewer has in hand, and which of what was taken now does not fit."""
    look = Look(reviewer, content=True, blind=True)
    held = fill(queries, claimed.held, look)
    room = len(held) == len(claimed.held)
    fresh = fill(queries, claimed.fresh, look) if room else []
    return [*held, *fresh], claimed.fresh[len(fresh) :]


def give_back(uow: UnitOfWork, entries: Sequence[ReviewEntryView]) -> None:
    """Take entries out of the caller's hands again."""
    for number, some in groupby(sorted(entries, key=place_of), key=lambda entry: entry.run):
        uow.reviews.release(number, [entry.number for entry in some], uow.actor)


def _slices(entries: Sequence[ReviewEntryView]) -> Iterator[list[ReviewEntryView]]:
    """Cut a queue into pieces of one run each, in which the numbers ascend."""
    for _, same in groupby(entries, key=lambda entry: (entry.created_at, entry.run)):
        rows = list(same)
        for start in range(0, len(rows), _SLICE):
            yield rows[start : start + _SLICE]


def _filled(
    queries: Queries, view: RunView, entries: Sequence[ReviewEntryView], look: Look
) -> list[FilledEntry]:
    numbers = [entry.number for entry in entries]
    reviews = queries.reviews.reviews(view.number, numbers, look.reader if look.blind else None)
    claims = queries.reviews.claims(view.number, numbers, queries.now)
    contents = _contents(queries, view, numbers, look) if look.content else {}
    return [
        FilledEntry(
            msgspec.structs.replace(
                entry,
                reviews=tuple(reviews.get(entry.number, ())),
                claims=tuple(
                    claim
                    for claim in claims.get(entry.number, ())
                    if not look.blind or claim[0] == look.reader
                ),
            ),
            view,
            contents.get(entry.number),
        )
        for entry in entries
        if not look.content or entry.number in contents
    ]


def _contents(
    queries: Queries, view: RunView, numbers: Sequence[int], look: Look
) -> dict[int, ResultView]:
    """Return results with their items, as many of the first as a page may hold."""
    found = queries.runs.filtered(view, ResultFilter(numbers=tuple(numbers)), 0, len(numbers))
    results = runs.with_items(queries, view, found.rows)
    return {
        result.number: msgspec.structs.replace(result, scores=()) if look.blind else result
        for result in results
    }


def _size(filled: FilledEntry) -> int:
    size = sum(len(review.comment) for review in filled.entry.reviews)
    content = filled.content
    if content is not None:
        bodies = (content.output, content.input, content.expected, content.steps)
        size += sum(len(body) for body in bodies if body is not None)
        size += sum(len(score.evidence or "") for score in content.scores)
    return size
