"""Bringing a database forward: numbered steps that are taken once, in order, and never back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trialbook.eventstore.errors import DatabaseNewer, DatabaseOlder
from trialbook.eventstore.session import LogSession

STORE = "store"
"""The series of the store's own migrations."""
APPLICATION = "application"
"""The series of those who keep their tables in the store."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS migration (
        series TEXT NOT NULL,
        number INTEGER NOT NULL,
        name TEXT NOT NULL,
        applied_at INTEGER NOT NULL,
        PRIMARY KEY (series, number)
    ) WITHOUT ROWID
    """,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. Its number is 1, 2, 3 … in its series, and is never given to another step.

    ``statements`` change what is there; what is new altogether comes from the newest schema,
    which is applied after the last step. With ``rebuild`` the read models are made anew from the
    log, once, after the last step; their tables need no statements then.
    """

    number: int
    name: str
    statements: tuple[str, ...] = ()
    rebuild: bool = False


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The tables of an application, and how older ones become these.

    ``schema`` holds the CREATE … IF NOT EXISTS statements of all tables, ``read_models`` the names
    of those that follow from the log alone.
    """

    schema: Sequence[str]
    read_models: Sequence[str] = ()
    migrations: Sequence[Migration] = ()
    version: int = field(init=False)
    """The number of the last migration; 0 without any."""

    def __post_init__(self) -> None:
        numbers = [migration.number for migration in self.migrations]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"migrations are numbered 1, 2, 3 …, not {numbers}")
        object.__setattr__(self, "version", len(numbers))

    def pending(self, version: int) -> list[Migration]:
        """Return what is to be done from a version on."""
        return list(self.migrations[version:])


class Progress:
    """How far a database has come, as it tells itself, and how it goes on."""

    def __init__(self, session: LogSession, database: object) -> None:
        """Take part in the session's transaction; ``database`` names it in errors."""
        self._session = session
        self._database = str(database)

    def version(self, series: str) -> int | None:
        """Return the number of the last migration of a series; None if it was never set up."""
        rows = self._session.query("SELECT value FROM meta WHERE key = ?", (_key(series),))
        return int(rows[0][0]) if rows else None

    def set_up(self, series: str, migrations: Sequence[Migration]) -> None:
        """Say that a series begins here: its tables are made in their newest shape."""
        for migration in migrations:
            self._record(series, migration)
        self._set_version(series, len(migrations))

    def take(self, series: str, migration: Migration) -> None:
        """Take one step."""
        for statement in migration.statements:
            self._session.execute(statement)
        self._record(series, migration)
        self._set_version(series, migration.number)

    def require_not_newer(self, series: str, found: int, supported: int) -> None:
        """Raise DatabaseNewer if the database has taken steps that this release does not know."""
        if found > supported:
            raise DatabaseNewer(self._database, found, supported, series=series)

    def require_not_older(self, series: str, found: int, needed: int) -> None:
        """Raise DatabaseOlder if steps are to be taken."""
        if found < needed:
            raise DatabaseOlder(self._database, found, needed, series=series)

    def _record(self, series: str, migration: Migration) -> None:
        self._session.insert(
            "migration",
            ("series", "number", "name", "applied_at"),
            [(series, migration.number, migration.name, time.time_ns() // 1000)],
        )

    def _set_version(self, series: str, version: int) -> None:
        self._session.insert(
            "meta",
            ("key", "value"),
            [(_key(series), str(version))],
            on_conflict="ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )


def bring_forward(
    session: LogSession,
    progress: Progress,
    plan: TablePlan,
    rebuild: Callable[[Sequence[str], Sequence[str]], object],
) -> list[Migration]:
    """Take the steps of the application that are missing, and return them.

    A database that was never set up gets the newest tables. ``rebuild`` makes read models anew,
    given their names and the schema.
    """
    found = progress.version(APPLICATION)
    if found is None:
        _create(session, plan.schema)
        progress.set_up(APPLICATION, plan.migrations)
        return []
    progress.require_not_newer(APPLICATION, found, plan.version)
    pending = plan.pending(found)
    for migration in pending:
        progress.take(APPLICATION, migration)
    if any(migration.rebuild for migration in pending):
        rebuild(plan.read_models, plan.schema)
    else:
        _create(session, plan.schema)
    return pending


def _create(session: LogSession, schema: Sequence[str]) -> None:
    for statement in schema:
        session.execute(statement)


def _key(series: str) -> str:
    return f"{series}_version"
