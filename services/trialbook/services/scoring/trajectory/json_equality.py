"""When two JSON values are the same."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast


def canonical(value: object) -> Hashable:
    """Return a key that is equal for equal JSON values only.

    1 is 1.0 but neither true nor "1", and the order of an object's properties means nothing.
    """
    if isinstance(value, bool):
        # Beside a type, which no list of JSON holds.
        return (bool, value)
    if isinstance(value, dict):
        properties = cast("dict[str, object]", value)
        return frozenset((name, canonical(each)) for name, each in properties.items())
    if isinstance(value, list | tuple):
        return tuple(canonical(each) for each in cast("list[object]", value))
    return value


def same(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same."""
    if type(one) is type(other) and isinstance(one, str | int | float | None):
        return one == other
    return canonical(one) == canonical(other)


def leaves(value: object) -> dict[str, object]:
    """Return the values of an object or a list that hold no others, by JSON Pointer.

    An empty object or list is a leaf itself, and so is a value that is neither.
    """
    found: dict[str, object] = {}
    pending: list[tuple[str, object]] = [("", value)]
    while pending:
        place, each = pending.pop()
        inner = _members(each)
        if inner:
            pending += [(f"{place}/{name}", member) for name, member in inner]
        else:
            found[place] = each
    return found


def at(value: object, pointer: str) -> tuple[bool, object]:
    """Return whether there is a value at a JSON Pointer, and the value."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = cast("dict[str, object]", value)[name]
        elif isinstance(value, list) and _is_index(name, len(cast("list[object]", value))):
            value = cast("list[object]", value)[int(name)]
        else:
            return False, None
    return True, value


def _is_index(name: str, length: int) -> bool:
    return name.isdecimal() and len(name) <= len(str(length)) and int(name) < length


def escaped(name: str) -> str:
    """Return a property's name as a part of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _members(value: object) -> list[tuple[str, object]]:
    """Return what an object or a list holds, by the parts of a JSON Pointer."""
    if isinstance(value, dict):
        properties = cast("dict[str, object]", value)
        return [(escaped(name), each) for name, each in properties.items()]
    if isinstance(value, list | tuple):
        entries = cast("list[object]", value)
        return [(str(index), each) for index, each in enumerate(entries)]
    return []
