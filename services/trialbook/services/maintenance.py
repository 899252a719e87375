"""What is done to a whole database: bring it forward, rebuild, verify, move."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from trialbook.eventstore import Database, Migration, Reader, RecordedEvent, Transaction
from trialbook.eventstore.archive import ArchiveReport, export_log, import_log
from trialbook.eventstore.transaction import Blanking, LogRow
from trialbook.eventstore.verification import VerificationReport, verify
from trialbook.services.bootstrap import open_database
from trialbook.services.domain.fact import facts_of
from trialbook.services.projections.comparison import differences, shape_of
from trialbook.services.projections.figures import wrong_figures
from trialbook.services.projections.server import SqlServers
from trialbook.services.projections.unit_of_work import (
    READ_MODEL_SCHEMA,
    READ_MODELS,
    SqlQueries,
    project,
)
from trialbook.services.settings import InvalidSettings, Settings

FINDINGS_KEPT = 100
"""How many findings about read models a report tells; it counts the others."""

Progress = Callable[[int, int], None]
"""Is told how many events are done, and how many there are; 0 if that is not known yet."""

_COPIED_ROWS = 200
_EVENTS_BETWEEN_SIGNS = 50


class DatabaseInUse(Exception):
    """Servers work on the database, which must have stopped for this."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did. A fact is one item, result, score …; an event carries up to 250."""

    events: int
    facts: int
    tables: int
    seconds: float


@dataclass(slots=True)
class ReadModelReport:
    """What is wrong with the read models: the first findings, and how many there are."""

    findings: list[str] = field(default_factory=list)
    total: int = 0

    def find(self, problem: str) -> None:
        """Take in a finding."""
        self.total += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(problem)


def migrate(settings: Settings) -> list[Migration]:
    """Bring a database forward to this release; return the steps that were taken.

    Raises InvalidSettings if there is none, and StoreErrors.
    """
    _require_existing(settings)
    with open_database(settings, migrate=True) as database:
        return list(database.migrated)


def rebuild(settings: Settings, progress: Progress | None = None) -> RebuildReport:
    """Make all read models anew from the log, while no server works on the database.

    Raises InvalidSettings if there is no database, DatabaseInUse, and StoreErrors.
    """
    _require_existing(settings)
    counting = _CountingProjection(progress or _ignore)
    began = time.monotonic()
    with open_database(settings, projection=counting) as database:
        _require_unused(database)
        counting.begin(database.read_now(lambda reader: reader.head()[0]))
        events = database.rebuild(tables=READ_MODELS, schema=READ_MODEL_SCHEMA)
    return RebuildReport(events, counting.facts, len(READ_MODELS), time.monotonic() - began)


def verify_database(
    settings: Settings, *, read_models: bool, progress: Progress | None = None
) -> tuple[VerificationReport, ReadModelReport]:
    """Check the log, and that the figures which heads keep are what their rows come to.

    With `read_models` every row is compared with what a replay makes, in a temporary database that
    takes about as much room as the tables. Raises InvalidSettings, StoreErrors.
    """
    _require_existing(settings)
    with open_database(settings) as database:
        log = verify(database, progress=progress)

        def check(reader: Reader) -> ReadModelReport:
            report = ReadModelReport()
            for problem in wrong_figures(reader):
                report.find(problem)
            if read_models:
                _compare(reader, report, progress or _ignore)
            return report

        return log, database.read_now(check)


def export_archive(
    settings: Settings, stream: BinaryIO, progress: Progress | None = None
) -> ArchiveReport:
    """Write the whole log as one file. Raises InvalidSettings, StoreErrors, OSError."""
    _require_existing(settings)
    with open_database(settings) as database:
        return export_log(database, stream, progress=progress)


def import_archive(
    settings: Settings, stream: BinaryIO, progress: Progress | None = None
) -> ArchiveReport:
    """Read a whole log into a database without one, which is made if it is missing.

    Raises DatabaseInUse, and StoreErrors, after which the database is as it was.
    """
    with open_database(settings) as database:
        _require_unused(database)
        return import_log(database, stream, progress=progress)


class _CountingProjection:
    """Does as `project` does, and counts. The count begins when it is told to."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total = 0
        self._events = 0
        self.facts = 0

    def begin(self, total: int) -> None:
        """Count from here."""
        self._total = total
        self._events = self.facts = 0

    def __call__(self, recorded: RecordedEvent, tx: Transaction) -> None:
        """Bring the read models up to date with one event."""
        if recorded.position == 1:
            # Whatever was counted before came to nothing.
            self._events = self.facts = 0
        project(recorded, tx)
        self.facts += len(facts_of(recorded.event))
        self._events += 1
        if self._events % _EVENTS_BETWEEN_SIGNS == 0:
            self._progress(self._events, self._total)


def _require_existing(settings: Settings) -> None:
    if isinstance(settings.database, Path) and not settings.database.exists():
        raise InvalidSettings(f"there is no database at {settings.database}; name another path")


def _require_unused(database: Database) -> None:
    if database.dialect == "sqlite":
        return  # Who has the file open has it alone.
    servers = database.read_now(lambda reader: SqlServers(reader).live(SqlQueries(reader).now))
    if servers:
        hosts = ", ".join(server.host for server in servers)
        raise DatabaseInUse(f"the database is in use, or was a moment ago, by servers on {hosts}")


def _compare(reader: Reader, report: ReadModelReport, progress: Progress) -> None:
    with _replayed(reader, progress) as replay:

        def compare(anew: Reader) -> None:
            for table in READ_MODELS:
                for problem in differences(reader, anew, shape_of(anew, table)):
                    report.find(problem)

        replay.read_now(compare)


@contextmanager
def _replayed(reader: Reader, progress: Progress) -> Iterator[Database]:
    """Give a temporary database with the same log, whose read models are made from it."""
    with tempfile.TemporaryDirectory(prefix="trialbook-verify-") as folder:
        settings = Settings(database=Path(folder) / "replay.db", durability="normal")
        with open_database(settings) as replay:
            _copy_blobs(reader, replay)
            last, done = reader.head()[0], 0
            while rows := reader.log_rows(after_position=done, limit=_COPIED_ROWS):
                blankings = _blankings(reader, done, rows[-1].position)
                replay.submit(_restoring(rows, blankings)).result()
                done = rows[-1].position
                progress(done, last)
            yield replay


def _copy_blobs(reader: Reader, replay: Database) -> None:
    """Bring the large bodies along: what shows an event may look into them."""
    after = b""
    while blobs := reader.stored_blobs(after=after, limit=_COPIED_ROWS):
        replay.submit(partial(_put, dict(blobs))).result()
        after = blobs[-1][0]


def _put(blobs: dict[bytes, str], tx: Transaction) -> None:
    tx.put_blobs(blobs)


def _restoring(rows: list[LogRow], blankings: list[Blanking]) -> Callable[[Transaction], object]:
    return lambda tx: tx.restore(rows, blankings)


def _blankings(reader: Reader, after: int, last: int) -> list[Blanking]:
    page = reader.blankings(after_position=after, limit=_COPIED_ROWS)
    return [blanking for blanking in page if blanking.position <= last]


def _ignore(*_: int) -> None:
    """Nobody wants to know."""
