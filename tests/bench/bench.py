"""What all cases share: the size, the folder, and how a session is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import profiled
from tests.bench.backend import Backend
from tests.bench.session import Session, open_session


@dataclass
class Bench:
    """One time of measuring, in which everything has a `share` of its size."""

    folder: Path
    share: float = 1.0
    profile: bool = False
    _sessions: int = 0

    def sized(self, count: int) -> int:
        """Return a number of items or of repetitions, as large as is wanted."""
        return max(int(count * self.share), 1)

    @contextmanager
    def session(self, backend: Backend = Backend.SQLITE) -> Iterator[Session]:
        """Open a session on a new database."""
        self._sessions += 1
        folder = self.folder / f"session-{self._sessions}"
        with (
            backend.database(folder) as database,
            open_session(database, folder, profile=self.profile) as session,
        ):
            yield session
        if self.profile:
            profiled.report(folder)
