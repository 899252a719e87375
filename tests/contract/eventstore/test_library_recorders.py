"""The library's own contract tests, run against our recorders."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
)
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

from tests.unit.eventstore.toy import NoteWritten, metadata, open_database, registry, texts
from trialbook.eventstore import EventEnvelope
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.factory import LogFactory
from trialbook.eventstore.sqlite.recorder import LogRecorder, ProcessLogRecorder

FACTORY = "trialbook.eventstore.sqlite.factory:LogFactory"
REGISTRY = registry()


class _OnOurDatastore(RecorderTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.datastore = LogDatastore(Path(folder.name) / "log.db")
        self.addCleanup(self.datastore.close)

    def new_originator_id(self) -> UUID | str:
        return f"stream-{uuid4()}"


class TestAggregateRecorder(_OnOurDatastore, AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        recorder = SQLiteAggregateRecorder(self.datastore, "stored_snapshots")
        recorder.create_table()
        return recorder


class TestApplicationRecorder(_OnOurDatastore, ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        recorder = LogRecorder(self.datastore)
        recorder.create_table()
        return recorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(_OnOurDatastore, TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        recorder = ProcessLogRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestProcessRecorder(_OnOurDatastore, ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        recorder = ProcessLogRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestNonInterleavingNotificationIDs(_OnOurDatastore, NonInterleavingNotificationIDsBaseCase):
    insert_num = 5_000

    def create_recorder(self) -> ApplicationRecorder:
        recorder = LogRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TrackingOfItsOwn(SQLiteTrackingRecorder):
    """What an application might bring along."""


class TestFactory(InfrastructureFactoryTestCase[LogFactory]):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = Environment("Toy")
        self.env["PERSISTENCE_MODULE"] = FACTORY
        self.env["SQLITE_DBNAME"] = f"file:{folder.name}/log.db"
        super().setUp()

    def expected_factory_class(self) -> type[LogFactory]:
        return LogFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return TrackingOfItsOwn

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return ProcessLogRecorder


def test_the_factory_needs_a_file() -> None:
    with pytest.raises(OSError, match="needs a file"):
        LogFactory({"SQLITE_DBNAME": ":memory:"})


@pytest.fixture
def application(tmp_path: Path) -> Any:
    made = Application[str](
        env={
            "PERSISTENCE_MODULE": FACTORY,
            "SQLITE_DBNAME": str(tmp_path / "log.db"),
            "EVENT_REGISTRY_TOPIC": f"{__name__}:REGISTRY",
        }
    )
    yield made
    made.close()


def test_an_application_of_the_library_stores_our_events(application: Application[str]) -> None:
    envelopes = [
        EventEnvelope("n", version, NoteWritten(f"note {version}"), metadata())
        for version in (1, 2, 3)
    ]

    recordings = application.save(*cast(Any, envelopes))

    assert [recording.notification.id for recording in recordings] == [1, 2, 3]
    assert list(application.events.get("n")) == envelopes


def test_the_database_and_the_library_see_the_same_log(tmp_path: Path) -> None:
    with open_database(tmp_path / "log.db") as database:
        database.submit(
            lambda tx: tx.append(
                "n", [NoteWritten("ours")], expected_version=0, metadata=metadata()
            )
        ).result()
        first = database.recorder.select_notifications(1, 10)[0]
        database.recorder.insert_events([StoredEvent("n", 2, first.topic, first.state)])

        assert texts(database.read_now(lambda view: view.load("n"))) == ["ours", "ours"]
