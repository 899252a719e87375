"""The store on PostgreSQL: one schema, any number of processes."""

from __future__ import annotations

from trialbook.eventstore.postgres.database import PostgresDatabase

__all__ = ["PostgresDatabase"]
