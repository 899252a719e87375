"""Parts of JSON texts by their paths, without building the rest."""

from __future__ import annotations

import re

import msgspec

Path = tuple[str | int, ...]

_STEP = re.compile(
    r"""\.(?P<key>[^.\[\]"]+) | \[(?P<place>[0-9]{1,9})\] | \[(?P<text>"(?:[^"\\]|\\.)*")\]""",
    re.VERBOSE,
)
_NAME = re.compile(r"[a-z_]+")
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_arrays = msgspec.json.Decoder(list[msgspec.Raw])
_texts = msgspec.json.Decoder(str)


def parse_path(text: str) -> tuple[str, Path] | None:
    """Return the field and the steps of a path such as `input.messages[2].content`.

    None if it is no path. A step that is digits alone (`messages.2`) is a key or a place.
    """
    name = _NAME.match(text)
    if name is None:
        return None
    steps: list[str | int] = []
    at = name.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return None
        try:
            steps.append(_step(step))
        except msgspec.MsgspecError:
            return None
        at = step.end()
    return name.group(), tuple(steps)


def _step(found: re.Match[str]) -> str | int:
    if found["place"] is not None:
        return int(found["place"])
    return found["key"] if found["key"] is not None else _texts.decode(found["text"])


def part_of(text: str | None, path: Path) -> str | None:
    """Return the text of what lies at a path of a checked JSON text; None if nothing does."""
    for step in path:
        if text is None:
            return None
        text = _inside(text.lstrip(" \t\r\n"), step)
    return text


def _inside(text: str, step: str | int) -> str | None:
    if text.startswith("{"):
        found = _objects.decode(text).get(str(step))
    elif text.startswith("[") and (place := str(step)).isdecimal() and place.isascii():
        elements = _arrays.decode(text)
        found = elements[int(place)] if int(place) < len(elements) else None
    else:
        return None
    return None if found is None else bytes(found).decode()
