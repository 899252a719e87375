"""The library's own contract tests, run against our recorders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.postgres import PostgresAggregateRecorder, PostgresTrackingRecorder
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteTrackingRecorder
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    RecorderTestCase,
    TrackingRecorderTestCase,
)
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from tests.postgres import execute, fresh_namespace, postgres_url
from trialbook.eventstore import Database, EventEnvelope
from trialbook.eventstore.conformance.notebook import (
    NoteWritten,
    load_texts,
    metadata,
    registry,
    write,
    write_note,
)
from trialbook.eventstore.postgres import datastore as postgres_datastore
from trialbook.eventstore.postgres import recorder as postgres_recorder
from trialbook.eventstore.postgres.connection import Connector
from trialbook.eventstore.postgres.factory import LogFactory as PostgresFactory
from trialbook.eventstore.sqlite import datastore as sqlite_datastore
from trialbook.eventstore.sqlite import recorder as sqlite_recorder
from trialbook.eventstore.sqlite.factory import LogFactory as SQLiteFactory
from trialbook.eventstore.verification import verify

SQLITE_FACTORY = "trialbook.eventstore.sqlite.factory:LogFactory"
POSTGRES_FACTORY = "trialbook.eventstore.postgres.factory:LogFactory"
REGISTRY = registry()


class _OnSomething(RecorderTestCase):
    def new_originator_id(self) -> UUID | str:
        return f"stream-{uuid4()}"

    def snapshots(self) -> Any:
        raise NotImplementedError

    def log(self) -> Any:
        raise NotImplementedError

    def process_log(self) -> Any:
        raise NotImplementedError


class _OnSQLite(_OnSomething):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.datastore: Any = sqlite_datastore.LogDatastore(Path(folder.name) / "log.db")
        self.addCleanup(self.datastore.close)

    def snapshots(self) -> Any:
        return SQLiteAggregateRecorder(self.datastore, "stored_snapshots")

    def log(self) -> Any:
        return sqlite_recorder.LogRecorder(self.datastore)

    def process_log(self) -> Any:
        return sqlite_recorder.ProcessLogRecorder(self.datastore)


class _OnPostgres(_OnSomething):
    def setUp(self) -> None:
        self.datastore: Any = postgres_datastore.LogDatastore(
            Connector(postgres_url(), self.enterContext(made_namespace()))
        )
        self.addCleanup(self.datastore.close)

    def snapshots(self) -> Any:
        return PostgresAggregateRecorder(self.datastore, events_table_name="stored_snapshots")

    def log(self) -> Any:
        return postgres_recorder.LogRecorder(self.datastore)

    def process_log(self) -> Any:
        return postgres_recorder.ProcessLogRecorder(self.datastore)


@contextmanager
def made_namespace() -> Iterator[str]:
    """A schema of PostgreSQL that is there, and empty."""
    with fresh_namespace() as name:
        execute(postgres_url(), f'CREATE SCHEMA "{name}"')
        yield name


def created(recorder: Any) -> Any:
    recorder.create_table()
    return recorder


class _Snapshots(_OnSomething):
    def create_recorder(self) -> Any:
        return created(self.snapshots())


class _Log(_OnSomething):
    def create_recorder(self) -> Any:
        return created(self.log())


class _ProcessLog(_OnSomething):
    def create_recorder(self) -> Any:
        return created(self.process_log())


class TestAggregateRecorderOnSQLite(_OnSQLite, _Snapshots, AggregateRecorderTestCase):
    pass


class TestAggregateRecorderOnPostgres(_OnPostgres, _Snapshots, AggregateRecorderTestCase):
    pass


class TestApplicationRecorderOnSQLite(
    _OnSQLite, _Log, ApplicationRecorderTestCase[ApplicationRecorder]
):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderOnPostgres(
    _OnPostgres, _Log, ApplicationRecorderTestCase[ApplicationRecorder]
):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorderOnSQLite(_OnSQLite, _ProcessLog, TrackingRecorderTestCase):
    pass


class TestTrackingRecorderOnPostgres(_OnPostgres, _ProcessLog, TrackingRecorderTestCase):
    pass


class TestProcessRecorderOnSQLite(_OnSQLite, _ProcessLog, ProcessRecorderTestCase):
    pass


class TestProcessRecorderOnPostgres(_OnPostgres, _ProcessLog, ProcessRecorderTestCase):
    pass


class TestNonInterleavingOnSQLite(_OnSQLite, _Log, NonInterleavingNotificationIDsBaseCase):
    insert_num = 5_000


class TestNonInterleavingOnPostgres(_OnPostgres, _Log, NonInterleavingNotificationIDsBaseCase):
    insert_num = 5_000


class SQLiteTrackingOfItsOwn(SQLiteTrackingRecorder):
    """What an application might bring along."""


class PostgresTrackingOfItsOwn(PostgresTrackingRecorder):
    """What an application might bring along."""


class TestFactoryOnSQLite(InfrastructureFactoryTestCase[SQLiteFactory]):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = Environment("Toy")
        self.env["PERSISTENCE_MODULE"] = SQLITE_FACTORY
        self.env["SQLITE_DBNAME"] = f"file:{folder.name}/log.db"
        super().setUp()

    def expected_factory_class(self) -> type[SQLiteFactory]:
        return SQLiteFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return sqlite_recorder.LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return SQLiteTrackingOfItsOwn

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return sqlite_recorder.ProcessLogRecorder


class TestFactoryOnPostgres(InfrastructureFactoryTestCase[PostgresFactory]):
    def setUp(self) -> None:
        self.env = Environment("Toy")
        self.env.update(postgres_environment(self.enterContext(made_namespace())))
        super().setUp()

    def expected_factory_class(self) -> type[PostgresFactory]:
        return PostgresFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return PostgresAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return postgres_recorder.LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return PostgresTrackingOfItsOwn

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return postgres_recorder.ProcessLogRecorder


def postgres_environment(namespace: str) -> dict[str, str]:
    address = conninfo_to_dict(postgres_url())
    return {
        "PERSISTENCE_MODULE": POSTGRES_FACTORY,
        "POSTGRES_DBNAME": str(address.get("dbname") or "postgres"),
        "POSTGRES_HOST": str(address.get("host") or "localhost"),
        "POSTGRES_PORT": str(address.get("port") or 5432),
        "POSTGRES_USER": str(address.get("user") or "postgres"),
        "POSTGRES_PASSWORD": str(address.get("password") or "none"),
        "POSTGRES_SCHEMA": namespace,
    }


def test_the_factory_needs_a_file() -> None:
    with pytest.raises(OSError, match="needs a file"):
        SQLiteFactory({"SQLITE_DBNAME": ":memory:"})


@pytest.fixture(params=["sqlite", "postgres"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application[str]]:
    with ExitStack() as stack:
        env = {"PERSISTENCE_MODULE": SQLITE_FACTORY, "SQLITE_DBNAME": str(tmp_path / "log.db")}
        if request.param == "postgres":
            env = postgres_environment(stack.enter_context(made_namespace()))
        made = Application[str](env={**env, "EVENT_REGISTRY_TOPIC": f"{__name__}:REGISTRY"})
        stack.callback(made.close)
        yield made


def test_an_application_of_the_library_stores_our_events(application: Application[str]) -> None:
    envelopes = [
        EventEnvelope("n", version, NoteWritten(f"note {version}"), metadata())
        for version in (1, 2, 3)
    ]

    recordings = application.save(*cast(Any, envelopes))

    assert [recording.notification.id for recording in recordings] == [1, 2, 3]
    assert list(application.events.get("n")) == envelopes


def test_the_database_and_the_library_see_the_same_log(database: Database) -> None:
    write(database, lambda tx: write_note(tx, "n", "ours", 0))
    first = database.recorder.select_notifications(1, 10)[0]
    database.recorder.insert_events([StoredEvent("n", 2, first.topic, first.state)])

    assert load_texts(database, "n") == ["ours", "ours"]
    write(database, lambda tx: write_note(tx, "n", "ours again", 2))
    assert verify(database).sound


def test_tracking_is_kept_beside_the_log(database: Database) -> None:
    write(database, lambda tx: write_note(tx, "n", "ours", 0))
    first = database.recorder.select_notifications(1, 10)[0]
    followed = StoredEvent("m", 1, first.topic, first.state)

    database.recorder.insert_events([followed], tracking=Tracking("upstream", 21))

    assert database.recorder.max_tracking_id("upstream") == 21
    with pytest.raises(IntegrityError):
        database.recorder.insert_events(
            [StoredEvent("m", 2, first.topic, first.state)], tracking=Tracking("upstream", 21)
        )
    assert len(load_texts(database, "m")) == 1
