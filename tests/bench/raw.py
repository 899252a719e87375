"""What the driver alone does with the same bytes, tables and commits: the ceiling."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.backend import Backend
from tests.bench.store import (
    NAMESPACE,
    SCORE_COLUMNS,
    Scored,
    ScoresRecorded,
    chunk,
    metadata,
    score_rows,
)
from trialbook.eventstore import EventRegistry, StructMapper

_EVENT_COLUMNS = ("position", "stream", "version", "topic", "state", "digest")
_FAR = 10**9
"""Positions and runs that nobody else has."""


def raw_events_rate(backend: Backend, database: str, count: int, each_commit: int) -> float:
    """Insert single events, so many a commit; return events a second."""
    state = _mapper().encode_state(Scored("case", 0.5), metadata())
    rows = [(_FAR + n, f"raw-{n}", 1, "bench.scored.v1", state, bytes(32)) for n in range(count)]
    commits = [
        {"event": (_EVENT_COLUMNS, rows[start : start + each_commit])}
        for start in range(0, count, each_commit)
    ]
    return count / _insert(backend, database, commits)


def raw_facts_rate(backend: Backend, database: str, events: int) -> float:
    """Insert chunk events and their rows, an event a commit; return facts a second."""
    mapper, facts = _mapper(), 0
    commits: list[Commit] = []
    for number in range(events):
        event = chunk(_FAR, number)
        facts += len(event.scores)
        state = mapper.encode_state(event, metadata())
        row = (_FAR + number, "raw", number + 1, "bench.scores_recorded.v1", state, bytes(32))
        commits.append(
            {"event": (_EVENT_COLUMNS, [row]), "score": (SCORE_COLUMNS, score_rows(event))}
        )
    return facts / _insert(backend, database, commits)


def _mapper() -> StructMapper:
    registry = EventRegistry()
    registry.register("bench.scored.v1", Scored)
    registry.register("bench.scores_recorded.v1", ScoresRecorded)
    return StructMapper(registry)


Commit = Mapping[str, tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]]
"""By table: its columns, and the rows to insert."""


def _insert(backend: Backend, database: str, commits: Sequence[Commit]) -> float:
    return (
        _into_sqlite(database, commits)
        if backend is Backend.SQLITE
        else _into_postgres(database, commits)
    )


def _into_sqlite(database: str, commits: Sequence[Commit]) -> float:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    began = time.perf_counter()
    for commit in commits:
        connection.execute("BEGIN IMMEDIATE")
        for table, (columns, rows) in commit.items():
            marks = ",".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})", rows
            )
        connection.execute("COMMIT")
    taken = time.perf_counter() - began
    connection.close()
    return taken


def _into_postgres(database: str, commits: Sequence[Commit]) -> float:
    import psycopg

    with psycopg.connect(database) as connection:
        connection.execute(f"SET search_path = {NAMESPACE}".encode())
        connection.commit()
        began = time.perf_counter()
        for commit in commits:
            for table, (columns, rows) in commit.items():
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY {table} ({','.join(columns)}) FROM STDIN".encode()) as copy,
                ):
                    for row in rows:
                        copy.write_row(row)
            connection.commit()
        return time.perf_counter() - began
