"""Markdown tables of texts that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

LONGEST_CELL = 300
# What could be taken for markup, a mention, a link, an HTML tag or the border of a cell.
_SPECIAL = re.compile(r"([\\`*_\[\]<#|~&@]|:(?=//))")


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, with a blank line before it."""
    yield f"\n| {' | '.join(headings)} |\n"
    yield f"|{'---|' * len(headings)}\n"
    for row in rows:
        yield f"| {' | '.join(map(markdown_text, row))} |\n"


def markdown_text(text: str) -> str:
    """Return a text on one line, cut if it is long, in which nothing is taken for markup."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(flat) > LONGEST_CELL:
        flat = flat[: LONGEST_CELL - 1] + "…"
    return _SPECIAL.sub(r"\\\1", flat)
