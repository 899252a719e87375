from __future__ import annotations

import pytest

from trialbook.eventstore.postgres.dialect import translate

pytestmark = pytest.mark.unit


def translated(sql: str) -> str:
    return " ".join(translate(sql).text.split())


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t WHERE b = ? AND c IN (?, ?)", "… b = $1 AND c IN ($2, $3)"),
        ("SELECT '?', \"?\" FROM t WHERE a = ? -- ?", "SELECT '?', \"?\" FROM t WHERE a = $1 -- ?"),
        ("SELECT 'it''s ?' /* ? */, ?", "SELECT 'it''s ?' /* ? */, $1"),
        ("SELECT a FROM t WHERE b LIKE '50%' AND c % 2 = ?", "… LIKE '50%' AND c % 2 = $1"),
        ("SELECT CAST(a AS TEXT), CAST(b AS INTEGER)", "SELECT CAST(a AS TEXT), CAST(b AS BIGINT)"),
        ("SELECT CAST(a AS REAL)", "SELECT CAST(a AS DOUBLE PRECISION)"),
        ("SELECT LENGTH(CAST(t.a AS BLOB)) FROM t", "SELECT octet_length(t.a) FROM t"),
        ("SELECT length ( cast(a as blob) )", "SELECT octet_length(a)"),
        ("SELECT x'00ff', X''", r"SELECT '\x00ff'::bytea, '\x'::bytea"),
        ("DELETE FROM t WHERE rowid IN (SELECT rowid FROM t)", "… ctid IN (SELECT ctid FROM t)"),
        ("SELECT hash FROM blob WHERE text = ?", "SELECT hash FROM blob WHERE text = $1"),
    ],
)
def test_a_query_is_translated(sql: str, expected: str) -> None:
    assert translated(sql).endswith(expected.removeprefix("… "))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("a INTEGER NOT NULL", "a BIGINT NOT NULL"),
        ("a TEXT", 'a TEXT COLLATE "C"'),
        ("text TEXT NOT NULL", 'text TEXT COLLATE "C" NOT NULL'),
        ("a BLOB", "a BYTEA"),
        ("a REAL", "a DOUBLE PRECISION"),
        ("a TEXT DEFAULT 'TEXT'", "a TEXT COLLATE \"C\" DEFAULT 'TEXT'"),
        ("number INTEGER PRIMARY KEY", "number BIGINT PRIMARY KEY DEFAULT next_number('t')"),
        (
            "number integer primary key autoincrement",
            "number BIGINT PRIMARY KEY DEFAULT next_number('t')",
        ),
    ],
)
def test_a_column_is_translated(column: str, expected: str) -> None:
    assert translated(f"CREATE TABLE T ({column})") == f"CREATE TABLE T ({expected})"


def test_a_table_may_bear_the_name_of_a_type() -> None:
    assert translated("CREATE TABLE IF NOT EXISTS blob (text TEXT)").startswith(
        "CREATE TABLE IF NOT EXISTS blob (text TEXT "
    )
    assert translated("ALTER TABLE blob ADD COLUMN text TEXT") == (
        'ALTER TABLE blob ADD COLUMN text TEXT COLLATE "C"'
    )
    assert translated("CREATE INDEX i ON text (blob)") == "CREATE INDEX i ON text (blob)"


def test_what_only_sqlite_needs_drops_out() -> None:
    assert (
        translated("CREATE TABLE t (a TEXT) WITHOUT ROWID") == 'CREATE TABLE t (a TEXT COLLATE "C")'
    )


def test_what_a_statement_does_is_told_of_the_original() -> None:
    statement = translate("DROP TABLE IF EXISTS Note")

    assert statement.changes_schema
    assert statement.dropped_table == "note"
    assert "note" in statement.words
