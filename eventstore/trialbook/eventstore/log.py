"""The rows of the log: how new ones continue it, and whether given ones do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence

from trialbook.eventstore.chain import next_digest, state_hash
from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.events import Metadata
from trialbook.eventstore.transaction import Blanking, LogRow

LOG_TABLE = "event"
BLANKED_TABLE = "blanked"

LOG_COLUMNS = LogRow._fields
BLANKED_COLUMNS = Blanking._fields

OWN_TABLES = frozenset(
    {LOG_TABLE, BLANKED_TABLE, "tracking", "meta", "migration", "command", "blob", "numbering"}
)
"""Which tables belong to the store, whichever database holds them."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Entry = tuple[str, int, str, bytes]
"""A new event's stream, version, topic and state."""


def require_read_model_names(tables: Sequence[str]) -> None:
    """Raise ValueError if one of these is no plain table name, or names a table of the store."""
    for table in tables:
        if _NAME.fullmatch(table) is None:
            raise ValueError(f"{table!r} is not a plain table name")
        if table.lower() in OWN_TABLES:
            raise ValueError(f"{table!r} belongs to the store; it is no read model")


def chained(head: tuple[int, bytes], entries: Iterable[Entry]) -> list[LogRow]:
    """Give new events the positions and digests that follow on the log's head."""
    position, digest = head
    rows = []
    for stream, version, topic, state in entries:
        position += 1
        digest = next_digest(digest, position, stream, version, topic, state_hash(state))
        rows.append(LogRow(position, stream, version, topic, state, digest))
    return rows


def require_continuation(
    head: tuple[int, bytes], rows: Sequence[LogRow], blankings: Sequence[Blanking]
) -> None:
    """Raise StoreError unless these rows are what may follow on the log's head."""
    by_position = {blanking.position: blanking for blanking in blankings}
    position, digest = head
    for row in rows:
        if row.position != position + 1:
            raise StoreError(f"Position {row.position} does not follow on {position}.")
        hashed = _recorded_hash(row, by_position)
        position = row.position
        digest = next_digest(digest, position, row.stream, row.version, row.topic, hashed)
        if digest != row.digest:
            raise StoreError(f"The digest at position {position} does not fit what stands there.")
        by_position.pop(position, None)
    if by_position:
        raise StoreError(f"There is no event for the blanking of position {min(by_position)}.")


def blanking(position: int, before: bytes, after: bytes, metadata: Metadata | None) -> Blanking:
    """Say that a state took another's place, now unless the command's metadata tells a time."""
    return Blanking(
        position,
        state_hash(before),
        state_hash(after),
        metadata.command_id if metadata else "",
        metadata.recorded_at if metadata else time.time_ns() // 1000,
    )


def _recorded_hash(row: LogRow, blankings: Mapping[int, Blanking]) -> bytes:
    """Return the digest of the state with which an event was recorded."""
    present = state_hash(row.state)
    blanking = blankings.get(row.position)
    if blanking is None:
        return present
    if blanking.present_hash != present:
        raise StoreError(f"The state at position {row.position} is not what was put there.")
    return blanking.state_hash
