"""What can be told of a statement by its text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_CACHED = 2_048

_TOKEN = re.compile(
    r"'(?:[^']|'')*' | --[^\n]* | /\*.*?\*/ | (?P<word>[A-Za-z_]\w*)", re.VERBOSE | re.DOTALL
)
_DROPPED_TABLE = re.compile(r"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?(\w+)\s*;?\s*", re.IGNORECASE)
_SCHEMA_CHANGE = re.compile(r"\s*(?:CREATE|ALTER|DROP)\b", re.IGNORECASE)
_READING = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_PLAIN_INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+(\w+)\s*(?:\(([\w\s,]+)\)\s*)?VALUES\s*\(\s*\?(?:\s*,\s*\?)*\s*\)\s*",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """A statement as the database takes it, and what is known of it."""

    text: str
    words: frozenset[str]
    """The words in it, lower case: among them each table that it touches."""
    reads_only: bool
    changes_schema: bool
    dropped_table: str | None


class PlainInsert(NamedTuple):
    """What ``INSERT INTO table (columns) VALUES (?, …)`` inserts into."""

    table: str
    columns: tuple[str, ...]
    """Empty where the statement names none and means all."""


@lru_cache(_CACHED)
def described(sql: str) -> Statement:
    """Return a statement as it is, with what is known of it."""
    words = (token.group("word") for token in _TOKEN.finditer(sql))
    dropped = _DROPPED_TABLE.fullmatch(sql)
    return Statement(
        sql,
        frozenset(word.lower() for word in words if word),
        _READING.match(sql) is not None,
        _SCHEMA_CHANGE.match(sql) is not None,
        dropped.group(1).lower() if dropped else None,
    )


@lru_cache(_CACHED)
def plain_insert(sql: str) -> PlainInsert | None:
    """Return what a statement inserts one row into; None if it does or says anything else."""
    found = _PLAIN_INSERT.fullmatch(sql)
    if found is None:
        return None
    columns = found.group(2) or ""
    return PlainInsert(
        found.group(1), tuple(part.strip() for part in columns.split(",") if part.strip())
    )
