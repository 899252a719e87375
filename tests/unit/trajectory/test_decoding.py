"""Serialised OTLP becomes spans and records: each once, and nothing in them makes it fail."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from trialbook.services.trajectory.decoding import attach_records, decode_records, decode_spans
from trialbook.services.trajectory.span import SpanRef, SpanStatus

_TRACE, _SPAN = bytes(range(16)), bytes(range(8))
_REF = SpanRef(_TRACE.hex(), _SPAN.hex())


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def _chunk(*spans: trace_pb2.Span) -> bytes:
    scope = trace_pb2.ScopeSpans(spans=spans)
    scope.scope.name = "made"
    resource = Resource(attributes=[_text("service.name", "worker")])
    within = trace_pb2.ResourceSpans(resource=resource, scope_spans=[scope])
    return trace_pb2.TracesData(resource_spans=[within]).SerializeToString()


def _span(**fields: Any) -> trace_pb2.Span:
    return trace_pb2.Span(**{"trace_id": _TRACE, "span_id": _SPAN, "name": "x", **fields})


def test_values_are_what_json_can_say() -> None:
    values = {
        "text": AnyValue(string_value="t"),
        "empty": AnyValue(string_value=""),
        "number": AnyValue(int_value=-3),
        "fraction": AnyValue(double_value=0.5),
        "nothing": AnyValue(double_value=float("nan")),
        "bytes": AnyValue(bytes_value=b"\xff"),
        "null": AnyValue(),
        "list": AnyValue(array_value=ArrayValue(values=[AnyValue(bool_value=False)])),
        "map": AnyValue(kvlist_value=KeyValueList(values=[_text("a", "b")])),
    }
    attributes = [KeyValue(key=key, value=value) for key, value in values.items()]
    (span,) = decode_spans([_chunk(_span(attributes=attributes, flags=0x301))])
    assert span.attributes == {
        "text": "t",
        "empty": "",
        "number": -3,
        "fraction": 0.5,
        "nothing": "nan",
        "bytes": "/w==",
        "null": None,
        "list": [False],
        "map": {"a": "b"},
    }
    assert (span.service, span.scope, span.ref) == ("worker", "made", _REF)
    assert span.remote_parent is True


def test_the_account_of_a_span_that_ended_counts_and_its_place_stays() -> None:
    other = _span(span_id=b"\x01" * 8, name="other")
    first = _chunk(_span(name="begun"), other)
    spans = decode_spans([first, _chunk(_span(name="ended", end_time_unix_nano=5)), first])
    assert [(span.name, span.arrival) for span in spans] == [("ended", 0), ("other", 1)]


def test_spans_without_proper_ids_are_counted_and_left_out() -> None:
    spans = decode_spans(
        [_chunk(_span(span_id=b"\x01"), _span(trace_id=bytes(16)), _span(span_id=b""), _span())]
    )
    assert (len(spans), spans.unreadable) == (1, 3)


def test_what_the_receiver_cut_is_a_number_of_the_span() -> None:
    cut = KeyValue(key="trialbook.truncated", value=AnyValue(int_value=2))
    (span,) = decode_spans([_chunk(_span(attributes=[cut], dropped_attributes_count=4))])
    assert (span.truncated, span.dropped, span.attributes) == (2, 4, {})


def test_an_unknown_status_claims_nothing() -> None:
    (span,) = decode_spans([_chunk(_span(status=trace_pb2.Status(code=9)))])  # type: ignore[arg-type]
    assert span.status is SpanStatus.UNSET


def test_records_come_to_the_span_that_they_name() -> None:
    old = LogRecord(
        trace_id=_TRACE,
        span_id=_SPAN,
        attributes=[_text("event.name", "gen_ai.choice")],
        body=AnyValue(kvlist_value=KeyValueList(values=[_text("a", "b")])),
    )
    named = LogRecord(trace_id=_TRACE, span_id=_SPAN, event_name="details", time_unix_nano=7)
    lost = LogRecord(trace_id=_TRACE, event_name="details")
    logs = LogsData(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[old, named, lost])])]
    )
    chunk = logs.SerializeToString()
    records = decode_records([chunk, chunk])
    (span,) = attach_records(decode_spans([_chunk(_span())]), records)
    assert list(records) == [_REF]
    assert [(record.name, record.time) for record in span.records] == [
        ("gen_ai.choice", 0),
        ("details", 7),
    ]
    assert span.records[0].attributes["body"] == {"a": "b"}
