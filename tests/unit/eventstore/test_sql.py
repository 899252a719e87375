from __future__ import annotations

import pytest

from trialbook.eventstore.sql import described, plain_insert

pytestmark = pytest.mark.unit


def test_the_words_of_a_statement_name_its_tables() -> None:
    words = described("SELECT a.x FROM Item a JOIN run_work ON a.run = run_work.run").words

    assert {"item", "run_work"} <= words


def test_what_is_quoted_or_a_comment_names_nothing() -> None:
    words = described("SELECT 'from item''s' -- run\n FROM task /* score */ WHERE 1").words

    assert words == {"select", "from", "task", "where"}


@pytest.mark.parametrize(
    ("sql", "reads_only", "changes_schema"),
    [
        ("SELECT 1", True, False),
        ("\n  select 1", True, False),
        ("UPDATE t SET a = 1 RETURNING a", False, False),
        ("WITH x AS (SELECT 1) DELETE FROM t", False, False),
        ("CREATE INDEX i ON t (a)", False, True),
        ("  drop table t", False, True),
        ("ALTER TABLE t ADD COLUMN a TEXT", False, True),
        ("PRAGMA synchronous", False, False),
    ],
)
def test_a_statement_is_known_by_its_first_word(
    sql: str, reads_only: bool, changes_schema: bool
) -> None:
    statement = described(sql)

    assert (statement.reads_only, statement.changes_schema) == (reads_only, changes_schema)


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("DROP TABLE Note", "note"),
        ("drop table if exists note ;", "note"),
        ("DROP INDEX note", None),
        ("CREATE TABLE note (a TEXT)", None),
    ],
)
def test_a_dropped_table_is_named(sql: str, table: str | None) -> None:
    assert described(sql).dropped_table == table


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("INSERT INTO note VALUES (?)", ()),
        ("INSERT INTO note VALUES (?, ?, ?)", ()),
        (" insert into note (a, b)\n values ( ? ,? ) ", ("a", "b")),
    ],
)
def test_a_row_that_is_only_inserted_is_recognised(sql: str, columns: tuple[str, ...]) -> None:
    found = plain_insert(sql)

    assert found is not None
    assert (found.table, found.columns) == ("note", columns)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO note VALUES (?, 0)",
        "INSERT INTO note VALUES (?), (?)",
        "INSERT INTO note VALUES (?) ON CONFLICT DO NOTHING",
        "INSERT INTO note VALUES (?) RETURNING a",
        "INSERT INTO note SELECT ?",
        "UPDATE note SET a = ?",
    ],
)
def test_an_insert_that_does_more_is_not_taken_for_a_plain_one(sql: str) -> None:
    assert plain_insert(sql) is None
