"""JSON on the command line and in the files that it names, kept byte for byte."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from trialbook.client import Json
from trialbook.services.cli.failures import CommandFailure

_BEGINNINGS = tuple('{["')


def read_json(path: str) -> Json:
    """Return the JSON document of a file; `-` is standard input. Raises CommandFailure."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        if path[:1] not in _BEGINNINGS:
            raise
        raise CommandFailure(
            f"{path[:40]!r} is no file",
            hint="JSON itself is given by --set, as in --set input=JSON",
        ) from error
    return parse_json(data, "standard input" if path == "-" else path)


def json_object(text: str, option: str) -> Json:
    """Return the JSON object of an option, or of the `@FILE` it names. Raises CommandFailure."""
    value = read_json(text[1:]) if text.startswith("@") else parse_json(text, option)
    if not isinstance(msgspec.json.decode(value.text), dict):
        raise CommandFailure(f'{option} is not a JSON object, such as {{"temperature": 0}}')
    return value


def parse_json(data: bytes | str, name: str, hint: str = "") -> Json:
    """Return JSON text without the spaces around it; `name` says in errors what it is of."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise CommandFailure(f"{name} is not JSON: {error}", hint=hint) from error
    return Json(text.strip())
