"""Spans that no instrumentation should write and somebody will: each set is one attempt's trace."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_START = 1_800_000_000_000_000_000
_UINT32, _INT64, _UINT64 = 2**32 - 1, 2**63 - 1, 2**64 - 1
_MIB = 1024 * 1024
_DEEPEST = 30
"""Levels of AnyValue that protobuf lets through inside of a span."""

Trace = Callable[[bytes, bytes], list[Span]]
"""Returns the spans of a trace that stand below a parent."""


def any_value(value: Any) -> AnyValue:
    """Return a value as OTLP holds it."""
    match value:
        case AnyValue():
            return value
        case bool():
            return AnyValue(bool_value=value)
        case str():
            return AnyValue(string_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case _:
            return AnyValue()


def attributes(given: Mapping[str, Any]) -> list[KeyValue]:
    """Return attributes as OTLP holds them."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in given.items()]


def span(
    trace: bytes, number: int, parent: bytes = b"", given: Mapping[str, Any] = {}, **fields: Any
) -> Span:
    """Return a span whose id is its number, a millisecond after the one before."""
    known: dict[str, Any] = {
        "trace_id": trace,
        "span_id": number_id(number),
        "parent_span_id": parent,
        "name": f"s{number}",
        "start_time_unix_nano": _START + number * 1_000_000,
        "end_time_unix_nano": _START + number * 1_000_000 + 500_000,
    }
    return Span(**{**known, **fields}, attributes=attributes(given))


def number_id(number: int) -> bytes:
    """Return the id of the span of a number."""
    return (number + 1).to_bytes(8)


def tool(trace: bytes, number: int, parent: bytes, name: Any = "search", **more: Any) -> Span:
    """Return a call of a tool; keywords are its further attributes, with `__` for a dot."""
    given = {key.replace("__", "."): value for key, value in more.items()}
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **given}
    return span(trace, number, parent, told)


def model(trace: bytes, number: int, parent: bytes, **more: Any) -> Span:
    """Return a generation of a model, likewise."""
    given = {key.replace("__", "."): value for key, value in more.items()}
    told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **given}
    return span(trace, number, parent, told)


def _cycles(trace: bytes, parent: bytes) -> list[Span]:
    circle = [tool(trace, n, number_id((n + 1) % 5)) for n in range(5)]
    own_parent = tool(trace, 5, number_id(5), "myself")
    return [*circle, own_parent, tool(trace, 6, parent)]


def _doubles(trace: bytes, parent: bytes) -> list[Span]:
    """One id, and different stories of it; the first that ended counts."""
    open_one = tool(trace, 1, parent, "unfinished")
    open_one.end_time_unix_nano = 0
    other = tool(trace, 1, number_id(1), "other")
    other.name = "quite another"
    return [open_one, tool(trace, 1, parent), other]


def _nameless(trace: bytes, parent: bytes) -> list[Span]:
    nobody = tool(trace, 1, parent, "")
    nobody.name = ""
    return [nobody, span(trace, 2, parent, {"": "", "gen_ai.tool.name": ""}, name="")]


def _bad_words(trace: bytes, parent: bytes) -> list[Span]:
    bad = "nul \0, half of a pair \\ud800, bell \a, \u202e turned, \U0010ffff"
    broken = tool(
        trace,
        1,
        parent,
        bad,
        gen_ai__tool__call__arguments='{"a\\u0000": "\\u0000\\ud83d"}',
        gen_ai__tool__call__id=bad,
        error__type=bad,
    )
    broken.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=bad))
    asked = model(trace, 2, parent, gen_ai__response__finish_reasons=bad)
    agent = span(
        trace, 3, parent, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": bad}
    )
    step = span(
        trace,
        4,
        parent,
        {"eval.step.type": "workflow_step", "eval.step.name": bad, "step_id": bad},
        name=bad,
    )
    return [broken, asked, agent, step]


def _large_numbers(trace: bytes, parent: bytes) -> list[Span]:
    huge = "9" * 400
    spans = [
        model(
            trace,
            number,
            parent,
            gen_ai__usage__input_tokens=amount,
            gen_ai__usage__output_tokens=amount,
        )
        for number, amount in enumerate([_INT64, 1e300, float("inf"), float("nan"), -1, "9" * 19])
    ]
    called = tool(
        trace,
        10,
        parent,
        gen_ai__tool__call__arguments=f'{{"n": {huge}, "d": 1e308, "m": -{huge}}}',
        gen_ai__tool__call__result=float("-inf"),
        trialbook__truncated=_INT64,
    )
    called.dropped_attributes_count = _UINT32
    last = tool(trace, 11, parent, trialbook__truncated=_INT64)
    last.dropped_attributes_count = _UINT32
    last.kind = 77  # type: ignore[assignment]
    last.status.code = 99  # type: ignore[assignment]
    return [*spans, called, last]


def _odd_times(trace: bytes, parent: bytes) -> list[Span]:
    moments = [(0, 0), (0, 1), (_UINT64, 0), (_UINT64, _UINT64), (_UINT64, 1), (_START, _START - 1)]
    spans = [tool(trace, number, parent) for number in range(len(moments))]
    for one, (start, end) in zip(spans, moments, strict=True):
        one.start_time_unix_nano, one.end_time_unix_nano = start, end
        one.events.add(time_unix_nano=_UINT64 - start, name="odd")
    return spans


def nested(levels: int, *, maps: bool) -> AnyValue:
    """Return a value of so many levels of lists or maps."""
    value = AnyValue(string_value="deep")
    for _ in range(levels):
        outer = AnyValue()
        if maps:
            outer.kvlist_value.values.add(key="k").value.CopyFrom(value)
        else:
            outer.array_value.values.append(value)
        value = outer
    return value


def _nested_values(trace: bytes, parent: bytes) -> list[Span]:
    deep_text = "[" * 5_000 + "]" * 5_000
    return [
        tool(trace, 1, parent, gen_ai__tool__call__arguments=nested(_DEEPEST, maps=True)),
        tool(trace, 2, parent, gen_ai__tool__call__arguments=nested(_DEEPEST, maps=False)),
        tool(trace, 3, parent, gen_ai__tool__call__arguments=deep_text),
        tool(trace, 4, parent, gen_ai__tool__call__arguments='{"a":' * 99 + "1" + "}" * 99),
        model(trace, 5, parent, gen_ai__output__messages=deep_text),
    ]


def _wrong_kinds(trace: bytes, parent: bytes) -> list[Span]:
    """Every attribute that has a meaning, with values that have none."""
    names = (
        "gen_ai.operation.name",
        "gen_ai.tool.name",
        "gen_ai.agent.name",
        "gen_ai.request.model",
        "gen_ai.output.messages",
        "gen_ai.usage.input_tokens",
        "gen_ai.tool.call.arguments",
        "openinference.span.kind",
        "traceloop.span.kind",
        "mastra.span.type",
        "ai.operationId",
        "logfire.msg_template",
        "langsmith.span.kind",
        "mcp.method.name",
        "eval.step.type",
        "trialbook.truncated",
        "service.name",
    )
    values = (7, -1.5, True, b"\xff\0", None, nested(2, maps=True), nested(2, maps=False), "\0")
    chance = random.Random(10)
    return [
        span(trace, number, parent, {name: chance.choice(values) for name in names})
        for number in range(40)
    ]


def _large_values(trace: bytes, parent: bytes) -> list[Span]:
    return [
        tool(
            trace,
            1,
            parent,
            gen_ai__tool__call__arguments='{"text": "' + "x" * 10 * _MIB + '"}',
            gen_ai__tool__call__result="ä" * (5 * _MIB),
            other=b"\0" * (10 * _MIB),
        )
    ]


def _many_parts(trace: bytes, parent: bytes) -> list[Span]:
    crowded = tool(trace, 1, parent)
    for number in range(1_500):
        crowded.links.add(trace_id=number.to_bytes(16), span_id=number_id(number))
        crowded.events.add(name=f"event {number}")
    wide = tool(trace, 2, parent, **{f"a{number}": number for number in range(3_000)})
    return [crowded, wide]


def _lost_parents(trace: bytes, parent: bytes) -> list[Span]:
    lost = [tool(trace, number, number_id(900 + number)) for number in range(20)]
    short = tool(trace, 30, b"short")
    return [*lost, short, tool(trace, 31, parent)]


HOSTILE: dict[str, Trace] = {
    "cycles": _cycles,
    "doubles": _doubles,
    "nameless": _nameless,
    "bad words": _bad_words,
    "large numbers": _large_numbers,
    "odd times": _odd_times,
    "nested values": _nested_values,
    "wrong kinds": _wrong_kinds,
    "large values": _large_values,
    "many parts": _many_parts,
    "lost parents": _lost_parents,
}


def chain(trace: bytes, parent: bytes, length: int, make: Callable[..., Span] = tool) -> list[Span]:
    """Return spans of which each is the parent of the next."""
    return [
        make(trace, number, number_id(number - 1) if number else parent) for number in range(length)
    ]


def siblings(trace: bytes, parent: bytes, count: int) -> list[Span]:
    """Return spans that all have the same parent."""
    return [tool(trace, number, parent) for number in range(count)]
