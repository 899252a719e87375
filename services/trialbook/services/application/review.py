"""Commands about reviews: results are put into the queue, reviewed, and closed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.result_filter import ResultFilter, ResultKey, check_filter
from trialbook.services.application.views import ReviewEntryView, ReviewView, RunView
from trialbook.services.domain.errors import (
    Invalid,
    NotInQueue,
    NotReviewable,
    TooManyChanges,
    Violation,
)
from trialbook.services.domain.naming import ALIAS, ALIAS_RULE, check_id, result_name, run_name
from trialbook.services.domain.review import (
    RequestFact,
    ReviewFact,
    ReviewsClosed,
    ReviewsRecorded,
    ReviewsRequested,
    ReviewState,
    stream_of,
)
from trialbook.services.domain.run import FACTS_PER_EVENT, ResultStatus

MOST_REQUESTED = 100_000
MOST_WANTED = 100
MOST_SUBMITTED = 1_000
MOST_CLOSED = 10_000
OVERALL = "overall"
"""The criterion of reviews that name none."""

_MAX_NOTE = 1_000
_MAX_LABEL = 100
_MAX_COMMENT = 10_000
_LARGEST_VALUE = 1e100
_LARGEST_NUMBER = 2**62
_MAX_VIOLATIONS = 100
_PAGE = 5_000
_BATCH = 10_000

T = TypeVar("T")


class Submission(msgspec.Struct, frozen=True):
    """One review on its way in."""

    number: int
    criterion: str = OVERALL
    value: float | None = None
    passed: bool | None = None
    label: str = ""
    comment: str = ""


class RequestedReviews(msgspec.Struct, frozen=True):
    """How many entries of the queue were made or changed."""

    changed_count: int


class SubmittedReviews(msgspec.Struct, frozen=True):
    """The entries of the reviewed results, each with the reviewer's own reviews."""

    run: RunView
    entries: tuple[ReviewEntryView, ...]


class ClosedReviews(msgspec.Struct, frozen=True):
    """How many entries were closed."""

    closed_count: int


def check_note(note: str) -> None:
    """Refuse a note that is too long. Raises Invalid."""
    problem = _text_problem(note, _MAX_NOTE)
    if problem:
        raise Invalid.field("note", problem)


def check_wanted(reviewers_wanted: int) -> int:
    """Return how many reviewers are asked for; 0 is one. Raises Invalid."""
    if not 0 <= reviewers_wanted <= MOST_WANTED:
        raise Invalid.field(
            "reviewers_wanted", f"{reviewers_wanted:,} is out of range; ask for 1 to {MOST_WANTED}"
        )
    return reviewers_wanted or 1


def check_numbers(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return numbers of results to close, each once. Raises Invalid."""
    if not 1 <= len(numbers) <= MOST_CLOSED:
        raise Invalid.field("numbers", f"has {len(numbers):,}; name 1 to {MOST_CLOSED:,}")
    violations = [
        bad
        for place, number in enumerate(numbers)
        for bad in _number_problem(f"numbers[{place}]", number)
    ]
    if violations:
        raise Invalid(violations[:_MAX_VIOLATIONS])
    return tuple(dict.fromkeys(numbers))


def check_submissions(submissions: Sequence[Submission]) -> None:
    """Refuse reviews that nobody could give. Raises Invalid."""
    if not 1 <= len(submissions) <= MOST_SUBMITTED:
        raise Invalid.field(
            "reviews", f"has {len(submissions):,} reviews; give 1 to {MOST_SUBMITTED:,}"
        )
    violations: list[Violation] = []
    places: dict[tuple[int, str], int] = {}
    for place, given in enumerate(submissions):
        path = f"reviews[{place}]"
        violations += _problems(path, given)
        first = places.setdefault((given.number, given.criterion), place)
        if first != place:
            problem = f"is of the same result and criterion as reviews[{first}]; give one of them"
            violations.append(Violation(path, problem))
    if violations:
        raise Invalid(violations[:_MAX_VIOLATIONS])


def find(queries: Queries, project: str, run_id: str, wanted: ResultFilter) -> list[ResultKey]:
    """Return which results of a run are meant, without those that are skipped.

    Raises NotFound, Invalid, and TooManyChanges beyond 100,000.
    """
    view = runs.require(queries, project, run_id)
    check_filter("filter", view, wanted)
    found: list[ResultKey] = []
    after = 0
    while page := queries.runs.matching(view, wanted, after, _PAGE):
        after = page[-1].number
        found += [key for key in page if key.status is not ResultStatus.SKIPPED]
        if len(found) > MOST_REQUESTED:
            raise TooManyChanges(run_name(project, run_id), len(found), MOST_REQUESTED, "results")
    return found


def batches(keys: Sequence[ResultKey]) -> Iterator[Sequence[ResultKey]]:
    """Cut results that are to be put into the queue into parts that hold nobody up for long.

    A request that ends half-way is completed by its repetition.
    """
    return _slices(keys, _BATCH)


def requesting(
    run: tuple[str, str], keys: Sequence[ResultKey], reviewers_wanted: int, note: str
) -> Callable[[UnitOfWork], int]:
    """Return what puts results into the queue, or asks for more reviewers of them.

    It returns how many entries that makes or changes, and raises NotFound.
    """

    def request(uow: UnitOfWork) -> int:
        view = runs.require(uow, *run)
        entries = uow.reviews.entries_of(view.number, [key.number for key in keys])
        facts = [
            RequestFact(key.number, key.item_id, key.trial, reviewers_wanted)
            for key in keys
            if _asks_for_more(entries.get(key.number), reviewers_wanted)
        ]
        chunks = _slices(facts, FACTS_PER_EVENT)
        events = [ReviewsRequested(view.uid, tuple(some), note) for some in chunks]
        uow.append(stream_of(view.uid), events, expected_version=None)
        return len(facts)

    return request


def submit(
    uow: UnitOfWork, run: tuple[str, str], submissions: Sequence[Submission]
) -> SubmittedReviews:
    """Record what the caller says of results. Raises NotFound, NotReviewable."""
    view = runs.require(uow, *run)
    numbers = sorted({given.number for given in submissions})
    keys = _reviewable(uow, view, numbers)
    before = {
        (review.number, review.criterion): _said(review)
        for reviews in uow.reviews.reviews(view.number, numbers, uow.actor).values()
        for review in reviews
    }
    facts = [
        ReviewFact(given.number, key.item_id, key.trial, *msgspec.structs.astuple(given)[1:])
        for given in submissions
        if before.get((given.number, given.criterion)) != _said(given)
        for key in (keys[given.number],)
    ]
    events = [ReviewsRecorded(view.uid, tuple(some)) for some in _slices(facts, FACTS_PER_EVENT)]
    uow.append(stream_of(view.uid), events, expected_version=None)
    uow.reviews.release(view.number, numbers, uow.actor)
    return SubmittedReviews(view, _own_entries(uow, view, submissions))


def close(
    uow: UnitOfWork, run: tuple[str, str], numbers: Sequence[int], note: str
) -> ClosedReviews:
    """Close entries of the queue; those that are closed stay so. Raises NotFound, NotInQueue."""
    view = runs.require(uow, *run)
    entries = uow.reviews.entries_of(view.number, numbers)
    for number in numbers:
        if number not in entries:
            raise NotInQueue(result_name(*run, number))
    still_open = [number for number in numbers if entries[number].state is not ReviewState.CLOSED]
    chunks = _slices(still_open, FACTS_PER_EVENT)
    events = [ReviewsClosed(view.uid, tuple(some), note) for some in chunks]
    uow.append(stream_of(view.uid), events, expected_version=None)
    uow.reviews.release(view.number, numbers)
    return ClosedReviews(len(still_open))


def _asks_for_more(entry: ReviewEntryView | None, reviewers_wanted: int) -> bool:
    """Say whether a request changes an entry: it is not there, closed, or wants fewer reviewers."""
    return (
        entry is None
        or entry.state is ReviewState.CLOSED
        or entry.reviewers_wanted < reviewers_wanted
    )


def _reviewable(uow: UnitOfWork, view: RunView, numbers: Sequence[int]) -> dict[int, ResultKey]:
    found = uow.runs.matching(view, ResultFilter(numbers=tuple(numbers)), 0, len(numbers))
    keys = {key.number: key for key in found if key.status is not ResultStatus.SKIPPED}
    for number in numbers:
        if number not in keys:
            raise NotReviewable(result_name(view.project, view.run_id, number))
    return keys


def _own_entries(
    uow: UnitOfWork, view: RunView, submissions: Collection[Submission]
) -> tuple[ReviewEntryView, ...]:
    """Return the entries of the results, each once, in the order of the submissions."""
    numbers = list(dict.fromkeys(given.number for given in submissions))
    entries = uow.reviews.entries_of(view.number, numbers)
    own = uow.reviews.reviews(view.number, numbers, uow.actor)
    return tuple(
        msgspec.structs.replace(entries[number], reviews=tuple(own[number])) for number in numbers
    )


def _said(review: Submission | ReviewView) -> tuple[float | None, bool | None, str, str]:
    return review.value, review.passed, review.label, review.comment


def _problems(path: str, given: Submission) -> Iterator[Violation]:
    yield from _number_problem(f"{path}.number", given.number)
    review = f"{path}.review"
    yield from check_id(f"{review}.criterion", given.criterion, ALIAS, ALIAS_RULE)
    value = given.value
    if value is not None and not (math.isfinite(value) and abs(value) <= _LARGEST_VALUE):
        yield Violation(f"{review}.value", f"{value} is not between -1e100 and 1e100")
    for field, text, longest in (
        ("label", given.label, _MAX_LABEL),
        ("comment", given.comment, _MAX_COMMENT),
    ):
        problem = _text_problem(text, longest)
        if problem:
            yield Violation(f"{review}.{field}", problem)
    if _said(given) == (None, None, "", ""):
        yield Violation(review, "says nothing; give a value, a verdict, a label or a comment")


def _number_problem(path: str, number: int) -> list[Violation]:
    if 1 <= number <= _LARGEST_NUMBER:
        return []
    return [Violation(path, f"{number} is not a number from 1")]


def _text_problem(text: str, longest: int) -> str:
    if len(text) > longest:
        return f"has {len(text):,} characters; shorten it to {longest:,}"
    return "has the character U+0000, which no text may have" if "\0" in text else ""


def _slices(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
