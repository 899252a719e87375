"""An event store with group commit, read models in the same transaction, and replay."""

from __future__ import annotations

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.errors import (
    DatabaseLocked,
    DatabaseNewer,
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
from trialbook.eventstore.registry import EventRegistry, Upcast
from trialbook.eventstore.sqlite import Durability, SQLiteDatabase
from trialbook.eventstore.subscription import CatchUpSubscription
from trialbook.eventstore.transaction import (
    Projection,
    Reader,
    RememberedCommand,
    SqlValue,
    Transaction,
)
from trialbook.eventstore.writer import GroupCommitWriter, WriteSession

__all__ = [
    "CatchUpSubscription",
    "CommitSignal",
    "DatabaseLock",
    "DatabaseLocked",
    "DatabaseNewer",
    "Durability",
    "EventEnvelope",
    "EventRegistry",
    "GroupCommitWriter",
    "Metadata",
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
