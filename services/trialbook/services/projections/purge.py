"""Finds the content of items wherever it lies, and erases it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from trialbook.eventstore import Metadata, Reader, RecordedEvent, Transaction
from trialbook.services.application.purge_reads import (
    Erased,
    PurgeCandidate,
    PurgeScope,
    Traces,
)
from trialbook.services.application.work import WHOLE_RUN
from trialbook.services.domain import review
from trialbook.services.domain.dataset import ItemKey, items_stream_of
from trialbook.services.domain.naming import run_name
from trialbook.services.domain.purge import blanked, bodies_of
from trialbook.services.domain.run import ResultsRecorded, RunStatus
from trialbook.services.projections.columns import FOREVER, placeholders, slices

_EVENTS = 50
_BODIES = {
    "item": ("input", "expected", "context", "metadata", "extras"),
    "result": ("output", "steps", "trajectory"),
    "score": ("evidence",),
}
# The commands whose results may tell of items' contents: of what did not fit, or was reviewed.
_TELLING = ("ImportFile", "UpdateDataset", "SubmitReviews")

# What is said of a run as a whole may quote each of its items.
_OF_NO_ITEM = frozenset({""})

_STREAM_EVENTS = """
    SELECT version, position FROM event WHERE stream = ? AND version > ? ORDER BY version LIMIT ?
"""
_RUN_EVENTS = """
    SELECT last_position, event FROM run_chunk WHERE run = ? AND last_position > ?
    ORDER BY last_position LIMIT ?
"""

T = TypeVar("T")


class SqlPurge:
    """Implements PurgeReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def candidates(self, number: int, item_ids: Sequence[str]) -> list[PurgeCandidate]:
        """Return those of these items that the dataset ever had, in order of insertion."""
        rows = [
            row
            for some in slices(item_ids)
            for row in self._reader.query(
                "SELECT item_id, ordinal, MAX(valid_to), MAX(purged_at) FROM item "
                f"WHERE dataset = ? AND item_id IN ({placeholders(len(some))}) "
                "GROUP BY item_id, ordinal",
                (number, *some),
            )
        ]
        return [
            PurgeCandidate(ItemKey(item_id, ordinal), until == FOREVER, purged_at is not None)
            for item_id, ordinal, until, purged_at in sorted(rows, key=lambda row: int(row[1]))
        ]

    def run_in_progress(self, number: int) -> str | None:
        """Return the name of a run of this dataset that has not ended."""
        rows = self._reader.query(
            "SELECT project, run_id FROM run WHERE dataset = ? AND status IN (?, ?, ?) LIMIT 1",
            (number, RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING),
        )
        return run_name(*rows[0]) if rows else None

    def traces(self, scope: PurgeScope) -> Traces:
        """Return where the log and the results hold content. Reads the whole of both."""
        position = self._reader.head()[0]
        runs = self._runs(scope)
        found = _Findings(scope, runs)
        for recorded in self._events(_STREAM_EVENTS, items_stream_of(scope.uid)):
            found.look_at(recorded)
        for uid, run in runs.items():
            for recorded in self._events(_RUN_EVENTS, run):
                found.look_at(recorded)
            for recorded in self._events(_STREAM_EVENTS, review.stream_of(uid)):
                found.look_at(recorded)
        return found.traces(position)

    def _runs(self, scope: PurgeScope) -> dict[str, int]:
        """Return the numbers of the dataset's runs, of deleted experiments too, by uid."""
        rows = self._reader.query("SELECT uid, number FROM run WHERE dataset = ?", (scope.number,))
        return dict(rows)

    def _events(self, page: str, of: str | int) -> Iterator[RecordedEvent]:
        after = 0
        while rows := self._reader.query(page, (of, after, _EVENTS)):
            yield from self._reader.events_at([position for _, position in rows])
            after = rows[-1][0]


class SqlPurgeInTransaction(SqlPurge):
    """Implements PurgeTable."""

    def __init__(self, tx: Transaction, metadata: Callable[[], Metadata]) -> None:
        super().__init__(tx)
        self._tx = tx
        self._metadata = metadata

    def erase(self, scope: PurgeScope, traces: Traces) -> Erased:
        """Blank the events found, those that came since, and what results and scores hold."""
        found = _Findings(scope, self._runs(scope), traces)
        self._search_on(found, traces.position)
        told = found.results | {(run, WHOLE_RUN) for run, _ in found.results}
        blobs = self._item_blobs(scope) | self._result_blobs(told)
        events = 0
        for some in slices(sorted(found.events)):
            for recorded in self._tx.events_at(some):
                event = blanked(recorded.event, scope.item_ids | _OF_NO_ITEM)
                blobs.update(bodies_of(recorded.event, scope.item_ids | _OF_NO_ITEM))
                if event is not None and event != recorded.event:
                    self._tx.blank(recorded.position, event, self._metadata())
                    events += 1
        self._scrub(told)
        self._forget_tales(scope)
        return Erased(frozenset(found.results), events, frozenset(blobs))

    def drop_blobs(self, digests: Collection[bytes]) -> int:
        """Delete those of these bodies that nothing refers to; return how many."""
        unused = set(digests)
        for table, bodies in _BODIES.items():
            for body in bodies:
                for some in slices(sorted(unused)):
                    rows = self._tx.query(
                        f"SELECT DISTINCT {body}_blob FROM {table} "
                        f"WHERE {body}_blob IN ({placeholders(len(some))})",
                        some,
                    )
                    unused -= {row[0] for row in rows}
        return self._tx.delete_blobs(unused) if unused else 0

    def _search_on(self, found: _Findings, position: int) -> None:
        """Look at what was written since the log was searched."""
        while page := self._tx.events(after_position=position, limit=_EVENTS):
            for recorded in page:
                found.look_at(recorded)
            position = page[-1].position

    def _item_blobs(self, scope: PurgeScope) -> set[bytes]:
        columns = ", ".join(f"{body}_blob" for body in _BODIES["item"])
        return {
            digest
            for some in slices(sorted(scope.item_ids))
            for row in self._tx.query(
                f"SELECT {columns} FROM item WHERE dataset = ? "
                f"AND item_id IN ({placeholders(len(some))})",
                (scope.number, *some),
            )
            for digest in row
            if digest is not None
        }

    def _result_blobs(self, results: Collection[tuple[int, int]]) -> set[bytes]:
        return {
            row[0]
            for table in ("result", "score")
            for body in _BODIES[table]
            for run, some in _by_run(results)
            for row in self._tx.query(
                f"SELECT {body}_blob FROM {table} WHERE run = ? "
                f"AND number IN ({placeholders(len(some))}) AND {body}_blob IS NOT NULL",
                (run, *some),
            )
        }

    def _scrub(self, results: Collection[tuple[int, int]]) -> None:
        for run, some in _by_run(results):
            these = f"WHERE run = ? AND number IN ({placeholders(len(some))})"
            self._tx.execute(
                "UPDATE result SET output = NULL, output_blob = NULL, "
                "steps = NULL, steps_blob = NULL, trajectory = NULL, trajectory_blob = NULL, "
                + ", ".join(
                    f"{column} = CASE WHEN error_code IS NULL THEN NULL ELSE '' END"
                    for column in ("error_message", "error_kind", "error_stack")
                )
                + f" {these}",
                (run, *some),
            )
            self._tx.execute(
                "UPDATE score SET label = '', reason = '', evidence = NULL, "
                f"evidence_blob = NULL {these}",
                (run, *some),
            )
            self._tx.execute(f"UPDATE review SET label = '', comment = '' {these}", (run, *some))

    def _forget_tales(self, scope: PurgeScope) -> None:
        """Forget the results of commands that tell of these items, rather than repeat them."""
        ids = [item_id.encode() for item_id in scope.item_ids]
        for command in _TELLING:
            rows = self._tx.query(
                "SELECT id, result FROM command WHERE id >= ? AND id < ?",
                (f"{command}:", f"{command};"),
            )
            for command_id, result in rows:
                if any(item_id in bytes(result) for item_id in ids):
                    self._tx.execute("DELETE FROM command WHERE id = ?", (command_id,))


class _Findings:
    """Gathers which events and results tell of the items."""

    def __init__(
        self, scope: PurgeScope, runs: Mapping[str, int], known: Traces | None = None
    ) -> None:
        self._scope = scope
        self._runs = runs
        self.events = set(known.events) if known else set[int]()
        self.results = set(known.results) if known else set[tuple[int, int]]()
        self._runs_with_results = {run for run, _ in self.results}

    def look_at(self, recorded: RecordedEvent) -> None:
        """Remember an event if it tells of the items."""
        uid = getattr(recorded.event, "uid", "")
        if uid != self._scope.uid and uid not in self._runs:
            return
        item_ids = self._scope.item_ids
        if uid in self._runs and self._runs[uid] in self._runs_with_results:
            item_ids |= _OF_NO_ITEM
        if blanked(recorded.event, item_ids) is None:
            return
        self.events.add(recorded.position)
        if isinstance(recorded.event, ResultsRecorded):
            run = self._runs[uid]
            self._runs_with_results.add(run)
            self.results.update(
                (run, fact.number)
                for fact in recorded.event.results
                if fact.item_id in self._scope.item_ids
            )

    def traces(self, position: int) -> Traces:
        """Return what was found in the log up to a position."""
        return Traces(tuple(sorted(self.events)), tuple(sorted(self.results)), position)


def _by_run(results: Collection[tuple[int, int]]) -> Iterator[tuple[int, Sequence[int]]]:
    for run, those in groupby(sorted(results), key=lambda result: result[0]):
        for some in slices([number for _, number in those]):
            yield run, some
