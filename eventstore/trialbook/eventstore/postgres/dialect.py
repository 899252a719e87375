"""The store's SQL, which is SQLite's, in PostgreSQL's words.

Statements are written once, with ``?`` for values and SQLite's types. Only what our statements
use is translated; what lies between quotes, and comments, stay as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

from trialbook.eventstore.sql import Statement, described

_CACHED = 2_048

_TOKEN = re.compile(
    r"""
    (?P<blob>\b[xX]'(?P<hex>[0-9A-Fa-f]*)')
    | (?P<kept>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/)
    | (?P<value>\?)
    | (?P<bytes>\bLENGTH\s*\(\s*CAST\s*\(\s*(?P<measured>[\w.]+)\s+AS\s+BLOB\s*\)\s*\))
    | (?P<rowless>\bWITHOUT\s+ROWID\b)
    | (?P<numbered>\bINTEGER\s+(?:NOT\s+NULL\s+)?PRIMARY\s+KEY(?:\s+AUTOINCREMENT)?\b)
    | (?P<word>\b[A-Za-z_][A-Za-z0-9_]*\b)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}
_COLUMN_TYPES = {**_TYPES, "TEXT": 'TEXT COLLATE "C"'}
# After these comes a name, even if it is a type's: a table may be called blob, a column text.
_BEFORE_NAMES = {"TABLE", "EXISTS", "ON", "COLUMN", "ADD", "INTO", "FROM"}
_DEFINITION = re.compile(r"\s*(?:CREATE\s+TABLE|ALTER\s+TABLE)\b", re.IGNORECASE)
_TABLE = re.compile(
    r"\s*(?:CREATE|ALTER|DROP)\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(\w+)", re.IGNORECASE
)


@lru_cache(_CACHED)
def translate(sql: str) -> Statement:
    """Return ``sql`` in PostgreSQL's words, with what is known of it."""
    return described(sql)._replace(text=_TOKEN.sub(_Translation(sql).of, sql))


class _Translation:
    """Translates the tokens of one statement, in order."""

    def __init__(self, sql: str) -> None:
        named = _TABLE.match(sql)
        self._table = named.group(1).lower() if named else ""
        self._defines = _DEFINITION.match(sql) is not None
        self._values = 0
        self._word_before = ""
        self._word_end = -1

    def of(self, token: re.Match[str]) -> str:
        """Return what takes a token's place."""
        match token.lastgroup:
            case "value":
                self._values += 1
                return f"${self._values}"
            case "blob":
                return f"'\\x{token.group('hex')}'::bytea"
            case "bytes":
                return f"octet_length({token.group('measured')})"
            case "rowless":
                return ""
            case "numbered":
                return f"BIGINT PRIMARY KEY DEFAULT next_number('{self._table}')"
            case "word":
                return self._word(token)
        return token.group()

    def _word(self, token: re.Match[str]) -> str:
        word = token.group()
        between = token.string[self._word_end : token.start()] if self._word_end >= 0 else "("
        before = self._word_before if not between.strip() else ""
        self._word_before, self._word_end = word.upper(), token.end()
        if word.upper() == "ROWID":
            return "ctid"
        if self._defines and before and before not in _BEFORE_NAMES:
            return _COLUMN_TYPES.get(word.upper(), word)
        return _TYPES.get(word.upper(), word) if before == "AS" else word
