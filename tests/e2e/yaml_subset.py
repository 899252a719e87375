"""Reads the YAML of the files in deploy/ci: mappings, lists, texts on one line, and `|` blocks.

Anything else, such as an anchor or a flow mapping, is refused: the files do without.
"""

from __future__ import annotations

import json
import re
from typing import Any

KEY = re.compile(r"([A-Za-z0-9._-]+):(?: (.*))?")
REFUSED = tuple("&*!|>%@`[{,")


def read_yaml(text: str) -> Any:
    """Return what a document says. Raises ValueError for what is outside the subset."""
    lines = text.splitlines()
    if any("\t" in line for line in lines):
        raise ValueError("YAML is not indented by tabs")
    value, rest = _value(lines, 0)
    if _skipped(rest):
        raise ValueError(f"left over: {rest[0]!r}")
    return value


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _skipped(lines: list[str]) -> list[str]:
    """Leave out blank lines and comments before what comes next."""
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith("#")):
        lines = lines[1:]
    return lines


def _value(lines: list[str], at_least: int) -> tuple[Any, list[str]]:
    lines = _skipped(lines)
    if not lines or _indent(lines[0]) < at_least:
        return None, lines
    indent = _indent(lines[0])
    if lines[0].lstrip().startswith("- "):
        return _list(lines, indent)
    return _mapping(lines, indent)


def _list(lines: list[str], indent: int) -> tuple[list[Any], list[str]]:
    members: list[Any] = []
    member: Any
    while lines and _indent(lines[0]) == indent and lines[0].lstrip().startswith("- "):
        content = lines[0].lstrip()[2:]
        if KEY.fullmatch(content):
            # The first pair of a mapping stands on the line of the dash.
            member, lines = _mapping([" " * (indent + 2) + content, *lines[1:]], indent + 2)
        else:
            member, lines = _scalar(content, lines[1:], indent)
        members.append(member)
        lines = _skipped(lines)
    return members, lines


def _mapping(lines: list[str], indent: int) -> tuple[dict[str, Any], list[str]]:
    pairs: dict[str, Any] = {}
    while lines and _indent(lines[0]) == indent:
        parts = KEY.fullmatch(lines[0].strip())
        if parts is None or parts[1] in pairs:
            raise ValueError(f"no pair, or a second one of its key: {lines[0]!r}")
        if parts[2]:
            pairs[parts[1]], lines = _scalar(parts[2], lines[1:], indent)
        else:
            pairs[parts[1]], lines = _value(lines[1:], indent + 1)
        lines = _skipped(lines)
    if lines and _indent(lines[0]) > indent:
        raise ValueError(f"indented too far: {lines[0]!r}")
    return pairs, lines


def _scalar(text: str, lines: list[str], indent: int) -> tuple[str, list[str]]:
    if text == "|":
        return _block(lines, indent)
    if text.startswith('"'):
        return json.loads(text), lines
    if text.startswith(REFUSED) or ": " in text or " #" in text or text.endswith(":"):
        raise ValueError(f"not in the subset: {text!r}")
    return text, lines


def _block(lines: list[str], indent: int) -> tuple[str, list[str]]:
    size = 0
    while size < len(lines) and (not lines[size].strip() or _indent(lines[size]) > indent):
        size += 1
    block = lines[:size]
    inner = min(_indent(line) for line in block if line.strip())
    return "\n".join(line[inner:] for line in block).rstrip("\n") + "\n", lines[size:]
