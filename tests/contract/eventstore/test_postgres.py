"""What is promised on PostgreSQL in particular: other tenants, lost connections, limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.backends import made_backend, postgres_backend
from tests.postgres import (
    execute,
    fresh_namespace,
    postgres_url,
    query,
    terminate_backends,
    throwaway_server,
)
from trialbook.eventstore import Database, StoreError, StoreUnavailable, Transaction
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.notebook import (
    load_texts,
    note_once,
    read_models,
    write,
    write_note,
)
from trialbook.eventstore.conformance.rebuild import rebuild
from trialbook.eventstore.conformance.subscription import Following
from trialbook.eventstore.postgres import PostgresDatabase
from trialbook.eventstore.verification import verify


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    with made_backend("postgres", tmp_path) as made:
        yield made


@pytest.fixture
def namespace(backend: Backend, database: Database) -> str:
    """The namespace of the open database."""
    assert isinstance(database, PostgresDatabase)
    return database._connector.namespace


def note(tx: Transaction) -> int:
    return write_note(tx, "n", "x").position


# Others in the same database


def test_namespaces_in_one_database_know_nothing_of_each_other() -> None:
    url = postgres_url()
    with (
        fresh_namespace() as first,
        fresh_namespace() as second,
        postgres_backend(url, first).open() as one,
        postgres_backend(url, second).open() as other,
    ):
        following = Following(other, 1)
        held = threading.Event()
        holding = one.submit(lambda tx: (note(tx), held.wait(PATIENCE))[0])
        # Whoever writes in one namespace holds up nobody in another.
        for number in range(1, 4):
            assert write(other, partial(note_once, command_id=f"c-{number}", stream="n")) == number
        held.set()
        assert holding.result() == 1

        assert rebuild(one) == 1
        assert len(load_texts(one, "n")) == 1
        assert len(load_texts(other, "n")) == 3
        assert len(other.read_now(read_models)[0]) == 3
        assert following.finish() == [1]
        assert verify(one).sound
        assert verify(other).sound


def test_a_namespace_whose_name_needs_care_is_refused() -> None:
    for name in ("", "a b", 'x"; DROP SCHEMA public; --', "Größe", "UPPER", "x" * 64, "1st"):
        with pytest.raises(ValueError, match="namespace"):
            postgres_backend(postgres_url(), name).open()


def test_vacuuming_and_analysing_hold_up_no_writer(database: Database, namespace: str) -> None:
    with psycopg.connect(postgres_url()) as other:
        # The lock that VACUUM, ANALYZE and CREATE INDEX CONCURRENTLY hold as long as they take.
        other.execute(f'LOCK TABLE "{namespace}".event IN SHARE UPDATE EXCLUSIVE MODE'.encode())

        assert database.submit(note).result(PATIENCE) == 1

    execute(postgres_url(), f'VACUUM ANALYZE "{namespace}".event')
    assert write(database, note) == 2


def test_the_log_is_vacuumed_by_the_server_as_any_table(database: Database, namespace: str) -> None:
    rows = query(
        postgres_url(),
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = %s AND array_to_string(reloptions, ',') LIKE '%%autovacuum%%'",
        namespace,
    )
    assert rows == []


def test_the_server_is_told_at_once_of_a_table_that_has_grown(
    database: Database, namespace: str
) -> None:
    # By itself it would learn of them within a minute, and plan for an empty table until then.
    rows = [("n", f"mark {number}", 0.5, 1) for number in range(2_000)]
    write(database, lambda tx: tx.insert("mark", ("stream", "name", "value", "position"), rows))

    def known() -> float:
        sql = "SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)"
        (row,) = query(postgres_url(), sql, f"{namespace}.mark")
        return float(row[0])

    end = time.monotonic() + PATIENCE / 2
    while known() < len(rows) and time.monotonic() < end:
        time.sleep(0.01)
    assert known() == len(rows)


def test_the_driver_is_the_quick_one() -> None:
    assert psycopg.pq.__impl__ in ("binary", "c")


def test_every_text_column_sorts_by_bytes(database: Database, namespace: str) -> None:
    columns = query(
        postgres_url(),
        "SELECT table_name, column_name, collation_name FROM information_schema.columns"
        " WHERE table_schema = %s AND data_type = 'text'",
        namespace,
    )
    assert len(columns) > 5
    assert {collation for _, _, collation in columns} == {"C"}


# Connections that end


@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_a_writer_whose_connection_is_cut_says_so_and_goes_on(
    database: Database, namespace: str, moment: str
) -> None:
    url = postgres_url()
    cut = partial(terminate_backends, url, application=f"%{namespace} writer%")
    write(database, note)

    def work(tx: Transaction) -> int:
        if moment == "before":
            assert cut() == 1
        tx.query("SELECT 1")
        position = write_note(tx, "n", "y").position
        if moment == "within":
            tx.query("SELECT text FROM note")
            assert cut() == 1
            tx.query("SELECT text FROM note")
        if moment == "after":
            assert cut() == 1
        return position

    with pytest.raises(StoreUnavailable, match=r"\.$"):
        write(database, work)

    assert write(database, note) == 2
    assert load_texts(database, "n") == ["x", "x"]
    assert verify(database).sound


def test_a_connection_that_was_cut_while_it_lay_idle_is_not_noticed(
    database: Database, backend: Backend
) -> None:
    write(database, note)
    load_texts(database, "n")
    assert backend.cut is not None

    for number in range(2, 6):
        assert backend.cut() >= 2
        assert write(database, note) == number
        assert len(load_texts(database, "n")) == number
        assert database.recorder.max_notification_id() == number


def test_commands_repeated_while_connections_are_cut_are_done_once(
    database: Database, backend: Backend
) -> None:
    ended = threading.Event()
    cuts = 0

    def cut_now_and_then() -> None:
        nonlocal cuts
        assert backend.cut is not None
        while not ended.wait(0.03):
            cuts += backend.cut()

    cutting = threading.Thread(target=cut_now_and_then)
    cutting.start()
    try:
        positions = [until_answered(database, f"c-{number}") for number in range(300)]
    finally:
        ended.set()
        cutting.join()

    assert cuts > 0
    assert positions == list(range(1, 301))
    assert load_texts(database, "n") == [f"c-{number}" for number in range(300)]
    assert verify(database).sound


def until_answered(database: Database, command_id: str) -> int:
    for _ in range(1_000):
        try:
            return write(database, partial(note_once, command_id=command_id, stream="n"))
        except StoreUnavailable:
            continue
    raise AssertionError("the database did not come back")


# Limits


def test_another_session_that_holds_the_log_is_waited_for_a_while(
    database: Database, backend: Backend
) -> None:
    assert isinstance(database, PostgresDatabase)
    key = database._connector.lock_key
    with psycopg.connect(postgres_url()) as other, backend.open(lock_timeout=0.1) as hasty:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
        waiting = database.submit(note)
        with pytest.raises(StoreUnavailable, match="Another process is writing"):
            write(hasty, note)
        assert not waiting.done()
        other.commit()

        assert waiting.result(PATIENCE) == 1
    assert write(database, note) == 2


def test_a_server_with_too_few_connections_says_so() -> None:
    settings = {"max_connections": "6", "superuser_reserved_connections": "0"}
    settings |= {"reserved_connections": "0", "max_wal_senders": "0"}
    with throwaway_server(settings) as server:
        with postgres_backend(server.url, "small").open() as database:
            write(database, note)
            others = [psycopg.connect(server.url) for _ in range(3)]
            while True:
                try:
                    others.append(psycopg.connect(server.url))
                except psycopg.OperationalError:
                    break
            with pytest.raises(StoreUnavailable, match="too many"):
                postgres_backend(server.url, "another").open()
            assert write(database, note) == 2
            for other in others:
                other.close()
        postgres_backend(server.url, "another").open().close()


def test_a_server_that_takes_no_writes_says_so() -> None:
    with throwaway_server() as server:
        with postgres_backend(server.url, "safe").open() as database:
            write(database, note)
        execute(server.url, "ALTER DATABASE postgres SET default_transaction_read_only = on")

        with pytest.raises(StoreUnavailable, match="read-only"):
            write_in_a_new_one(server.url)

        writable = "ALTER DATABASE postgres SET default_transaction_read_only = off"
        execute(server.url, f"BEGIN READ WRITE; {writable}; COMMIT")
        assert write_in_a_new_one(server.url) == 2


def write_in_a_new_one(url: str) -> int:
    with postgres_backend(url, "safe").open() as database:
        return write(database, note)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cr3t@127.0.0.1:1/none?connect_timeout=2",
        "postgresql://ada:s3cr3t@nowhere.invalid/none",
        "postgresql:///none?host=/nowhere&user=ada&password=s3cr3t",
        "host=/nowhere user=ada password=s3cr3t",
        "postgresql://ada:s3cr3t@127.0.0.1:notaport/none",
        "postgresql://ada:s3cr3t",
        "s3cr3t",
        "",
    ],
)
def test_a_server_that_is_not_there_is_told_without_the_password(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreError) as caught:
        postgres_backend(url, "safe").open()

    told = [str(caught.value), repr(caught.value), caplog.text]
    error: BaseException | None = caught.value
    while error is not None:
        told.append(repr(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "s3cr3t" not in "".join(told)
    assert str(caught.value).endswith(".")
