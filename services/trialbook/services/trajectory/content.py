"""Values as instrumentation writes them: JSON inside of text, and the wrappings of frameworks."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.trajectory.nesting import nests_deeper

_FIRST_OF_JSON = frozenset('{["-0123456789tfn')
_MAX_DEPTH = 100
_DECODE = msgspec.json.Decoder().decode
_OF_A_CALLBACK = frozenset({"kwargs", "tags", "metadata"})
_ERRORS = frozenset({"error", "failed", "failure"})


class Unwrapped(msgspec.Struct):
    """A value without its wrapping, and what the wrapping told beside it."""

    value: Any
    call_id: str | None = None
    failed: bool | None = None


def word(value: Any) -> str:
    """Return a text as it is, and the empty one for anything else."""
    return value if type(value) is str else ""


def decoded(value: Any) -> Any:
    """Return what JSON inside of a text says, twice at most; anything else as it is.

    A text whose JSON nests deeper than 100 levels stays a text: what reads it may not go so deep.
    """
    for _ in range(2):
        if type(value) is not str or not value or value[0] not in _FIRST_OF_JSON:
            return value
        try:
            found = _DECODE(value)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return value
        if value.count("[") + value.count("{") > _MAX_DEPTH and nests_deeper(found, _MAX_DEPTH):
            return value
        value = found
    return value


def unwrapped_args(value: Any) -> Unwrapped:
    """Take a tool's arguments out of what the callbacks of frameworks put around them."""
    value = decoded(value)
    if type(value) is not dict:
        return Unwrapped(value)
    if "input_str" in value:
        kwargs = value.get("kwargs")
        call_id = kwargs.get("tool_call_id") if type(kwargs) is dict else None
        inner = value.get("inputs")
        return Unwrapped(decoded(value["input_str"]) if inner is None else inner, call_id)
    if value.keys() == {"args", "kwargs"}:
        if not value["args"] and type(value["kwargs"]) is dict:
            return Unwrapped(value["kwargs"])
    elif type(value.get("args")) is dict and value.get("type") == "tool_call":
        return Unwrapped(value["args"], _text(value.get("id")))
    return Unwrapped(value)


def unwrapped_run(value: Any, field: str) -> Any:
    """Take what went into a run, or came out of it, out of the data of a framework's callback."""
    value = decoded(value)
    if type(value) is dict and field in value and value.keys() <= {field, *_OF_A_CALLBACK}:
        return value[field]
    return value


def unwrapped_output(value: Any) -> Unwrapped:
    """Take a tool's result out of messages, and out of lists that hold nothing but one text."""
    result = Unwrapped(decoded(value))
    for _ in range(6):
        inner = _inside(result)
        if inner is result.value:
            break
        result.value = decoded(inner)
    return result


def _inside(result: Unwrapped) -> Any:
    value = result.value
    if type(value) is list:
        return _only_text(value)
    if type(value) is not dict:
        return value
    if value.keys() == {"output"} and type(value["output"]) is dict:
        return value["output"]
    if "output" in value and value.keys() <= {"output", *_OF_A_CALLBACK}:
        return value["output"]
    for wrapping in ("kwargs", "data"):
        inner = value.get(wrapping)
        if type(inner) is dict and "content" in inner and "type" in value:
            return {**inner, "type": "tool"}
    if "content" in value and _is_message(value):
        result.call_id = result.call_id or _text(value.get("tool_call_id"))
        if value.get("isError") is True or value.get("is_error") is True:
            result.failed = True
        if word(value.get("status")) in _ERRORS:
            result.failed = True
        return value["content"]
    return value


def _is_message(value: dict[str, Any]) -> bool:
    return (
        "tool_call_id" in value
        or value.get("type") in ("tool", "ToolMessage")
        or value.get("role") == "tool"
        or "isError" in value
        or "is_error" in value
    )


def _only_text(value: list[Any]) -> Any:
    if len(value) != 1 or type(value[0]) is not dict:
        return value
    part = value[0]
    if part.keys() == {"text"} or (part.get("type") == "text" and type(part.get("text")) is str):
        return part["text"]
    if part.keys() == {"json"}:
        return part["json"]
    return value


def _text(value: Any) -> str | None:
    return value if type(value) is str and value else None
