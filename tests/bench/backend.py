"""The databases that figures are measured on: a new SQLite file, a new PostgreSQL server."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.processes import BenchFailure
from tests.postgres import NoPostgres, PostgresServer

# A server's usual share of a machine of 24 GiB would be larger; the data fits all the same.
_POSTGRES = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


class Backend(enum.StrEnum):
    """Which database."""

    SQLITE = "SQLite"
    POSTGRES = "PostgreSQL"

    @contextmanager
    def database(self, folder: Path) -> Iterator[str]:
        """Give what `--database` takes for a new, empty database, for as long as it is needed."""
        if self is Backend.SQLITE:
            folder.mkdir(parents=True, exist_ok=True)
            yield str(folder / "trialbook.db")
            return
        try:
            server = PostgresServer(_POSTGRES)
        except NoPostgres as error:
            raise BenchFailure(f"set up PostgreSQL to measure it: {error}") from error
        try:
            yield server.url
        finally:
            server.close()
