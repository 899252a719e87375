"""The library's way to reach the recorders: by environment variables."""

from __future__ import annotations

from typing import Any, cast

from eventsourcing.persistence import Mapper, Transcoder
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment, EnvType, resolve_topic
from psycopg.conninfo import make_conninfo

from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.postgres.connection import Connector
from trialbook.eventstore.postgres.datastore import LogDatastore
from trialbook.eventstore.postgres.recorder import LogRecorder, ProcessLogRecorder
from trialbook.eventstore.registry import EventRegistry


class LogFactory(PostgresFactory):
    """Gives the library's applications the log of a namespace.

    ``PERSISTENCE_MODULE`` names this class as ``trialbook.eventstore.postgres.factory:LogFactory``,
    ``POSTGRES_DBNAME``, ``_HOST``, ``_PORT``, ``_USER`` and ``_PASSWORD`` the database,
    ``POSTGRES_SCHEMA`` the namespace, which must exist, and ``EVENT_REGISTRY_TOPIC`` an
    EventRegistry, as ``package.module:name``; without a registry the library's own mapper is used.
    Ids are texts unless ``ORIGINATOR_ID_TYPE`` is ``uuid``.
    """

    EVENT_REGISTRY_TOPIC = "EVENT_REGISTRY_TOPIC"

    application_recorder_class = LogRecorder
    process_recorder_class = ProcessLogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore.close()
        address = make_conninfo(
            dbname=self.env.get(self.POSTGRES_DBNAME),
            host=self.env.get(self.POSTGRES_HOST),
            port=self.env.get(self.POSTGRES_PORT) or "5432",
            user=self.env.get(self.POSTGRES_USER),
            password=self.env.get(self.POSTGRES_PASSWORD) or None,
        )
        uuids = self.env.get(self.ORIGINATOR_ID_TYPE, "text").lower() == "uuid"
        self.datastore = LogDatastore(
            Connector(address, self.env.get(self.POSTGRES_SCHEMA) or "trialbook"),
            originator_id_type="uuid" if uuids else "text",
        )

    def mapper(
        self, transcoder: Transcoder | None = None, mapper_class: type[Any] | None = None
    ) -> Mapper[Any]:
        """Return a StructMapper where a registry is named, else the library's mapper."""
        topic = self.env.get(self.EVENT_REGISTRY_TOPIC)
        if topic is None or mapper_class is not None:
            return super().mapper(transcoder, mapper_class)
        return StructMapper(cast(EventRegistry, resolve_topic(topic)))
