"""Equality of decoded JSON values as AGNT5 has it outside its assertion language."""

from __future__ import annotations

from typing import cast


def same_json(left: object, right: object) -> bool:
    """Tell whether two values are equal by structure and by type: 1 does not equal 1.0."""
    pending = [(left, right)]
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            fields, others = cast("dict[str, object]", one), cast("dict[str, object]", other)
            if fields.keys() != others.keys():
                return False
            pending += [(value, others[name]) for name, value in fields.items()]
        elif isinstance(one, list):
            elements, their = cast("list[object]", one), cast("list[object]", other)
            if len(elements) != len(their):
                return False
            pending += zip(elements, their, strict=True)
        elif one != other:
            return False
    return True
