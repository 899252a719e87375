"""The event store by itself, with the events and the read model that its figures are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.bench.backend import Backend
from trialbook.eventstore import (
    Database,
    EventRegistry,
    Metadata,
    RecordedEvent,
    SQLiteDatabase,
    Transaction,
)

NAMESPACE = "bench"
FACTS = 250
SCORE_COLUMNS = ("run", "scorer", "item", "value", "label", "reason")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS score (
        run INTEGER NOT NULL,
        scorer INTEGER NOT NULL,
        item INTEGER NOT NULL,
        value REAL NOT NULL,
        label TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (run, scorer, item)
    )
    """,
)
REASON = (
    "The answer names the number of lorries but forgets the way back, so half of it is missing."
)


class Scored(msgspec.Struct, frozen=True, array_like=True):
    """One score, as an event by itself."""

    item_id: str
    value: float
    reason: str = REASON


class ScoreFact(msgspec.Struct, frozen=True, array_like=True):
    """One score among others."""

    item: int
    value: float
    label: str
    reason: str = REASON


class ScoresRecorded(msgspec.Struct, frozen=True, array_like=True):
    """Scores of one scorer that were recorded together."""

    run: int
    scorer: int
    scores: tuple[ScoreFact, ...]


def chunk(run: int, scorer: int) -> ScoresRecorded:
    """Make an event of as many facts as one may carry."""
    facts = tuple(ScoreFact(item, item / FACTS, "partial") for item in range(FACTS))
    return ScoresRecorded(run, scorer, facts)


def score_rows(event: ScoresRecorded) -> list[tuple[int, int, int, float, str, str]]:
    """Return the rows of the read model."""
    return [
        (event.run, event.scorer, fact.item, fact.value, fact.label, fact.reason)
        for fact in event.scores
    ]


def metadata() -> Metadata:
    """Return what every event says of its origin."""
    return Metadata(1_700_000_000_000_000, "bench", "0191e0e6c3a07a5f8d2f1a2b3c4d5e6f")


@contextmanager
def open_store(backend: Backend, database: str) -> Iterator[Database]:
    """Open an event store with the read model of scores, closed at the end."""
    registry = EventRegistry()
    registry.register("bench.scored.v1", Scored)
    registry.register("bench.scores_recorded.v1", ScoresRecorded)
    if backend is Backend.SQLITE:
        with SQLiteDatabase(
            Path(database), registry=registry, projection=_project, schema=SCHEMA
        ) as store:
            yield store
        return
    from trialbook.eventstore.postgres import PostgresDatabase

    with PostgresDatabase(
        database, registry=registry, projection=_project, schema=SCHEMA, namespace=NAMESPACE
    ) as store:
        yield store


def _project(recorded: RecordedEvent, tx: Transaction) -> None:
    event = recorded.event
    if isinstance(event, ScoresRecorded):
        tx.insert("score", SCORE_COLUMNS, score_rows(event))
