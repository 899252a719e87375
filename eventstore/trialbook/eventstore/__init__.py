"""An event store with group commit, read models in the same transaction, and replay."""

from __future__ import annotations

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.database import Database, Dialect
from trialbook.eventstore.errors import (
    DatabaseLocked,
    DatabaseNewer,
    DatabaseOlder,
    StoreError,
    StoreUnavailable,
    UndecodableEvent,
    UniqueViolation,
    UnknownEvent,
    UnreadableDatabase,
    UnstorableValue,
    VersionConflict,
)
from trialbook.eventstore.events import Metadata, RecordedEvent
from trialbook.eventstore.lock import DatabaseLock
from trialbook.eventstore.mapper import EventEnvelope, StructMapper
from trialbook.eventstore.migration import Migration
from trialbook.eventstore.registry import EventRegistry, Upcast
from trialbook.eventstore.sqlite import Durability, SQLiteDatabase
from trialbook.eventstore.subscription import CatchUpSubscription
from trialbook.eventstore.transaction import (
    Blanking,
    LogRow,
    Projection,
    Reader,
    RememberedCommand,
    SqlValue,
    Transaction,
)
from trialbook.eventstore.writer import GroupCommitWriter, WriteSession

__all__ = [
    "Blanking",
    "CatchUpSubscription",
    "CommitSignal",
    "Database",
    "DatabaseLock",
    "DatabaseLocked",
    "DatabaseNewer",
    "DatabaseOlder",
    "Dialect",
    "Durability",
    "EventEnvelope",
    "EventRegistry",
    "GroupCommitWriter",
    "LogRow",
    "Metadata",
    "Migration",
    "Projection",
    "Reader",
    "RecordedEvent",
    "RememberedCommand",
    "SQLiteDatabase",
    "SqlValue",
    "StoreError",
    "StoreUnavailable",
    "StructMapper",
    "Transaction",
    "UndecodableEvent",
    "UniqueViolation",
    "UnknownEvent",
    "UnreadableDatabase",
    "UnstorableValue",
    "Upcast",
    "VersionConflict",
    "WriteSession",
]
