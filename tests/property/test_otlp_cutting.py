"""Whatever comes in as telemetry is kept, or counted, or refused as a whole."""

from __future__ import annotations

import json
from contextlib import suppress

from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from trialbook.services.otlp.cutting import cut
from trialbook.services.otlp.signal import SIGNALS, TRACES, Signal

ONE, OTHER = b"1" * 16, b"2" * 16
ids = st.sampled_from([ONE, OTHER, b"", b"short", bytes(16)])
span_ids = st.sampled_from([b"12345678", b"87654321", b"", b"short", bytes(8)])
some_spans = st.builds(Span, trace_id=ids, span_id=span_ids, name=st.text(max_size=3))
requests = st.lists(st.lists(st.lists(some_spans, max_size=4), max_size=3), max_size=3)

names = st.sampled_from(["spans", "traceId", "spanId", "links", "attributes", "key", "value"])
hexes = st.sampled_from(["31" * 16, "31" * 8, "zz", ""])
json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | hexes,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
).map(
    lambda inner: {
        "resourceSpans": [{"scopeSpans": [{"spans": [inner]}]}],
        "resourceLogs": [{"scopeLogs": [{"logRecords": [inner]}]}],
    }
)


@settings(max_examples=60, deadline=None)
@given(requests)
def test_every_span_is_kept_once_or_counted(resources: list[list[list[Span]]]) -> None:
    given_spans = [one for scopes in resources for scope in scopes for one in scope]

    done = cut(TRACES, request(resources))

    kept = [
        one
        for arrival in done.arrivals
        for resource in TracesData.FromString(arrival.body).resource_spans
        for scope in resource.scope_spans
        for one in scope.spans
    ]
    good = [one for one in given_spans if is_good(one)]
    assert sorted(map(bytes_of, kept)) == sorted(map(bytes_of, good))
    assert done.rejected.total() == len(given_spans) - len(good)
    assert sum(arrival.count for arrival in done.arrivals) == len(good)


def request(resources: list[list[list[Span]]]) -> TracesData:
    return TracesData(
        resource_spans=[
            ResourceSpans(scope_spans=[ScopeSpans(spans=scope) for scope in scopes])
            for scopes in resources
        ]
    )


def is_good(one: Span) -> bool:
    return one.trace_id in (ONE, OTHER) and one.span_id in (b"12345678", b"87654321")


def bytes_of(one: Span) -> bytes:
    return one.SerializeToString()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SIGNALS), st.binary(max_size=200))
def test_whatever_can_be_parsed_can_be_cut(signal: Signal, body: bytes) -> None:
    with suppress(DecodeError):
        cut(signal, signal.parse(body))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SIGNALS), json_values)
def test_whatever_json_can_be_read_can_be_cut(signal: Signal, value: object) -> None:
    with suppress(ValueError):
        cut(signal, signal.parse_json(json.dumps(value).encode()))
