"""Taking in telemetry: what has arrived, what of it a trace may still hold, and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from trialbook.services.application.trace_reads import ChunkKind, TraceReads, TraceRow

MOST_SPANS = 10_000
"""Spans that a trace may hold, and as many log records."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes that the chunks of a trace may have together."""
MOST_LINKS = 1_000
"""Other traces that the spans of one trace may be known to link to."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one request brought of one trace.

    `body` is as in Chunk, of `count` spans or records; `digest` tells it from other bodies;
    `links` are the other traces that its spans link to. `shorten` returns the part of it that has
    at most so many spans or records and so many bytes, or None if that is nothing.
    """

    trace_id: str
    kind: ChunkKind
    count: int
    body: bytes
    digest: bytes
    links: frozenset[str]
    shorten: Callable[[int, int], Arrival | None]


class TraceTable(TraceReads, Protocol):
    """The same, and what only a change may do."""

    def ingest(self, arrivals: Sequence[Arrival], now: int) -> int:
        """Store what has arrived, and return how many spans or records found no room.

        What is stored already is left out, and changes nothing.
        """
        ...

    def purge(self, before: int, limit: int) -> int:
        """Forget up to `limit` traces of which nothing came since a time; return how many."""
        ...

    def erase(self, trace_ids: Collection[str]) -> None:
        """Forget these traces."""
        ...


def admitted(row: TraceRow, arrival: Arrival) -> Arrival | None:
    """Return what of an arrival its trace has room for; None if that is nothing."""
    held = row.spans if arrival.kind is ChunkKind.SPANS else row.records
    count, size = MOST_SPANS - held, MOST_BYTES - row.bytes
    if arrival.count <= count and len(arrival.body) <= size:
        return arrival
    return arrival.shorten(count, size)


def grown(row: TraceRow, arrival: Arrival, stored: Arrival | None, now: int) -> TraceRow:
    """Return what is known of a trace when a part of an arrival, or nothing, has been stored.

    Its `last_seen` is the number of the arrival too: later than all before, also where the clock
    was set back.
    """
    rejected = row.rejected + arrival.count
    if stored is None:
        return TraceRow(
            row.trace_id, row.spans, row.records, row.bytes, rejected, row.version,
            row.first_seen, row.last_seen,
        )  # fmt: skip
    spans = stored.count if stored.kind is ChunkKind.SPANS else 0
    return TraceRow(
        row.trace_id,
        row.spans + spans,
        row.records + stored.count - spans,
        row.bytes + len(stored.body),
        rejected - stored.count,
        row.version + 1,
        row.first_seen,
        max(now, row.last_seen + 1),
    )
