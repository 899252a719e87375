"""The library's way to reach the recorders: by environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from eventsourcing.persistence import Mapper, Transcoder
from eventsourcing.sqlite import SQLiteConnectionPool, SQLiteFactory
from eventsourcing.utils import Environment, EnvType, resolve_topic

from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.registry import EventRegistry
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.recorder import LogRecorder, ProcessLogRecorder


class LogFactory(SQLiteFactory):
    """Gives the library's applications the log of a file.

    ``PERSISTENCE_MODULE`` names this class as ``trialbook.eventstore.sqlite.factory:LogFactory``,
    ``SQLITE_DBNAME`` the file, and ``EVENT_REGISTRY_TOPIC`` an EventRegistry, as
    ``package.module:name``; without a registry the library's own mapper is used. Ids are texts
    unless ``ORIGINATOR_ID_TYPE`` is ``uuid``.
    """

    EVENT_REGISTRY_TOPIC = "EVENT_REGISTRY_TOPIC"

    application_recorder_class = LogRecorder
    process_recorder_class = ProcessLogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        name = self.datastore.pool.db_name
        if SQLiteConnectionPool.detect_memory_mode(name):
            raise OSError("The log needs a file: name one in SQLITE_DBNAME.")
        uuids = self.env.get(self.ORIGINATOR_ID_TYPE, "text").lower() == "uuid"
        self.datastore = LogDatastore(
            Path(name.removeprefix("file:")), originator_id_type="uuid" if uuids else "text"
        )

    def mapper(
        self, transcoder: Transcoder | None = None, mapper_class: type[Any] | None = None
    ) -> Mapper[Any]:
        """Return a StructMapper where a registry is named, else the library's mapper."""
        topic = self.env.get(self.EVENT_REGISTRY_TOPIC)
        if topic is None or mapper_class is not None:
            return super().mapper(transcoder, mapper_class)
        return StructMapper(cast(EventRegistry, resolve_topic(topic)))
