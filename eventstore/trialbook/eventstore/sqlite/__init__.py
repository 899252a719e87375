"""The store on SQLite: one file, one writing process."""

from __future__ import annotations

from trialbook.eventstore.sqlite.connection import Durability
from trialbook.eventstore.sqlite.database import SQLiteDatabase

__all__ = ["Durability", "SQLiteDatabase"]
