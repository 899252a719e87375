"""Reads of the review queue, and who has what of it in hand. Claims are operational: no events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.review_reads import Claims, Place, QueueScope, Rating
from trialbook.services.application.views import ReviewEntryView, ReviewView
from trialbook.services.domain.review import ReviewState
from trialbook.services.projections.columns import placeholders, slices, truth
from trialbook.services.projections.review import state_number, state_of

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS review_claim (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        reviewer TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (run, number, reviewer)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS review_claim_by_reviewer ON review_claim (reviewer)",
    "CREATE INDEX IF NOT EXISTS review_claim_by_expiry ON review_claim (expires_at)",
)

_OPEN = (ReviewState.WAITING, ReviewState.IN_REVIEW)
_ENTRY = """
    SELECT e.run, e.number, item_id, trial, state, reviewers_wanted, author, note, created_at
    FROM review_entry e
"""
_REVIEWED = """
    EXISTS (SELECT 1 FROM review r
        WHERE r.run = e.run AND r.number = e.number AND r.reviewer = ?)
"""
_HELD = """
    EXISTS (SELECT 1 FROM review_claim c
        WHERE c.run = e.run AND c.number = e.number AND c.reviewer = ? AND c.expires_at > ?)
"""
_HANDS = """
    (SELECT COUNT(*) FROM review_claim c
        WHERE c.run = e.run AND c.number = e.number AND c.expires_at > ?)
"""


class SqlReviews:
    """Implements ReviewReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def entries(
        self, scope: QueueScope, state: ReviewState | None, after: Place, limit: int
    ) -> list[ReviewEntryView]:
        """Return entries that stand after a place, the oldest first."""
        created_at, run, number = after
        if scope.run is None:
            beyond, params = "(created_at, run, number) > (?, ?, ?)", [created_at, run, number]
        else:
            beyond, params = "(created_at, number) > (?, ?)", [created_at, number]
        states = ReviewState if state is None else (state,)
        return self._oldest(scope, states, beyond, params, limit)

    def entries_of(self, run: int, numbers: Sequence[int]) -> dict[int, ReviewEntryView]:
        """Return the entries of results, by number."""
        return {
            row[1]: _entry(row)
            for some in slices(numbers)
            for row in self._reader.query(
                _ENTRY + f"WHERE run = ? AND number IN ({placeholders(len(some))})", (run, *some)
            )
        }

    def reviews(
        self, run: int, numbers: Sequence[int], reviewer: str | None = None
    ) -> Mapping[int, list[ReviewView]]:
        """Return the reviews of results, the oldest first: all, or those of one reviewer."""
        found: defaultdict[int, list[ReviewView]] = defaultdict(list)
        only, params = ("", ()) if reviewer is None else ("AND reviewer = ? ", (reviewer,))
        for some in slices(numbers):
            rows = self._reader.query(
                "SELECT number, reviewer, criterion, value, passed, label, comment, created_at "
                f"FROM review WHERE run = ? AND number IN ({placeholders(len(some))}) {only}"
                "ORDER BY number, created_at, reviewer, criterion",
                (run, *some, *params),
            )
            for row in rows:
                found[row[0]].append(_review(row))
        return found

    def claims(self, run: int, numbers: Sequence[int], now: int) -> Mapping[int, Claims]:
        """Return who has results in hand."""
        found: defaultdict[int, Claims] = defaultdict(tuple)
        for some in slices(numbers):
            rows = self._reader.query(
                "SELECT number, reviewer, expires_at FROM review_claim WHERE run = ? "
                f"AND number IN ({placeholders(len(some))}) AND expires_at > ? ORDER BY reviewer",
                (run, *some, now),
            )
            for number, reviewer, expires_at in rows:
                found[number] += ((reviewer, expires_at),)
        return found

    def counts(self, run: int) -> dict[ReviewState, int]:
        """Return how many entries of a run stand where."""
        rows = self._reader.query(
            "SELECT state, COUNT(*) FROM review_entry WHERE run = ? GROUP BY state", (run,)
        )
        return dict.fromkeys(ReviewState, 0) | {state_of(state): count for state, count in rows}

    def ratings(self, run: int) -> list[Rating]:
        """Return all that reviewers say of a run's results, in order of the results."""
        rows = self._reader.query(
            "SELECT number, reviewer, criterion, value, passed, label FROM review "
            "WHERE run = ? ORDER BY number, reviewer, criterion",
            (run,),
        )
        return [
            Rating(number, reviewer, criterion, value, truth(passed), label)
            for number, reviewer, criterion, value, passed, label in rows
        ]

    def scorer_ratings(self, run: int, places: Sequence[int], criterion: str) -> list[Rating]:
        """Return what scorers say of the results that somebody has reviewed on a criterion."""
        if not places:
            return []
        rows = self._reader.query(
            "SELECT number, scorer, value, passed, label FROM score "
            f"WHERE run = ? AND scorer IN ({placeholders(len(places))}) AND number IN "
            "(SELECT number FROM review WHERE run = ? AND criterion = ?) ORDER BY number, scorer",
            (run, *places, run, criterion),
        )
        return [
            Rating(number, scorer, criterion, value, truth(passed), label)
            for number, scorer, value, passed, label in rows
        ]

    def _oldest(
        self,
        scope: QueueScope,
        states: Iterable[ReviewState],
        condition: str,
        params: Sequence[Any],
        limit: int,
    ) -> list[ReviewEntryView]:
        """Return the oldest entries of these states: each of them has an index in that order."""
        whose: str | int = scope.project if scope.run is None else scope.run
        if scope.run is None:
            where, order = "project = ?", "created_at, run, number"
        else:
            where, order = "run = ?", "created_at, number"
        found = [
            _entry(row)
            for state in states
            for row in self._reader.query(
                _ENTRY + f"WHERE {where} AND state = ? AND {condition} ORDER BY {order} LIMIT ?",
                (whose, state_number(state), *params, limit),
            )
        ]
        return sorted(found, key=_place)[:limit]


class SqlReviewsInTransaction(SqlReviews):
    """Implements ReviewTable."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def held(self, scope: QueueScope, reviewer: str, now: int, limit: int) -> list[ReviewEntryView]:
        """Return entries that need reviewers and that this one has in hand, the oldest first."""
        rows = self._reader.query(
            _ENTRY + "JOIN review_claim c ON c.run = e.run AND c.number = e.number "
            "WHERE c.reviewer = ? AND c.expires_at > ? AND e.project = ? "
            f"AND e.state IN ({placeholders(len(_OPEN))})",
            (reviewer, now, scope.project, *map(state_number, _OPEN)),
        )
        mine = [_entry(row) for row in rows if scope.run in (None, row[0])]
        return sorted(mine, key=_place)[:limit]

    def free(self, scope: QueueScope, reviewer: str, now: int, limit: int) -> list[ReviewEntryView]:
        """Return entries that this reviewer may take, the oldest first."""
        return self._oldest(
            scope,
            _OPEN,
            f"NOT {_REVIEWED} AND NOT {_HELD} AND reviewers + {_HANDS} < reviewers_wanted",
            (reviewer, reviewer, now, now),
            limit,
        )

    def claim(self, entries: Sequence[ReviewEntryView], reviewer: str, expires_at: int) -> None:
        """Give entries into a reviewer's hands until then."""
        self._tx.insert(
            "review_claim",
            ("run", "number", "reviewer", "expires_at"),
            [(entry.run, entry.number, reviewer, expires_at) for entry in entries],
            on_conflict="ON CONFLICT (run, number, reviewer) DO UPDATE SET "
            "expires_at = excluded.expires_at",
        )

    def release(self, run: int, numbers: Sequence[int], reviewer: str | None = None) -> None:
        """Take results out of the hands of one reviewer, or of all."""
        only, params = ("", ()) if reviewer is None else ("AND reviewer = ?", (reviewer,))
        for some in slices(numbers):
            self._tx.execute(
                "DELETE FROM review_claim "
                f"WHERE run = ? AND number IN ({placeholders(len(some))}) {only}",
                (run, *some, *params),
            )

    def forget_expired(self, now: int) -> None:
        """Drop the claims whose time is over."""
        self._tx.execute("DELETE FROM review_claim WHERE expires_at <= ?", (now,))


def _entry(row: tuple[Any, ...]) -> ReviewEntryView:
    run, number, item_id, trial, state, *rest = row
    return ReviewEntryView(run, number, item_id, trial, state_of(state), *rest)


def _review(row: tuple[Any, ...]) -> ReviewView:
    number, reviewer, criterion, value, passed, label, comment, created_at = row
    return ReviewView(number, reviewer, criterion, value, truth(passed), label, comment, created_at)


def _place(entry: ReviewEntryView) -> Place:
    return entry.created_at, entry.run, entry.number
