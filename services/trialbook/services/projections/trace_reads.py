"""Reads telemetry as it was stored."""

from __future__ import annotations

from collections.abc import Collection

from trialbook.eventstore import Reader
from trialbook.services.application.telemetry import MOST_LINKS
from trialbook.services.application.trace_reads import Chunk, ChunkKind, TraceRow
from trialbook.services.projections.columns import placeholders, slices

TRACE_COLUMNS = (
    "trace_id",
    "spans",
    "records",
    "bytes",
    "rejected",
    "version",
    "first_seen",
    "last_seen",
)


class SqlTraces:
    """Implements TraceReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def rows(self, trace_ids: Collection[str]) -> dict[str, TraceRow]:
        """Return what is known of those of these traces of which anything came."""
        found: dict[str, TraceRow] = {}
        for some in slices(list(trace_ids)):
            rows = self._reader.query(
                f"SELECT {', '.join(TRACE_COLUMNS)} FROM trace "
                f"WHERE trace_id IN ({placeholders(len(some))})",
                some,
            )
            found.update((row[0], TraceRow(*row)) for row in rows)
        return found

    def chunks(self, trace_ids: Collection[str]) -> list[Chunk]:
        """Return all that is stored of these traces, in the order of arrival."""
        found: list[Chunk] = []
        for some in slices(list(trace_ids)):
            rows = self._reader.query(
                "SELECT trace_id, kind, arrival, body FROM span_chunk "
                f"WHERE trace_id IN ({placeholders(len(some))})",
                some,
            )
            found += (
                Chunk(trace_id, ChunkKind(kind), arrival, bytes(body))
                for trace_id, kind, arrival, body in rows
            )
        found.sort(key=lambda chunk: (chunk.arrival, chunk.trace_id))
        return found

    def links(self, trace_ids: Collection[str]) -> set[tuple[str, str]]:
        """Return which traces link to which, from and to, as far as one of these takes part."""
        found: set[tuple[str, str]] = set()
        for some in slices(list(trace_ids)):
            chosen = placeholders(len(some))
            found.update(
                (origin, linked)
                for origin, linked in self._reader.query(
                    f"SELECT linked_from, trace_id FROM trace_link WHERE trace_id IN ({chosen}) "
                    f"UNION SELECT linked_from, trace_id FROM trace_link "
                    f"WHERE linked_from IN ({chosen}) LIMIT ?",
                    (*some, *some, MOST_LINKS * len(some)),
                )
            )
        return found
