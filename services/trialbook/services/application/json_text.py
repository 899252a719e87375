"""Checks JSON texts without building their values, so that they can be kept byte for byte."""

from __future__ import annotations

import msgspec

from trialbook.services.domain.errors import Violation

PAYLOAD_LIMIT = 1024 * 1024
"""Bytes of UTF-8 that a payload may have."""
METADATA_LIMIT = 64 * 1024
"""Bytes of UTF-8 that a resource's own metadata may have."""
OPTIONS_LIMIT = 256 * 1024
"""Bytes of UTF-8 that options, a context or metadata of a run may have."""
NESTING_LIMIT = 128
"""Levels of nesting that a payload may have."""

_syntax = msgspec.json.Decoder(msgspec.Raw)
_OPENING, _CLOSING = "[{", "]}"


def check_json(
    path: str, text: str, *, limit: int = PAYLOAD_LIMIT, must_be_object: bool = False
) -> list[Violation]:
    """Return what is wrong with a JSON text; nothing if it is fine."""
    if len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit):
        return [_bad(path, f"is larger than {limit:,} bytes; make it smaller")]
    try:
        _syntax.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return [_bad(path, f"is not JSON ({_detail(error)}); send RFC 8259 text")]
    except RecursionError:
        return [_too_deep(path)]
    if _may_be_deep(text) and nesting(text) > NESTING_LIMIT:
        return [_too_deep(path)]
    if must_be_object and not text.lstrip(" \t\r\n").startswith("{"):
        return [Violation(path, "must be a JSON object, such as {}")]
    return []


def _too_deep(path: str) -> Violation:
    return _bad(path, f"is nested deeper than {NESTING_LIMIT} levels; make it flatter")


def _bad(path: str, message: str) -> Violation:
    return Violation(path, message, "INVALID_JSON")


def _detail(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")


def _may_be_deep(text: str) -> bool:
    return text.count("[") + text.count("{") > NESTING_LIMIT


def nesting(text: str) -> int:
    """Return the depth of a valid JSON text; brackets inside strings do not count."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif character in _CLOSING:
            depth -= 1
    return deepest
