from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from trialbook.eventstore.sqlite.statements import insert_rows

pytestmark = pytest.mark.unit


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE TABLE number (value INTEGER PRIMARY KEY, square INTEGER)")
    yield opened
    opened.close()


def statements(connection: sqlite3.Connection) -> list[str]:
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    return seen


def test_a_chunk_of_250_rows_takes_four_statements(connection: sqlite3.Connection) -> None:
    seen = statements(connection)
    rows = [(number, number**2) for number in range(250)]

    insert_rows(connection.cursor(), "number", ("value", "square"), rows)

    assert len(seen) == 4
    assert connection.execute("SELECT * FROM number ORDER BY value").fetchall() == rows


def test_wide_rows_stay_within_the_limit_of_parameters(connection: sqlite3.Connection) -> None:
    columns = tuple(f"c{number}" for number in range(1_000))
    connection.execute(f"CREATE TABLE wide ({','.join(columns)})")

    insert_rows(connection.cursor(), "wide", columns, [tuple(range(1_000))] * 100)

    assert connection.execute("SELECT COUNT(*) FROM wide").fetchone() == (100,)
