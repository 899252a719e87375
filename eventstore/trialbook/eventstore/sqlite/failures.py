"""SQLite's errors in the store's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from trialbook.eventstore.errors import (
    StoreError,
    StoreUnavailable,
    UniqueViolation,
    UnreadableDatabase,
    UnstorableValue,
)

DRIVER_ERRORS = (sqlite3.Error, OverflowError, UnicodeError)
"""What the driver raises; the latter two for integers above 64 bits and lone surrogates."""

_PRIMARY_CODE = 0xFF
_UNIQUE_CODES = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full. Free some space and try again",
    sqlite3.SQLITE_IOERR: "The disk failed to read or write. Check it and try again",
    sqlite3.SQLITE_BUSY: "Another process is writing to the database. Try again in a moment",
    sqlite3.SQLITE_LOCKED: "Another statement holds the table. Try again in a moment",
    sqlite3.SQLITE_PROTOCOL: "The database's locks are contended. Try again in a moment",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened. Check path and permissions",
    sqlite3.SQLITE_READONLY: "The database cannot be written to. Check the file's permissions",
    sqlite3.SQLITE_PERM: "The database cannot be accessed. Check the file's permissions",
    sqlite3.SQLITE_NOMEM: "The process has no memory left. Free some and try again",
    sqlite3.SQLITE_INTERRUPT: "The statement was interrupted. Try again",
}
_UNREADABLE = {
    sqlite3.SQLITE_NOTADB: "The file is not an SQLite database. Name another path",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. Restore a backup",
}


def require_storable(values: Sequence[object]) -> None:
    """Raise UnstorableValue if a text holds a zero character.

    SQLite would keep it, but some of its functions end a text there, and PostgreSQL has none.
    """
    # Most values of a row are numbers or missing, and leave first: this looks at every value there
    # is to be stored.
    for value in [some for some in values if some is not None and some.__class__ is not int]:
        if isinstance(value, str) and "\x00" in value:
            raise UnstorableValue("The database cannot hold a text with a zero character (U+0000).")


def store_error(error: Exception) -> StoreError:
    """Return the store's error for one of DRIVER_ERRORS."""
    if isinstance(error, (OverflowError, UnicodeError)):
        return UnstorableValue(f"The database cannot hold a value: {error}.")
    if isinstance(error, sqlite3.DataError):
        return UnstorableValue(f"A value is too large for the database: {error}.")
    code = getattr(error, "sqlite_errorcode", None)
    if code in _UNIQUE_CODES:
        return UniqueViolation(str(error).rpartition(": ")[2])
    primary = code & _PRIMARY_CODE if isinstance(code, int) else None
    if primary in _ADVICE:
        return StoreUnavailable(f"{_ADVICE[primary]} ({error}).")
    if primary in _UNREADABLE:
        return UnreadableDatabase(f"{_UNREADABLE[primary]} ({error}).")
    return StoreError(f"The database refused a statement: {error}.")


class _DriverErrorsTranslated:
    """A block from which the store's errors rise in place of the driver's.

    A class, not a generator: it stands around every statement and costs a tenth this way.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DRIVER_ERRORS):
            raise store_error(error) from error


driver_errors_translated = _DriverErrorsTranslated()
