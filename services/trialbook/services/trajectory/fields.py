"""What belongs to a step, read from its span by the tables of all conventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialbook.services.trajectory.content import (
    decoded,
    unwrapped_args,
    unwrapped_output,
    unwrapped_run,
)
from trialbook.services.trajectory.conventions.catalogue import FOR_FIELDS
from trialbook.services.trajectory.conventions.rule import Fields, Messages, Rule
from trialbook.services.trajectory.cut_value import without_cut_values
from trialbook.services.trajectory.node import RUNS, Node
from trialbook.services.trajectory.span import Span, SpanEvent, SpanStatus
from trialbook.services.trajectory.step import StepType
from trialbook.services.trajectory.tool_calls import numbered, tool_calls, tool_results

_SERVER_SPAN = 2
_EXCEPTION = "exception"
_DECODED_ATTRIBUTES = frozenset({"selected_steps", "parallel_steps"})
_MOST_TOKENS = 2**53
"""So that sums over a whole trace, and JSON's readers, have room for it."""
_LONGEST_NAME = 1_000
_LONGEST_ERROR = 10_000


def _keys(get: Callable[[Fields], tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(key for given in FOR_FIELDS for key in get(given.fields)))


def _places(get: Callable[[Messages], tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(key for given in FOR_FIELDS for key in get(given.messages)))


_ARGS: tuple[str, ...] = _keys(lambda of: of.args)
_ARGS_EVENTS: dict[str, str] = dict(_keys(lambda of: of.args_events))
_OUTPUT: tuple[str, ...] = _keys(lambda of: of.output)
_OUTPUT_EVENTS: dict[str, str] = dict(_keys(lambda of: of.output_events))
_STEP_INPUT: tuple[str, ...] = _keys(lambda of: of.step_input)
_STEP_OUTPUT: tuple[str, ...] = _keys(lambda of: of.step_output)
_CALL_ID: tuple[str, ...] = _keys(lambda of: of.call_id)
_MODEL: tuple[str, ...] = _keys(lambda of: of.model)
_INPUT_TOKENS: tuple[str, ...] = _keys(lambda of: of.input_tokens)
_OUTPUT_TOKENS: tuple[str, ...] = _keys(lambda of: of.output_tokens)
_FINISH_REASON: tuple[str, ...] = _keys(lambda of: of.finish_reason)
_RESPONSE_ID: tuple[str, ...] = _keys(lambda of: of.response_id)
_ERROR: tuple[str, ...] = _keys(lambda of: of.error)
_FAILED: tuple[tuple[str, object], ...] = _keys(lambda of: of.failed)
_SERVER: tuple[str, ...] = _keys(lambda of: of.server)

_OUT: tuple[str, ...] = _places(lambda of: of.output)
_OUT_NUMBERED: tuple[str, ...] = _places(lambda of: of.output_numbered)
_OUT_EVENTS: tuple[tuple[str, str], ...] = _places(lambda of: of.output_events)
_IN: tuple[str, ...] = _places(lambda of: of.input)
_IN_NUMBERED: tuple[str, ...] = _places(lambda of: of.input_numbered)
_IN_EVENTS: tuple[tuple[str, str], ...] = _places(lambda of: of.input_events)
_OUTPUT_TOOLS: tuple[tuple[str, ...], ...] = _places(lambda of: of.output_tools)


def make_node(span: Span, rule: Rule, name: str, step_type: StepType) -> Node:
    """Make the step that a rule says a span is, with all that the span tells of it."""
    if span.truncated:
        span = without_cut_values(span)
    node = Node(step_type, name[:_LONGEST_NAME], rule.name, span)
    _read_outcome(node, span)
    if node.is_tool:
        _read_tool(node, span)
    elif node.is_model:
        _read_model(node, span)
    elif step_type in RUNS or step_type is StepType.RETRIEVAL:
        _read_run(node, span)
    for field, keys in rule.attributes:
        value = _first(span.attributes, keys)
        if value is not None:
            node.attributes[field] = decoded(value) if field in _DECODED_ATTRIBUTES else value
    return node


def _read_outcome(node: Node, span: Span) -> None:
    attributes = span.attributes
    failure = span.status is SpanStatus.ERROR or attributes.get("error.type") is not None
    exception: SpanEvent | None = None
    for event in span.events:
        if event.name == _EXCEPTION:
            exception = event
            failure = True
    for key, value in _FAILED:
        if not failure and key in attributes:
            failure = attributes[key] == value
    # A span that never ended tells no outcome.
    node.success = not failure if failure or span.end else None
    if failure:
        node.error = _error_of(span, exception)


def _error_of(span: Span, exception: SpanEvent | None) -> str | None:
    message = span.status_message or _first(span.attributes, _ERROR)
    if not message and exception is not None:
        message = exception.attributes.get("exception.message") or exception.attributes.get(
            "exception.type"
        )
    message = message or span.attributes.get("error.type")
    return str(message)[:_LONGEST_ERROR] if message else None


def _read_tool(node: Node, span: Span) -> None:
    attributes = span.attributes
    node.call_id = _text(_first(attributes, _CALL_ID))
    args = _first(attributes, _ARGS)
    if args is None and (span.events or span.records):
        args = _of_events(span, _ARGS_EVENTS, tool_calls)
    if args is not None:
        inner = unwrapped_args(args)
        node.args = inner.value
        node.call_id = node.call_id or inner.call_id
    output = _first(attributes, _OUTPUT)
    if output is None and (span.events or span.records):
        output = _of_events(span, _OUTPUT_EVENTS, tool_results)
    if output is not None:
        told = unwrapped_output(output)
        node.output = told.value
        node.call_id = node.call_id or told.call_id
        if told.failed and node.success:
            node.success = False
    if node.step_type is StepType.MCP_TOOL_CALL:
        server = _first(attributes, _SERVER)
        if server is None and span.kind == _SERVER_SPAN and span.service:
            server = span.service
        if server is not None:
            node.attributes["mcp_server"] = server


def _of_events(span: Span, places: dict[str, str], read: Any) -> Any:
    """Return what the first event that a table names says, its messages opened."""
    for event in span.events + span.records:
        place = places.get(event.name)
        value = None if place is None else event.attributes.get(place)
        if value is None:
            continue
        if not str(place).endswith(".messages"):
            return value
        parts = read(value)
        if parts:
            return parts[0].args if hasattr(parts[0], "args") else parts[0].output
    return None


def _read_model(node: Node, span: Span) -> None:
    attributes = span.attributes
    node.model = _text(_first(attributes, _MODEL))
    node.tokens_in = _count(_first(attributes, _INPUT_TOKENS))
    node.tokens_out = _count(_first(attributes, _OUTPUT_TOKENS))
    node.response_id = _text(_first(attributes, _RESPONSE_ID))
    reason = decoded(_first(attributes, _FINISH_REASON))
    if type(reason) is list:
        reason = reason[0] if reason else None
    node.finish_reason = _text(reason)
    node.requested = _requested(span)
    node.call_id = None


def _requested(span: Span) -> Any:
    """Return the calls that the model asked for, None where its output was not captured."""
    attributes = span.attributes
    captured = False
    for key in _OUT:
        value = attributes.get(key)
        if value is None:
            continue
        captured = True
        if calls := tool_calls(value):
            return calls
    for events in (span.events, span.records):
        for event in events:
            for name, place in _OUT_EVENTS:
                value = event.attributes.get(place) if event.name == name else None
                if value is None:
                    continue
                captured = True
                if calls := tool_calls(value):
                    return calls
    messages = _numbered(attributes, _OUT_NUMBERED)
    if messages:
        return tool_calls(messages)
    return [] if captured else None


def results_told(span: Span) -> list[Any]:
    """Return the results of calls that went into a model, as its span tells them."""
    attributes = span.attributes
    results: list[Any] = []
    for key in _IN:
        if (value := attributes.get(key)) is not None:
            results += tool_results(value)
    for events in (span.events, span.records):
        for event in events:
            for name, place in _IN_EVENTS:
                value = event.attributes.get(place) if event.name == name else None
                if value is not None:
                    results += tool_results(_with_id(value, event.attributes))
    results += tool_results(_numbered(attributes, _IN_NUMBERED))
    return results


def _with_id(value: Any, attributes: dict[str, Any]) -> Any:
    """Put a message's id beside its content where an event holds both as attributes."""
    if type(value) is str and type(attributes.get("id")) is str:
        return {"role": "tool", "tool_call_id": attributes["id"], "content": value}
    return value


def final_answer_tools(span: Span) -> set[str]:
    """Return the names of tools by which this model only gives its final answer."""
    names: set[str] = set()
    for path in _OUTPUT_TOOLS:
        value = decoded(span.attributes.get(path[0]))
        for segment in path[1:]:
            value = value.get(segment) if type(value) is dict else None
        for tool in value if type(value) is list else ():
            if type(tool) is dict and type(tool.get("name")) is str:
                names.add(tool["name"])
    return names


def _read_run(node: Node, span: Span) -> None:
    attributes = span.attributes
    given = _first(attributes, _STEP_INPUT)
    if given is not None:
        node.args = unwrapped_run(given, "inputs")
    output = _first(attributes, _STEP_OUTPUT)
    if output is not None:
        node.output = unwrapped_run(output, "outputs")


def _numbered(attributes: dict[str, Any], prefixes: tuple[str, ...]) -> list[Any]:
    for key in attributes:
        if key.startswith(prefixes):
            return numbered(attributes, prefixes)
    return []


def _first(attributes: dict[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = attributes.get(key)
        if value is not None:
            return value
    return None


def _count(value: Any) -> int | None:
    """Return a number of tokens; None for what is none, or more than anybody can have used."""
    is_text = type(value) is str and value.isdecimal() and len(value) < 20
    is_whole = type(value) is int or (type(value) is float and value.is_integer())
    if not is_text and not is_whole:
        return None
    count = int(value)
    return count if 0 <= count <= _MOST_TOKENS else None


def _text(value: Any) -> str | None:
    return value[:_LONGEST_NAME] if type(value) is str and value else None
