"""How deeply a decoded JSON value nests."""

from __future__ import annotations

from typing import Any


def nests_deeper(value: Any, limit: int) -> bool:
    """Say whether there are more than so many levels of objects and lists below a value."""
    level = [value]
    for _ in range(limit):
        below: list[Any] = []
        for entry in level:
            if type(entry) is dict:
                below += entry.values()
            elif type(entry) is list:
                below += entry
        if not below:
            return False
        level = below
    return True
