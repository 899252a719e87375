"""What is kept of the telemetry that comes in, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.contract.otlp.telemetry import (
    Collector,
    new_span,
    new_trace,
    receiving,
    records,
    spans,
    text,
)
from tests.service import eventually
from trialbook.services.application.ports import CommandContext, Queries
from trialbook.services.engine.retention import Retention

_CONTEXT = CommandContext(actor="test")


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    """What is stored is the same whichever door it came through."""
    async with receiving(tmp_path, http_address="none") as running:
        yield running


async def test_spans_are_kept_by_trace_with_what_they_came_from(collector: Collector) -> None:
    one, other = new_trace(), new_trace()
    first, second = new_span(one, "a"), new_span(one, "b", parent_span_id=b"12345678")
    request = spans(first, new_span(other, "x"), second)

    answer = await collector.export(request)

    assert not answer.HasField("partial_success")
    (data,) = await collector.stored(one)
    expected = spans(first, second)
    assert data.SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True
    )
    assert await collector.names(other) == ["x"]
    row = await collector.row(one)
    assert row is not None
    assert (row.spans, row.records, row.rejected, row.version) == (2, 0, 0, 1)
    assert row.bytes == len(expected.SerializeToString())


async def test_a_request_that_comes_again_changes_nothing(collector: Collector) -> None:
    trace = new_trace()
    request = spans(new_span(trace))
    await collector.export(request)
    before = await collector.row(trace)

    await asyncio.gather(*(collector.export(request) for _ in range(4)))

    assert await collector.row(trace) == before
    assert len(await collector.stored(trace)) == 1


async def test_exports_that_overlap_are_kept_each(collector: Collector) -> None:
    trace = new_trace()
    a, b, c = (new_span(trace, name) for name in "abc")

    await collector.export(spans(b, a))
    await collector.export(spans(b, c))

    row = await collector.row(trace)
    assert row is not None
    assert (row.spans, row.version) == (4, 2)
    assert await collector.names(trace) == ["b", "a", "b", "c"]


async def test_a_trace_grows_from_several_services(collector: Collector) -> None:
    trace = new_trace()

    await collector.export(spans(new_span(trace), service="caller"))
    await collector.export(spans(new_span(trace), service="worker"))

    assert [
        data.resource_spans[0].resource.attributes[0].value.string_value
        for data in await collector.stored(trace)
    ] == ["caller", "worker"]


async def test_records_are_kept_under_their_trace(collector: Collector) -> None:
    trace = new_trace()
    named = LogRecord(trace_id=trace, span_id=b"12345678", body=AnyValue(string_value="said"))
    of_trace_only = LogRecord(trace_id=trace, event_name="gen_ai.choice")

    answer = await collector.export_logs(records(named, of_trace_only, LogRecord()))

    (data,) = await collector.stored_logs(trace)
    assert list(data.resource_logs[0].scope_logs[0].log_records) == [named, of_trace_only]
    row = await collector.row(trace)
    assert row is not None
    assert (row.spans, row.records, row.version) == (0, 2, 1)
    assert answer.partial_success.rejected_log_records == 1
    assert "without a trace id" in answer.partial_success.error_message


async def test_spans_with_bad_ids_are_rejected_and_the_others_kept(collector: Collector) -> None:
    trace = new_trace()
    bad = [
        new_span(b""),
        new_span(b"short"),
        new_span(bytes(16)),
        new_span(trace, span_id=b""),
        new_span(trace, span_id=b"short"),
        new_span(trace, span_id=bytes(8)),
    ]

    answer = await collector.export(spans(*bad[:3], new_span(trace, "good"), *bad[3:]))

    assert answer.partial_success.rejected_spans == len(bad)
    assert "trace id or span id" in answer.partial_success.error_message
    assert await collector.names(trace) == ["good"]


async def test_a_request_of_nothing_is_taken(collector: Collector) -> None:
    answer = await collector.export(ExportTraceServiceRequest())

    assert not answer.HasField("partial_success")


async def test_a_trace_holds_ten_thousand_spans(collector: Collector) -> None:
    trace = new_trace()
    first = spans(*(new_span(trace) for _ in range(8_000)))
    second = spans(*(new_span(trace) for _ in range(8_000)))

    assert not (await collector.export(first)).HasField("partial_success")
    cut = await collector.export(second)
    again = await collector.export(second)
    nothing = await collector.export(spans(new_span(trace)))

    assert cut.partial_success.rejected_spans == 6_000
    assert "10,000" in cut.partial_success.error_message
    assert not again.HasField("partial_success"), "it is known, and nothing more of it comes in"
    assert nothing.partial_success.rejected_spans == 1
    row = await collector.row(trace)
    assert row is not None
    assert (row.spans, row.rejected, row.version) == (10_000, 6_001, 2)
    assert len(await collector.names(trace)) == 10_000


async def test_a_value_that_is_too_large_is_cut_and_said_to_be(collector: Collector) -> None:
    trace = new_trace()
    long = new_span(trace, "long", attributes=[text("huge", "ä" * 5_000_000), text("small", "s")])

    answer = await collector.export(spans(long, new_span(trace, "short")))

    assert answer.partial_success.rejected_spans == 0
    assert "cut to 1 MiB" in answer.partial_success.error_message
    (data,) = await collector.stored(trace)
    span = data.resource_spans[0].scope_spans[0].spans[0]
    kept = {attribute.key: attribute.value for attribute in span.attributes}
    assert kept["huge"].string_value == "ä" * (512 * 1024)
    assert kept["small"].string_value == "s"
    assert kept["trialbook.truncated"].int_value == 1


async def test_links_to_other_traces_are_found_from_both_ends(collector: Collector) -> None:
    origin, one, other = new_trace(), new_trace(), new_trace()
    link = Span.Link(trace_id=origin, span_id=b"12345678")
    await collector.export(spans(new_span(one, links=[link]), new_span(origin, links=[link])))
    await collector.export(spans(new_span(other, links=[link, link])))

    pairs = {(one.hex(), origin.hex()), (other.hex(), origin.hex())}
    for asked, expected in (([origin], pairs), ([one], {(one.hex(), origin.hex())})):
        assert await collector.store.read(partial(_links_of, traces=asked)) == expected


def _links_of(queries: Queries, traces: list[bytes]) -> set[tuple[str, str]]:
    return queries.traces.links([trace.hex() for trace in traces])


async def test_spans_outlive_the_server(tmp_path: Path) -> None:
    trace = new_trace()
    async with receiving(tmp_path, http_address="none") as collector:
        await collector.export(spans(new_span(trace, "before")))

    async with receiving(tmp_path, http_address="none") as collector:
        await collector.export(spans(new_span(trace, "after")))
        assert await collector.names(trace) == ["before", "after"]


async def test_traces_are_forgotten_when_nothing_comes_any_more(collector: Collector) -> None:
    old, fresh = new_trace(), new_trace()
    link = Span.Link(trace_id=fresh, span_id=b"12345678")
    await collector.export(spans(new_span(old, links=[link])))
    row = await collector.row(old)
    assert row is not None
    purged = await collector.store.transact(
        _CONTEXT, lambda uow: uow.traces.purge(row.last_seen, 100)
    )
    assert purged == 0
    retention = Retention(collector.store, 1e-9, interval=0.01)

    retention.start()
    try:
        await eventually(lambda: _gone(collector, old))
    finally:
        await retention.stop()

    assert await collector.stored(old) == []
    assert await collector.store.read(lambda q: q.traces.links([fresh.hex()])) == set()
    await collector.export(spans(new_span(fresh)))
    assert await collector.names(fresh) == ["work"]


async def _gone(collector: Collector, trace: bytes) -> bool:
    return await collector.row(trace) is None
