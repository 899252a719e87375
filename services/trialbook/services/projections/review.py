"""The review queue and the reviews as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from trialbook.eventstore import RecordedEvent, Transaction
from trialbook.services.domain.review import (
    RequestFact,
    ReviewsClosed,
    ReviewsRecorded,
    ReviewsRequested,
    ReviewState,
)
from trialbook.services.projections.columns import flag, placeholders
from trialbook.services.projections.run import number_of

TABLES = ("review_entry", "review")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS review_entry (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        project TEXT NOT NULL,
        item_id TEXT NOT NULL,
        trial INTEGER NOT NULL,
        state INTEGER NOT NULL,
        reviewers_wanted INTEGER NOT NULL,
        reviewers INTEGER NOT NULL,
        author TEXT NOT NULL,
        note TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS review_entry_of_run
        ON review_entry (run, state, created_at, number)
    """,
    """
    CREATE INDEX IF NOT EXISTS review_entry_of_project
        ON review_entry (project, state, created_at, run, number)
    """,
    """
    CREATE TABLE IF NOT EXISTS review (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        reviewer TEXT NOT NULL,
        criterion TEXT NOT NULL,
        value REAL,
        passed INTEGER,
        label TEXT NOT NULL,
        comment TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (run, number, reviewer, criterion)
    ) WITHOUT ROWID
    """,
)

# The places in this tuple are what the column holds: append only.
_STATES = (ReviewState.WAITING, ReviewState.IN_REVIEW, ReviewState.REVIEWED, ReviewState.CLOSED)
_state_number = {state: place for place, state in enumerate(_STATES)}
_ENTRY_COLUMNS = (
    "run",
    "number",
    "project",
    "item_id",
    "trial",
    "state",
    "reviewers_wanted",
    "reviewers",
    "author",
    "note",
    "created_at",
)
_REVIEW_COLUMNS = (
    "run",
    "number",
    "reviewer",
    "criterion",
    "value",
    "passed",
    "label",
    "comment",
    "created_at",
)


def state_number(state: ReviewState) -> int:
    """Return what stands for a state in an entry's row."""
    return _state_number[state]


def state_of(number: int) -> ReviewState:
    """Return the state that a number stands for in an entry's row."""
    return _STATES[number]


def _requested(recorded: RecordedEvent, event: ReviewsRequested, tx: Transaction) -> None:
    run = number_of(tx, event.uid)
    _enter(
        tx,
        recorded,
        run,
        event.requests,
        otherwise="DO UPDATE SET reviewers_wanted = excluded.reviewers_wanted, "
        "state = excluded.state, author = excluded.author, note = excluded.note",
        note=event.note,
    )
    _settle(tx, run, [fact.number for fact in event.requests])


def _recorded(recorded: RecordedEvent, event: ReviewsRecorded, tx: Transaction) -> None:
    run, metadata = number_of(tx, event.uid), recorded.metadata
    tx.insert(
        "review",
        _REVIEW_COLUMNS,
        [
            (
                run,
                fact.number,
                metadata.actor,
                fact.criterion,
                fact.value,
                flag(fact.passed),
                fact.label,
                fact.comment,
                metadata.recorded_at,
            )
            for fact in event.reviews
        ],
        on_conflict="ON CONFLICT (run, number, reviewer, criterion) DO UPDATE SET "
        "value = excluded.value, passed = excluded.passed, label = excluded.label, "
        "comment = excluded.comment, created_at = excluded.created_at",
    )
    # A result that nobody had put into the queue stands there as reviewed.
    reviewed = {
        fact.number: RequestFact(fact.number, fact.item_id, fact.trial, 1) for fact in event.reviews
    }
    _enter(tx, recorded, run, reviewed.values(), otherwise="DO NOTHING")
    _count_reviewers(tx, run, sorted(reviewed))
    _settle(tx, run, sorted(reviewed))


def _enter(
    tx: Transaction,
    recorded: RecordedEvent,
    run: int,
    facts: Iterable[RequestFact],
    *,
    otherwise: str,
    note: str = "",
) -> None:
    """Put results into the queue; do `otherwise` with those that are there."""
    metadata = recorded.metadata
    project = tx.query("SELECT project FROM run WHERE number = ?", (run,))[0][0]
    tx.insert(
        "review_entry",
        _ENTRY_COLUMNS,
        [
            (
                run,
                fact.number,
                project,
                fact.item_id,
                fact.trial,
                state_number(ReviewState.WAITING),
                fact.reviewers_wanted,
                0,
                metadata.actor,
                note,
                metadata.recorded_at,
            )
            for fact in facts
        ],
        on_conflict=f"ON CONFLICT (run, number) {otherwise}",
    )


def _count_reviewers(tx: Transaction, run: int, numbers: Sequence[int]) -> None:
    tx.execute(
        "UPDATE review_entry SET reviewers = (SELECT COUNT(DISTINCT r.reviewer) FROM review r "
        "WHERE r.run = review_entry.run AND r.number = review_entry.number) "
        f"WHERE run = ? AND number IN ({placeholders(len(numbers))})",
        (run, *numbers),
    )


def _settle(tx: Transaction, run: int, numbers: Sequence[int]) -> None:
    """Let the states of open entries follow from how many reviewers they have."""
    tx.execute(
        f"""
        UPDATE review_entry SET state = CASE
            WHEN reviewers >= reviewers_wanted THEN {state_number(ReviewState.REVIEWED)}
            WHEN reviewers > 0 THEN {state_number(ReviewState.IN_REVIEW)}
            ELSE {state_number(ReviewState.WAITING)} END
        WHERE run = ? AND number IN ({placeholders(len(numbers))}) AND state <> ?
        """,
        (run, *numbers, state_number(ReviewState.CLOSED)),
    )


def _closed(_: RecordedEvent, event: ReviewsClosed, tx: Transaction) -> None:
    tx.execute(
        "UPDATE review_entry SET state = ? "
        f"WHERE run = ? AND number IN ({placeholders(len(event.numbers))})",
        (state_number(ReviewState.CLOSED), number_of(tx, event.uid), *event.numbers),
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    ReviewsRequested: _requested,
    ReviewsRecorded: _recorded,
    ReviewsClosed: _closed,
}
