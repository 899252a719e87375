from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from trialbook.eventstore import (
    StoreError,
    StoreUnavailable,
    UniqueViolation,
    UnreadableDatabase,
    UnstorableValue,
)
from trialbook.eventstore.postgres.failures import (
    WRITTEN_BESIDE,
    driver_errors_translated,
    is_lost,
    store_error,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (psycopg.OperationalError("server closed the connection"), "lost"),
        (psycopg.InterfaceError("the connection is closed"), "lost"),
        (errors.AdminShutdown("terminating"), "shutting down"),
        (errors.CannotConnectNow("starting up"), "starting up"),
        (errors.DiskFull("no space"), "disk is full"),
        (errors.OutOfMemory("out of memory"), "memory"),
        (errors.TooManyConnections("too many"), "too many connections"),
        (errors.ReadOnlySqlTransaction("read-only"), "read-only"),
        (errors.LockNotAvailable("timeout"), "Another process is writing"),
        (errors.DeadlockDetected("deadlock"), "in the way"),
        (errors.QueryCanceled("cancelled"), "cancelled"),
        (errors.IoError("could not write"), "disk failed"),
        (errors.InvalidPassword("refused"), "password"),
        (errors.InvalidCatalogName("no database"), "no such database"),
    ],
)
def test_what_may_pass_is_unavailable_and_says_what_to_do(error: Exception, says: str) -> None:
    translated = store_error(error)

    assert isinstance(translated, StoreUnavailable)
    assert says in str(translated)
    assert str(translated).endswith(".")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.UniqueViolation("duplicate"), UniqueViolation),
        (errors.CharacterNotInRepertoire("0x00"), UnstorableValue),
        (errors.NumericValueOutOfRange("bigint"), UnstorableValue),
        (errors.ProgramLimitExceeded("index row size"), UnstorableValue),
        (psycopg.DataError("not sent"), UnstorableValue),
        (OverflowError("too large"), UnstorableValue),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), UnstorableValue),
        (errors.DataCorrupted("invalid page"), UnreadableDatabase),
        (errors.UndefinedTable("no table"), StoreError),
        (errors.NotNullViolation("null"), StoreError),
        (psycopg.ProgrammingError("cannot adapt"), StoreError),
    ],
)
def test_what_will_not_pass_has_its_own_error(error: Exception, kind: type[StoreError]) -> None:
    assert type(store_error(error)) is kind


def test_a_connection_is_lost_by_errors_of_the_connection_only() -> None:
    assert is_lost(psycopg.OperationalError("gone"))
    assert is_lost(errors.AdminShutdown("terminating"))
    assert is_lost(errors.ConnectionFailure("reset"))
    assert not is_lost(errors.DiskFull("full"))
    assert not is_lost(errors.QueryCanceled("cancelled"))
    assert not is_lost(LookupError())


def test_errors_within_a_block_are_translated_and_keep_their_cause() -> None:
    cause = errors.DiskFull("no space")

    with pytest.raises(StoreUnavailable) as caught, driver_errors_translated:
        raise cause
    assert caught.value.__cause__ is cause

    with pytest.raises(LookupError), driver_errors_translated:
        raise LookupError


def test_the_code_of_our_functions_is_none_of_the_servers() -> None:
    with pytest.raises(KeyError):
        errors.lookup(WRITTEN_BESIDE)
