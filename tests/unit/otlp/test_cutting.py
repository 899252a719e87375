from __future__ import annotations

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from trialbook.services.otlp import cutting
from trialbook.services.otlp.cutting import cut
from trialbook.services.otlp.rejection import Cause
from trialbook.services.otlp.signal import TRACES
from trialbook.services.otlp.trimming import MOST_VALUE_BYTES, TRUNCATED, trim_record, trim_span

ONE, OTHER = b"1" * 16, b"2" * 16


def span(trace: bytes, name: str) -> Span:
    return Span(trace_id=trace, span_id=name.encode().rjust(8, b"."), name=name)


def names(data: TracesData) -> list[list[list[str]]]:
    """Return the names of spans by resource and scope."""
    return [
        [[one.name for one in scope.spans] for scope in resource.scope_spans]
        for resource in data.resource_spans
    ]


def request(*resources: list[list[Span]]) -> TracesData:
    return TracesData(
        resource_spans=[
            ResourceSpans(scope_spans=[ScopeSpans(spans=scope) for scope in scopes])
            for scopes in resources
        ]
    )


def test_scopes_stay_under_their_resource() -> None:
    data = request(
        [[span(ONE, "a"), span(OTHER, "x")], [span(ONE, "b")], [span(OTHER, "y")]],
        [[span(ONE, "c")]],
    )

    arrivals = {arrival.trace_id: arrival for arrival in cut(TRACES, data).arrivals}

    assert names(TracesData.FromString(arrivals[ONE.hex()].body)) == [[["a"], ["b"]], [["c"]]]
    assert names(TracesData.FromString(arrivals[OTHER.hex()].body)) == [[["x"], ["y"]]]
    assert arrivals[ONE.hex()].count == 3


def test_a_shortened_arrival_has_the_first_spans() -> None:
    data = request([[span(ONE, "a"), span(ONE, "b")], [span(ONE, "c")]])
    (arrival,) = cut(TRACES, data).arrivals

    by_count = arrival.shorten(2, 10_000)
    by_size = arrival.shorten(10, len(arrival.body) - 1)

    assert by_count is not None
    assert by_size is not None
    assert names(TracesData.FromString(by_count.body)) == [[["a", "b"]]]
    assert len(by_size.body) < len(arrival.body)
    assert by_count.count == by_size.count == 2
    assert arrival.shorten(0, 10_000) is None
    assert arrival.shorten(10, 0) is None


def test_what_comes_to_too_much_by_trace_is_rejected() -> None:
    many = [span(number.to_bytes(16, "big"), "n") for number in range(1, 101)]
    large = Resource(attributes=[text("x", "x" * 3 * MOST_VALUE_BYTES)])
    data = TracesData(
        resource_spans=[ResourceSpans(resource=large, scope_spans=[ScopeSpans(spans=many)])] * 2
    )

    done = cut(TRACES, data)

    assert sum(len(arrival.body) for arrival in done.arrivals) <= cutting.MOST_STORED
    assert done.rejected[Cause.TOO_LARGE] == 200 - 2 * len(done.arrivals)
    assert done.truncated == 2


def test_a_request_brings_ten_thousand_traces_at_most() -> None:
    many = [span(number.to_bytes(16, "big"), "n") for number in range(1, 10_003)]

    done = cut(TRACES, request([many]))

    assert len(done.arrivals) == 10_000
    assert done.rejected[Cause.TOO_MANY_TRACES] == 2


def test_events_and_links_beyond_a_thousand_are_dropped_and_counted() -> None:
    crowded = Span(trace_id=ONE, span_id=b"12345678", dropped_links_count=2**32 - 2)
    crowded.events.extend(Span.Event(name=str(number)) for number in range(1_500))
    crowded.links.extend(Span.Link() for _ in range(1_002))

    (arrival,) = cut(TRACES, request([[crowded]])).arrivals

    kept = TracesData.FromString(arrival.body).resource_spans[0].scope_spans[0].spans[0]
    assert [len(kept.events), len(kept.links)] == [1_000, 1_000]
    assert kept.events[-1].name == "999"
    assert kept.dropped_events_count == 500
    assert kept.dropped_links_count == 2**32 - 1


def test_a_list_is_cut_where_it_becomes_too_large() -> None:
    half = AnyValue(string_value="x" * (MOST_VALUE_BYTES // 2 - 100))
    value = AnyValue(array_value=ArrayValue(values=[half, half, half, half]))
    long = Span(attributes=[KeyValue(key="list", value=value), text("s", "s"), text(TRUNCATED, "")])

    assert trim_span(long) == 1

    kept = long.attributes[0].value.array_value.values
    assert [len(one.string_value) for one in kept[:2]] == [MOST_VALUE_BYTES // 2 - 100] * 2
    assert len(kept) == 3
    assert long.attributes[0].value.ByteSize() < MOST_VALUE_BYTES + 100
    assert [(one.key, one.value.int_value) for one in long.attributes[1:]] == [
        ("s", 0),
        (TRUNCATED, 1),
    ]


def test_the_body_of_a_record_is_cut_inside() -> None:
    inner = KeyValueList(values=[text("first", "é" * MOST_VALUE_BYTES), text("second", "s")])
    data = LogsData()
    record = (
        data.resource_logs.add().scope_logs.add().log_records.add(body=AnyValue(kvlist_value=inner))
    )

    assert trim_record(record) == 1

    (kept,) = record.body.kvlist_value.values
    assert set(kept.value.string_value) == {"é"}
    assert len(kept.value.string_value.encode()) <= MOST_VALUE_BYTES
    assert record.attributes[0].key == TRUNCATED


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))
