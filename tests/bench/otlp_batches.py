"""The spans of agents as an exporter sends them: requests of OTLP, serialised before they count."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from itertools import islice

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from tests.bench.agent_spans import AgentSpan, Value, agent_spans

BATCH = 512
"""Spans that the SDK's exporter puts into a request."""
_STEP = 1_000_000
"""Nanoseconds from one span's beginning to the next one's."""
_ONE_AGENT = slice(1, None)
"""The spans of a case without the one around the attempt."""


def batches(traces: int, size: int = BATCH) -> list[bytes]:
    """Make so many traces of ten spans and cut them into requests, without regard to traces."""
    spans = (span for number in range(traces) for span in trace(number))
    return list(_requests(spans, size))


def chunk(spans: Iterable[Span]) -> bytes:
    """Put spans into one request, under the resource and the scope of an instrumented agent."""
    scope = ScopeSpans(spans=spans)
    scope.scope.name, scope.scope.version = "example.instrumentation.depot", "1.4.0"
    resource = ResourceSpans(scope_spans=[scope])
    resource.resource.attributes.extend(
        [
            _attribute("service.name", "depot-agent"),
            _attribute("telemetry.sdk.language", "python"),
            _attribute("telemetry.sdk.name", "opentelemetry"),
            _attribute("telemetry.sdk.version", "1.45.2"),
        ]
    )
    return TracesData(resource_spans=[resource]).SerializeToString()


def trace(number: int) -> list[Span]:
    """Make the trace of one case, with ids of its own."""
    return _spans(agent_spans(number), os.urandom(16), [])


def large_trace(count: int) -> list[Span]:
    """Make one trace of about so many spans, in which many agents work below one attempt."""
    pattern = agent_spans(0)
    trace_id = os.urandom(16)
    spans = _spans(pattern[:1], trace_id, [])
    for number in range(count // len(pattern[_ONE_AGENT])):
        spans += _spans(agent_spans(number)[_ONE_AGENT], trace_id, spans[:1])
    return spans


def _requests(spans: Iterator[Span], size: int) -> Iterator[bytes]:
    while some := list(islice(spans, size)):
        yield chunk(some)


def _spans(pattern: list[AgentSpan], trace_id: bytes, above: list[Span]) -> list[Span]:
    """Make spans; their parents are among those above and those before them."""
    began = time.time_ns()
    spans = list(above)
    for place, span in enumerate(pattern):
        start = began + place * _STEP
        leaf = span.parent is not None and span.parent > 0
        made = Span(
            trace_id=trace_id,
            span_id=os.urandom(8),
            parent_span_id=b"" if span.parent is None else spans[span.parent].span_id,
            name=span.name,
            kind=Span.SPAN_KIND_INTERNAL,
            flags=0x101,
            start_time_unix_nano=start,
            end_time_unix_nano=start + (_STEP if leaf else len(pattern) * _STEP),
            attributes=[_attribute(key, value) for key, value in span.attributes.items()],
        )
        spans.append(made)
    return spans[len(above) :]


def _attribute(key: str, value: Value) -> KeyValue:
    return KeyValue(key=key, value=_any_value(value))


def _any_value(value: Value) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=one) for one in value]))
