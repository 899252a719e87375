"""Telemetry in its own tables. Operational: no events, no rebuild, and gone after a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from trialbook.eventstore import Transaction
from trialbook.services.application.telemetry import MOST_LINKS, Arrival, admitted, grown
from trialbook.services.application.trace_reads import TraceRow
from trialbook.services.projections.columns import placeholders, slices
from trialbook.services.projections.trace_reads import TRACE_COLUMNS, SqlTraces

SCHEMA = (
    # A row of its own for each body: they are far too large for the pages of an index.
    """
    CREATE TABLE IF NOT EXISTS span_chunk (
        trace_id TEXT NOT NULL,
        digest BLOB NOT NULL,
        kind INTEGER NOT NULL,
        arrival INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        spans INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (trace_id, digest)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS trace (
        trace_id TEXT NOT NULL PRIMARY KEY,
        spans INTEGER NOT NULL,
        records INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        rejected INTEGER NOT NULL,
        version INTEGER NOT NULL,
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS trace_by_last_seen ON trace (last_seen)",
    """
    CREATE TABLE IF NOT EXISTS trace_link (
        trace_id TEXT NOT NULL,
        linked_from TEXT NOT NULL,
        PRIMARY KEY (trace_id, linked_from)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS trace_link_by_origin ON trace_link (linked_from)",
)
_CHUNK_COLUMNS = (
    "trace_id",
    "digest",
    "kind",
    "arrival",
    "received_at",
    "spans",
    "bytes",
    "body",
)
_ChunkRow = tuple[str, bytes, int, int, int, int, int, bytes]
_REPLACE_TRACE = "ON CONFLICT (trace_id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in TRACE_COLUMNS[1:]
)


class SqlTracesInTransaction(SqlTraces):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def ingest(self, arrivals: Sequence[Arrival], now: int) -> int:
        """Store what has arrived, and return how many spans or records found no room."""
        traces = self.rows({arrival.trace_id for arrival in arrivals})
        stored = self._stored([arrival for arrival in arrivals if arrival.trace_id in traces])
        chunks: list[_ChunkRow] = []
        changed: dict[str, TraceRow] = {}
        rejected = 0
        for arrival in arrivals:
            trace_id = arrival.trace_id
            if (trace_id, arrival.digest) in stored:
                continue
            before = traces.get(trace_id) or TraceRow(trace_id, 0, 0, 0, 0, 0, now, now - 1)
            taken = admitted(before, arrival)
            after = grown(before, arrival, taken, now)
            traces[trace_id] = changed[trace_id] = after
            rejected += after.rejected - before.rejected
            if taken is not None:
                chunks.append(_chunk_row(arrival, taken, after.last_seen, now))
        self._write(chunks, changed)
        self._link(arrivals)
        return rejected

    def purge(self, before: int, limit: int) -> int:
        """Forget up to `limit` traces of which nothing came since a time; return how many."""
        rows = self._tx.query(
            "SELECT trace_id FROM trace WHERE last_seen < ? ORDER BY last_seen LIMIT ?",
            (before, limit),
        )
        self.erase([row[0] for row in rows])
        return len(rows)

    def erase(self, trace_ids: Collection[str]) -> None:
        """Forget these traces."""
        for some in slices(list(trace_ids)):
            chosen = f"IN ({placeholders(len(some))})"
            self._tx.execute(f"DELETE FROM span_chunk WHERE trace_id {chosen}", some)
            self._tx.execute(f"DELETE FROM trace_link WHERE trace_id {chosen}", some)
            self._tx.execute(f"DELETE FROM trace_link WHERE linked_from {chosen}", some)
            self._tx.execute(f"DELETE FROM trace WHERE trace_id {chosen}", some)

    def _stored(self, arrivals: Sequence[Arrival]) -> set[tuple[str, bytes]]:
        """Return which of these came before, by trace and digest."""
        found: set[tuple[str, bytes]] = set()
        for some in slices(arrivals):
            chosen = placeholders(len(some))
            rows = self._tx.query(
                "SELECT trace_id, digest FROM span_chunk "
                f"WHERE trace_id IN ({chosen}) AND digest IN ({chosen})",
                (*(one.trace_id for one in some), *(one.digest for one in some)),
            )
            found.update((trace_id, bytes(digest)) for trace_id, digest in rows)
        return found

    def _write(self, chunks: Sequence[_ChunkRow], traces: dict[str, TraceRow]) -> None:
        self._tx.insert("span_chunk", _CHUNK_COLUMNS, chunks)
        self._tx.insert(
            "trace",
            TRACE_COLUMNS,
            [
                (
                    row.trace_id,
                    row.spans,
                    row.records,
                    row.bytes,
                    row.rejected,
                    row.version,
                    row.first_seen,
                    row.last_seen,
                )
                for row in traces.values()
            ],
            on_conflict=_REPLACE_TRACE,
        )

    def _link(self, arrivals: Sequence[Arrival]) -> None:
        """Remember which traces the spans of these link to, up to 1,000 for each."""
        for arrival in arrivals:
            if not arrival.links:
                continue
            rows = self._tx.query(
                "SELECT COUNT(*) FROM trace_link WHERE linked_from = ?", (arrival.trace_id,)
            )
            room = max(0, MOST_LINKS - rows[0][0])
            self._tx.insert(
                "trace_link",
                ("trace_id", "linked_from"),
                [(linked, arrival.trace_id) for linked in sorted(arrival.links)[:room]],
                on_conflict="ON CONFLICT (trace_id, linked_from) DO NOTHING",
            )


def _chunk_row(arrival: Arrival, taken: Arrival, number: int, now: int) -> _ChunkRow:
    # The digest of all that arrived, also where there was room for a part only: the same request
    # is then known if it comes again.
    return (
        arrival.trace_id,
        arrival.digest,
        int(arrival.kind),
        number,
        now,
        taken.count,
        len(taken.body),
        taken.body,
    )
