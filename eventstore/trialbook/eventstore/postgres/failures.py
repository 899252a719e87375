"""PostgreSQL's errors in the store's words."""

from __future__ import annotations

import re
import struct

import psycopg

from trialbook.eventstore.errors import (
    StoreError,
    StoreUnavailable,
    UniqueViolation,
    UnreadableDatabase,
    UnstorableValue,
)

DRIVER_ERRORS = (psycopg.Error, OverflowError, UnicodeError, struct.error)
"""What the driver raises; the latter three for values that no column holds."""

LOST = "The connection to the database was lost. Nothing was written. Try again in a moment."

WRITTEN_BESIDE = "TB001"
"""The error code of our own functions for events that came in without the log's lock."""

_ADVICE = {
    "25006": "The database is read-only. Connect to the server that takes writes",
    "40001": "Another transaction stood in the way. Try again",
    "40P01": "Another transaction stood in the way. Try again",
    "53100": "The database's disk is full. Free some space and try again",
    "53200": "The database server has no memory left. Try again in a moment",
    "53300": "The database server has too many connections. Close some, or allow more",
    "55P03": "Another process is writing to the database. Try again in a moment",
    "57014": "The statement was cancelled. Try again",
    WRITTEN_BESIDE: "Another program wrote to the log without its lock. Try again",
}
_ADVICE_BY_CLASS = {
    "08": "The connection to the database failed. Try again in a moment",
    "28": "The database refuses the user. Check user, password and rights",
    "3D": "The server has no such database. Create it, or name another",
    "53": "The database server has not enough resources. Try again in a moment",
    "57": "The database server is shutting down or starting up. Try again in a moment",
    "58": "The database's disk failed to read or write. Check it and try again",
    "XX": "The database is damaged. Restore a backup",
}
_UNREADABLE_CLASS = "XX"
# Bad values, and values above a limit, such as that of an index.
_UNSTORABLE_CLASSES = {"22", "54"}
_KEY = re.compile(r"Key \((?P<columns>.*?)\)=\(", re.DOTALL)


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, and with it the transaction."""
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) and (
        error.sqlstate is None or error.sqlstate[:2] == "08" or error.sqlstate[:4] == "57P0"
    )


def store_error(error: Exception) -> StoreError:
    """Return the store's error for one of DRIVER_ERRORS."""
    if not isinstance(error, psycopg.Error):
        return UnstorableValue(f"The database cannot hold a value: {error}.")
    if is_lost(error) and error.sqlstate is None:
        return StoreUnavailable(LOST)
    code = error.sqlstate or ""
    said = _said(error)
    if code == "23505":
        return UniqueViolation(_key(error))
    if code[:2] == _UNREADABLE_CLASS:
        return UnreadableDatabase(f"{_ADVICE_BY_CLASS[_UNREADABLE_CLASS]} ({said}).")
    advice = _ADVICE.get(code) or _ADVICE_BY_CLASS.get(code[:2])
    if advice is not None:
        return StoreUnavailable(f"{advice} ({said}).")
    if code[:2] in _UNSTORABLE_CLASSES or isinstance(error, psycopg.DataError):
        return UnstorableValue(f"The database cannot hold a value: {said}.")
    return StoreError(f"The database refused a statement: {said}.")


def _said(error: psycopg.Error) -> str:
    # What the server says of a value may quote it: only the first line of its own words is kept.
    message = error.diag.message_primary or str(error).partition("\n")[0]
    return message.rstrip(".")


def _key(error: psycopg.Error) -> str:
    found = _KEY.search(error.diag.message_detail or "")
    if found is None:
        return error.diag.constraint_name or "key"
    columns = found.group("columns").split(", ")
    return ", ".join(f"{error.diag.table_name}.{column}" for column in columns)


class _DriverErrorsTranslated:
    """A block from which the store's errors rise in place of the driver's."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DRIVER_ERRORS):
            raise store_error(error) from error


driver_errors_translated = _DriverErrorsTranslated()
