from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from trialbook.client.tracing.encoding import batches_of
from trialbook.client.tracing.span_bytes import span_bytes

CONTEXT = SpanContext(0xA7 << 120, 0xB7 << 48, True, TraceFlags(1), TraceState([("a", "b")]))
SCALARS = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(),
)
VALUES = st.one_of(
    SCALARS, st.lists(st.text() | st.integers(-300, 300)), st.dictionaries(st.text(), SCALARS)
)


def made(name: str = "span", provider: TracerProvider | None = None, **options: Any) -> Any:
    provider = provider or TracerProvider(shutdown_on_exit=False)
    return provider.get_tracer("agent", "1").start_span(name, **options)


def encoded(span: ReadableSpan) -> bytes:
    (resource,) = encode_spans([span]).resource_spans
    return resource.scope_spans[0].spans[0].SerializeToString()


@settings(max_examples=100)
@given(st.text(), st.dictionaries(st.text(min_size=1), VALUES), st.sampled_from(SpanKind))
def test_a_span_is_written_as_the_exporters_encoder_writes_it(
    name: str, attributes: dict[str, Any], kind: SpanKind
) -> None:
    span = made(name, attributes=attributes, kind=kind)
    span.end()

    assert span_bytes(span) == encoded(span)


CHANGES: dict[str, Callable[[Any], object]] = {
    "a failure": lambda span: span.set_status(Status(StatusCode.ERROR, "it broke")),
    "a success": lambda span: span.set_status(StatusCode.OK),
    "an event": lambda span: span.record_exception(ValueError("no")),
    "a link": lambda span: span.add_link(CONTEXT),
    "a long text": lambda span: span.set_attribute("long", "x" * 300_000),
    "a number beyond 64 bits": lambda span: span.set_attribute("huge", 2**63),
    "a text that is none": lambda span: span.set_attribute("broken", "\udc80"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_happens_to_a_span_is_written_too(change: Callable[[Any], object]) -> None:
    span = made()
    change(span)
    span.end()

    assert span_bytes(span) == encoded(span)


def test_parents_of_here_and_elsewhere_links_and_losses_are_written() -> None:
    here = trace.set_span_in_context(made())
    elsewhere = trace.set_span_in_context(trace.NonRecordingSpan(CONTEXT))
    lossy = TracerProvider(span_limits=SpanLimits(max_span_attributes=1), shutdown_on_exit=False)
    for span in (
        made(context=here),
        made(context=elsewhere),
        made(links=[Link(CONTEXT)]),
        made(provider=lossy, attributes={"a": 1, "b": 2}),
    ):
        span.end()

        assert span_bytes(span) == encoded(span)


def test_a_request_holds_the_spans_under_their_resources_and_scopes() -> None:
    resource = Resource({"service.name": "wörker"}, "https://example.com/schema")
    first = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans = [made("a", first), made("b"), made("c", first)]
    for span in spans:
        span.end()
    (batch,) = batches_of(spans)

    assert ExportTraceServiceRequest.FromString(batch.request) == encode_spans(spans)
