"""What the tables of read models promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trialbook.eventstore import (
    Database,
    Reader,
    StoreError,
    Transaction,
    UniqueViolation,
    UnstorableValue,
)
from trialbook.eventstore.conformance.append import UNICODE
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import SCHEMA, write, write_note

MARK_COLUMNS = ("stream", "name", "value", "position")

EVERY_KIND = """
    CREATE TABLE IF NOT EXISTS everything (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        body BLOB,
        number INTEGER,
        share REAL
    )
"""
PAIRS = """
    CREATE TABLE IF NOT EXISTS pair (
        first TEXT NOT NULL, second INTEGER NOT NULL, PRIMARY KEY (first, second)
    ) WITHOUT ROWID
"""
PARTIAL_INDEX = """
    CREATE UNIQUE INDEX IF NOT EXISTS pair_of_the_day ON pair (second) WHERE first = 'today'
"""


class RowsCases(Cases):
    """One small dialect of SQL: its types, its placeholders, its conflicts."""

    @pytest.fixture
    def everything(self, backend: Backend, database: Database) -> Database:
        def make(tx: Transaction) -> None:
            for statement in (EVERY_KIND, PAIRS, PARTIAL_INDEX):
                tx.execute(statement)

        write(database, make)
        return database

    @pytest.mark.parametrize("count", [0, 1, 2, 100, 1_000, 20_000])
    def test_rows_are_inserted_in_bulk(self, database: Database, count: int) -> None:
        rows = [("n", f"mark {number:05}", float(number), number) for number in range(count)]

        write(database, lambda tx: tx.insert("mark", MARK_COLUMNS, rows))

        assert database.read_now(lambda v: v.query("SELECT * FROM mark ORDER BY name")) == rows

    def test_rows_in_conflict_are_treated_as_the_clause_says(self, database: Database) -> None:
        def insert(value: float, clause: str) -> Callable[[Transaction], None]:
            rows = [("n", "a", value), ("n", "b", value)]
            return lambda tx: tx.insert(
                "mark", ("stream", "name", "value"), rows, on_conflict=clause
            )

        def values(view: Reader) -> list[float]:
            return [value for (value,) in view.query("SELECT value FROM mark ORDER BY name")]

        write(database, insert(1.0, ""))
        write(database, insert(2.0, "ON CONFLICT (stream, name) DO NOTHING"))
        assert database.read_now(values) == [1, 1]

        update = "ON CONFLICT (stream, name) DO UPDATE SET value = excluded.value"
        write(database, insert(3.0, update))
        assert database.read_now(values) == [3, 3]

        with pytest.raises(UniqueViolation) as caught:
            write(database, insert(4.0, ""))
        assert caught.value.key == "mark.stream, mark.name"

    def test_a_row_that_comes_twice_is_updated_twice(self, database: Database) -> None:
        clause = "ON CONFLICT (stream, name) DO UPDATE SET value = mark.value + excluded.value"
        rows = [("n", f"mark {number % 3}", 1.0, number) for number in range(8)]

        write(database, lambda tx: tx.insert("mark", MARK_COLUMNS, rows, on_conflict=clause))

        found = database.read_now(lambda v: v.query("SELECT value FROM mark ORDER BY name"))
        assert found == [(3.0,), (3.0,), (2.0,)]

    def test_a_conflict_in_one_row_of_many_is_told(self, database: Database) -> None:
        rows = [("n", f"mark {number % 999}", 0.5, number) for number in range(1_000)]

        with pytest.raises(UniqueViolation):
            write(database, lambda tx: tx.insert("mark", MARK_COLUMNS, rows))

        assert database.read_now(lambda view: view.query("SELECT COUNT(*) FROM mark")) == [(0,)]

    def test_a_statement_tells_how_many_rows_it_changed(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", text) for text in "abc"])

        def work(tx: Transaction) -> list[int]:
            return [
                tx.execute("UPDATE note SET text = ? WHERE version > ?", ("z", 1)),
                tx.execute("DELETE FROM note WHERE version = 99"),
                tx.execute("CREATE TABLE another (id INTEGER)"),
            ]

        assert write(database, work) == [2, 0, 0]

    def test_every_kind_of_value_comes_back_as_it_was(self, everything: Database) -> None:
        rows = [
            (1, "zero", b"", 0, 0.0),
            (2, "large", bytes(range(256)), 2**63 - 1, 1.7976931348623157e308),
            (3, "small", b"\x00", -(2**63), 5e-324),
            (4, "", None, None, None),
            (5, "tenth", b"\xff\xfe", -1, 0.1),
        ]
        columns = ("id", "name", "body", "number", "share")

        write(everything, lambda tx: tx.insert("everything", columns, rows[:3]))
        for row in rows[3:]:
            write(
                everything,
                lambda tx, row=row: tx.execute(  # type: ignore[misc]  # binds the row
                    "INSERT INTO everything VALUES (?, ?, ?, ?, ?)", row
                ),
            )

        found = everything.read_now(lambda view: view.query("SELECT * FROM everything ORDER BY id"))
        assert found == rows
        assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in rows]

    @pytest.mark.parametrize("text", UNICODE)
    def test_any_text_is_found_by_itself(self, everything: Database, text: str) -> None:
        write(everything, lambda tx: tx.insert("pair", ("first", "second"), [(text, 1), ("z", 2)]))

        found = everything.read_now(
            lambda view: view.query("SELECT first FROM pair WHERE first = ?", (text,))
        )
        assert found == [(text,)]

    def test_text_is_sorted_by_its_bytes(self, everything: Database) -> None:
        names = ["B", "a", "C", "ä", "Z", "_", "1", "10", "2", "a b", "ab", "A", "é", "世", "🦆"]
        rows = [(name, 1) for name in names]
        write(everything, lambda tx: tx.insert("pair", ("first", "second"), rows))

        found = everything.read_now(
            lambda view: view.query("SELECT first FROM pair WHERE first >= ? ORDER BY first", ("",))
        )
        assert [name for (name,) in found] == sorted(names, key=str.encode)

    def test_a_question_or_percent_mark_in_a_text_is_no_placeholder(
        self, everything: Database
    ) -> None:
        def work(tx: Transaction) -> object:
            tx.execute("INSERT INTO pair VALUES ('why? 100 %s', ?)", (1,))
            return tx.query(
                "SELECT first, '?', 7 % 4 FROM pair WHERE first LIKE '%?%' AND second = ?", (1,)
            )

        assert write(everything, work) == [("why? 100 %s", "?", 3)]

    def test_sums_and_counts_of_whole_numbers_are_whole_numbers(self, everything: Database) -> None:
        rows = [(name, number) for number, name in enumerate("abcd")]
        write(everything, lambda tx: tx.insert("pair", ("first", "second"), rows))

        (found,) = everything.read_now(
            lambda view: view.query(
                "SELECT COUNT(*), CAST(SUM(second) AS INTEGER), MAX(second),"
                " CAST(AVG(second) AS REAL), CAST(7 AS INTEGER) / 2 FROM pair"
            )
        )
        assert found == (4, 6, 3, 1.5, 3)
        assert [type(value) for value in found] == [int, int, int, float, int]

    def test_a_length_in_bytes_may_be_asked_for(self, everything: Database) -> None:
        write(everything, lambda tx: tx.insert("pair", ("first", "second"), [("größe", 1)]))

        found = everything.read_now(
            lambda view: view.query("SELECT LENGTH(first), LENGTH(CAST(first AS BLOB)) FROM pair")
        )
        assert found == [(5, 7)]

    def test_a_key_that_is_not_given_counts_up(self, everything: Database) -> None:
        for name in "abc":
            write(
                everything,
                lambda tx, name=name: tx.execute(  # type: ignore[misc]  # binds the name
                    "INSERT INTO everything (name) VALUES (?)", (name,)
                ),
            )

        found = everything.read_now(
            lambda view: view.query("SELECT id, name FROM everything ORDER BY id")
        )
        assert found == [(1, "a"), (2, "b"), (3, "c")]

    def test_a_partial_index_holds_for_its_part(self, everything: Database) -> None:
        statement = "INSERT INTO pair VALUES (?, ?)"

        def insert(first: str, second: int) -> None:
            write(everything, lambda tx: tx.execute(statement, (first, second)))

        insert("today", 1)
        insert("tomorrow", 1)
        with pytest.raises(UniqueViolation):
            insert("today", 1)

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, object(), [1]])
    def test_a_value_that_no_number_column_holds_is_refused(
        self, everything: Database, value: object
    ) -> None:
        with pytest.raises(StoreError) as caught:
            write(
                everything,
                lambda tx: tx.execute(
                    "INSERT INTO everything (id, name, number) VALUES (1, 'x', ?)",
                    (value,),  # type: ignore[arg-type]  # what is refused
                ),
            )

        assert not isinstance(value, int) or isinstance(caught.value, UnstorableValue)

    @pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\x00"])
    def test_text_that_no_column_holds_is_refused(self, everything: Database, text: str) -> None:
        def execute(tx: Transaction) -> None:
            tx.execute("INSERT INTO pair VALUES (?, 1)", (text,))

        def insert(tx: Transaction) -> None:
            tx.insert("pair", ("first", "second"), [("fine", 1), (text, 2)])

        def put(tx: Transaction) -> None:
            tx.put_blobs({bytes(32): text})

        def remember(tx: Transaction) -> None:
            tx.remember(text, b"", b"", 1)

        for work in (execute, insert, put, remember):
            with pytest.raises(UnstorableValue):
                write(everything, work)

        assert everything.read_now(lambda view: view.query("SELECT COUNT(*) FROM pair")) == [(0,)]
        assert everything.read_now(lambda view: (view.stored_blobs(), view.remembered())) == (
            [],
            [],
        )

    def test_a_schema_that_is_there_already_stays(self, backend: Backend) -> None:
        for _ in range(2):
            with backend.open(schema=(*SCHEMA, EVERY_KIND, PAIRS, PARTIAL_INDEX)) as database:
                write(database, lambda tx: tx.execute("INSERT INTO everything (name) VALUES ('x')"))

        with backend.open() as database:
            found = database.read_now(lambda view: view.query("SELECT COUNT(*) FROM everything"))
        assert found == [(2,)]
