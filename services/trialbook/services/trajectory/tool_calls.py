"""Calls of tools, and their results, as the messages of models hold them, in any of many shapes.

Read are the parts of OpenTelemetry and of the Vercel AI SDK, the tool calls of OpenAI's Chat
Completions, the items of its Responses, the content blocks of Anthropic, of Bedrock and of Gemini,
and LangChain's messages with the constructors and generations around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from trialbook.services.trajectory.content import decoded, unwrapped_output, word

_CALLS = frozenset(
    {"tool_call", "tool-call", "tool_use", "server_tool_use", "mcp_tool_use", "function_call"}
)
_RESULTS = frozenset(
    {
        "tool_call_response",
        "tool-result",
        "tool_result",
        "mcp_tool_result",
        "function_call_output",
    }
)
_CALLS_AND_RESULTS = _CALLS | _RESULTS
_CONTAINERS = frozenset(
    {
        "messages",
        "message",
        "parts",
        "content",
        "contents",
        "body",
        "tool_calls",
        "toolCalls",
        "tool_call",
        "generations",
        "choices",
        "kwargs",
        "data",
        "output",
        "outputs",
        "input",
        "inputs",
        "items",
        "additional_kwargs",
    }
)
_NESTING = frozenset({list, dict})
_ERRORS = frozenset({"error", "failed", "failure", "error-text", "error-json"})
_MOST_VALUES = 20_000


class ToolCall(msgspec.Struct):
    """A call of a tool that a model asked for. `args` is UNSET where they were not captured."""

    name: str
    args: Any
    call_id: str | None


class ToolResult(msgspec.Struct):
    """What a model was told that a call came to."""

    call_id: str | None
    name: str | None
    output: Any
    failed: bool


def tool_calls(value: Any) -> list[ToolCall]:
    """Return the calls of tools in messages, each once, in their order."""
    found: list[ToolCall] = []
    seen: set[str] = set()
    for part in _values(value):
        call = read_call(part)
        if call is None or (call.call_id is not None and call.call_id in seen):
            continue
        if call.call_id is not None:
            seen.add(call.call_id)
        found.append(call)
    return found


def tool_results(value: Any) -> list[ToolResult]:
    """Return the results of calls in messages, in their order."""
    return [result for part in _values(value) if (result := read_result(part)) is not None]


def read_call(part: dict[str, Any]) -> ToolCall | None:
    """Return the call that this part of a message is, None if it is none."""
    kind = word(part.get("type"))
    function = part.get("function")
    if type(function) is dict:
        return _call(function.get("name"), function, part.get("id"))
    if kind in _CALLS:
        call_id = part.get("call_id") or part.get("toolCallId") or part.get("id")
        return _call(part.get("name") or part.get("toolName"), part, call_id)
    if kind.startswith("tool-") and "toolCallId" in part:
        return _call(kind[len("tool-") :], part, part["toolCallId"])
    if "toolCallId" in part and "toolName" in part and kind not in _RESULTS:
        return _call(part["toolName"], part, part["toolCallId"])
    for wrapping in ("toolUse", "function_call", "functionCall"):
        inner = part.get(wrapping)
        if type(inner) is dict:
            return _call(inner.get("name"), inner, inner.get("toolUseId") or inner.get("id"))
    if "arguments" in part or ("args" in part and "id" in part):
        return _call(part.get("name"), part, part.get("id"))
    return None


def read_result(part: dict[str, Any]) -> ToolResult | None:
    """Return the result of a call that this part of a message is, None if it is none."""
    kind = word(part.get("type"))
    if kind in _RESULTS:
        call_id = (
            part.get("call_id")
            or part.get("toolCallId")
            or part.get("tool_use_id")
            or part.get("id")
        )
        for field in ("response", "result", "output", "content"):
            if field in part:
                return _result(part, part[field], call_id)
        return _result(part, msgspec.UNSET, call_id)
    for wrapping in ("toolResult", "function_response", "functionResponse"):
        inner = part.get(wrapping)
        if type(inner) is dict:
            given = inner.get("content", inner.get("response", msgspec.UNSET))
            return _result(inner, given, inner.get("toolUseId") or inner.get("id"))
    if part.get("role") == "tool" or kind == "tool" or "tool_call_id" in part:
        call_id = part.get("tool_call_id") or part.get("id")
        if "content" in part and type(call_id) is str:
            return _result(part, part["content"], call_id)
    elif part.keys() == {"id", "content"} and type(part["id"]) is str:
        return _result(part, part["content"], part["id"])
    return None


def numbered(attributes: dict[str, Any], prefixes: tuple[str, ...]) -> list[Any]:
    """Put numbered attributes (`prefix.0.a.1.b`) together to the lists and maps that they were."""
    root: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(prefixes):
            continue
        for prefix in prefixes:
            if key.startswith(prefix):
                _put(root, key[len(prefix) :].split("."), value)
    made = _as_list(root)
    return made if isinstance(made, list) else []


def _put(root: dict[str, Any], path: list[str], value: Any) -> None:
    at = root
    for segment in path[:-1]:
        inner = at.get(segment)
        if type(inner) is not dict:
            inner = at[segment] = {}
        at = inner
    at.setdefault(path[-1], value)


def _as_list(made: Any, depth: int = 0) -> Any:
    if type(made) is not dict or depth > 32:
        return made
    if made and all(key.isdecimal() and len(key) < 10 for key in made):
        ordered = sorted(made.items(), key=lambda entry: int(entry[0]))
        return [_as_list(value, depth + 1) for _, value in ordered]
    return {key: _as_list(value, depth + 1) for key, value in made.items()}


def _values(value: Any) -> Iterator[dict[str, Any]]:
    """Go through all objects that may be messages or parts, in order, bounded."""
    stack = [decoded(value)]
    left = _MOST_VALUES
    while stack and left:
        left -= 1
        at = stack.pop()
        if type(at) is list:
            stack += reversed(at)
        elif type(at) is dict:
            yield at
            if word(at.get("type")) not in _CALLS_AND_RESULTS:
                _push(stack, at)


def _push(stack: list[Any], at: dict[str, Any]) -> None:
    inner = [
        value
        for field, value in at.items()
        if field in _CONTAINERS
        and type(value) in _NESTING
        and not (field == "additional_kwargs" and at.get("tool_calls"))
    ]
    if inner:
        inner.reverse()
        stack += inner


def _call(name: Any, given: dict[str, Any], call_id: Any) -> ToolCall | None:
    if type(name) is not str or not name:
        return None
    args: Any = msgspec.UNSET
    for field in ("arguments", "args", "input", "rawInput", "parameters"):
        if field in given:
            args = decoded(given[field])
            break
    if args is msgspec.UNSET or args is None or args == "":
        args = {}
    return ToolCall(name, args, call_id if type(call_id) is str and call_id else None)


def _result(given: dict[str, Any], output: Any, call_id: Any) -> ToolResult:
    failed = (
        given.get("is_error") is True
        or given.get("isError") is True
        or word(given.get("status")) in _ERRORS
    )
    if type(output) is dict and output.keys() == {"type", "value"}:
        failed = failed or word(output["type"]) in _ERRORS
        output = output["value"]
    inner = unwrapped_output(output)
    name = given.get("name") or given.get("toolName")
    return ToolResult(
        call_id if type(call_id) is str and call_id else None,
        name if type(name) is str and name else None,
        inner.value,
        failed or inner.failed is True,
    )
