"""What can be asked of the viewers of projects."""

from __future__ import annotations

from typing import Protocol

import msgspec

from trialbook.services.domain.trace_viewer import TraceViewer


class TraceViewersView(msgspec.Struct, frozen=True):
    """The viewers of a project, and the identity of their history."""

    uid: str
    viewers: tuple[TraceViewer, ...]


class TraceViewerReads(Protocol):
    """The viewers of one snapshot."""

    def find(self, project: str) -> TraceViewersView | None:
        """Return the viewers of a project; None if nobody ever said which there are."""
        ...
