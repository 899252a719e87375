"""What differs between two JSON texts, part by part, with the texts of the parts as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from trialbook.services.domain.canonical import canonical_json

DEEPEST = 32
"""Levels that are entered; what lies deeper is compared as a whole."""

_WHITE_SPACE = " \t\r\n"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_arrays = msgspec.json.Decoder(list[msgspec.Raw])


class Change(msgspec.Struct, frozen=True):
    """One part that differs: its path, and its texts; None on the side that does not have it."""

    path: str
    before: str | None
    after: str | None


def differences(
    path: str, before: str | None, after: str | None, *, depth: int = 0
) -> Iterator[Change]:
    """Yield what differs between two checked JSON texts. Objects and arrays are entered.

    Equal values are equal, however they are written; an absent value and `null` are not.
    """
    if before == after:
        return
    if before is None or after is None:
        yield Change(path, before, after)
        return
    kind = _kind(before)
    if kind != _kind(after) or kind not in "{[" or depth >= DEEPEST:
        if canonical_json(before) != canonical_json(after):
            yield Change(path, before.strip(_WHITE_SPACE), after.strip(_WHITE_SPACE))
        return
    parts = _members if kind == "{" else _elements
    for name, old, new in parts(before, after):
        yield from differences(path + name, old, new, depth=depth + 1)


def _kind(text: str) -> str:
    return text.lstrip(_WHITE_SPACE)[:1]


def _members(before: str, after: str) -> Iterator[tuple[str, str | None, str | None]]:
    old, new = _objects.decode(before), _objects.decode(after)
    for key in {**old, **new}:
        yield member(key), _text(old.get(key)), _text(new.get(key))


def _elements(before: str, after: str) -> Iterator[tuple[str, str | None, str | None]]:
    pairs = zip_longest(_arrays.decode(before), _arrays.decode(after))
    for place, (old, new) in enumerate(pairs):
        yield f"[{place}]", _text(old), _text(new)


def member(key: str) -> str:
    """Return what a path goes on with to a member of an object."""
    if _PLAIN_KEY.fullmatch(key):
        return f".{key}"
    return f"[{msgspec.json.encode(key).decode()}]"


def _text(raw: msgspec.Raw | None) -> str | None:
    return None if raw is None else bytes(raw).decode()
