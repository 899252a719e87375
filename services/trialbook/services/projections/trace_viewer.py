"""The viewers of projects as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.trace_viewer_reads import TraceViewersView
from trialbook.services.domain.trace_viewer import TraceViewer, TraceViewersSet
from trialbook.services.projections.columns import decode, encode

TABLES = ("trace_viewers",)
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS trace_viewers (
        project TEXT NOT NULL PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        viewers TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)


def _set(_: RecordedEvent, event: TraceViewersSet, tx: Transaction) -> None:
    tx.execute(
        """
        INSERT INTO trace_viewers (project, uid, viewers) VALUES (?, ?, ?)
        ON CONFLICT (project) DO UPDATE SET viewers = excluded.viewers
        """,
        (event.project, event.uid, encode(event.viewers)),
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {TraceViewersSet: _set}


class SqlTraceViewers:
    """Implements TraceViewerReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, project: str) -> TraceViewersView | None:
        """Return the viewers of a project; None if nobody ever said which there are."""
        rows = self._reader.query(
            "SELECT uid, viewers FROM trace_viewers WHERE project = ?", (project,)
        )
        if not rows:
            return None
        uid, viewers = rows[0]
        return TraceViewersView(uid, decode(viewers, tuple[TraceViewer, ...]))
