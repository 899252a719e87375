"""Regular expressions that take linear time, whatever the pattern and the text."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

MAXIMUM_PATTERN_LENGTH = 4096
"""How many code points a pattern may have."""

_MAXIMUM_PROGRAM_BYTES = 1 << 20


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object | None:
        """Return a match anywhere in ``text``, or ``None``."""
        ...


class InvalidPattern(Exception):
    """A pattern that cannot be used; the text says why."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, *, case_sensitive: bool = True) -> Pattern:
    r"""Compile a pattern in RE2 syntax. Raise `InvalidPattern` if it is too long or malformed.

    RE2 has no look-around and no back-references, since these cannot be had in linear time;
    ``\d``, ``\w`` and ``\s`` mean ASCII.
    """
    if len(pattern) > MAXIMUM_PATTERN_LENGTH:
        raise InvalidPattern(f"it has more than {MAXIMUM_PATTERN_LENGTH} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAXIMUM_PROGRAM_BYTES
    options.case_sensitive = case_sensitive
    try:
        return cast("Pattern", re2.compile(pattern, options))
    except re2.error as error:
        raise InvalidPattern(_explain(error)) from error


def _explain(error: Exception) -> str:
    detail: object = error.args[0] if error.args else ""
    said = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    return (
        f"{said} (RE2 syntax, which runs in linear time and so has no look-around "
        "and no back-references)"
    )
