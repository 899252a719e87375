"""JSON Pointers (RFC 6901): the parts of JSON texts that they name, kept byte for byte."""

from __future__ import annotations

import re

import msgspec

Pointer = tuple[str, ...]
"""The reference tokens of a pointer, unescaped; none for the whole document."""

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_PLACE = re.compile(r"0|[1-9][0-9]{0,8}")
_WHITE_SPACE = " \t\r\n"
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_arrays = msgspec.json.Decoder(list[msgspec.Raw])


def parse_pointer(text: str) -> Pointer | None:
    """Return the tokens of a pointer such as `/answer/0`; None if it is none."""
    if not _POINTER.fullmatch(text):
        return None
    return tuple(
        token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:] if text
    )


def pointed(text: str, pointer: Pointer) -> str | None:
    """Return the part of a valid JSON text that a pointer names; None if there is no such part."""
    for token in pointer:
        found = _inside(text.lstrip(_WHITE_SPACE), token)
        if found is None:
            return None
        text = found
    return text


def _inside(text: str, token: str) -> str | None:
    found: msgspec.Raw | None = None
    if text.startswith("{"):
        found = _objects.decode(text).get(token)
    elif text.startswith("[") and _PLACE.fullmatch(token):
        elements, place = _arrays.decode(text), int(token)
        found = elements[place] if place < len(elements) else None
    return None if found is None else bytes(found).decode()
