"""A trace of far more spans than are kept: judged, shown and bounded, and nobody else waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import psutil
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.e2e.processes import Server
from tests.hostile_spans import attributes, number_id, siblings, span, tool
from tests.service import (
    Service,
    answered,
    connected,
    ended,
    get_run,
    item,
    json,
    new_run,
    new_worker,
    results,
    scorer,
)
from trialbook.v1.score_pb2 import SCORE_STATUS_NOT_EVALUABLE, SCORE_STATUS_SCORED
from trialbook.v1.trace_pb2 import TRACE_STATUS_PARTIAL, TraceReport
from trialbook.v1.trace_service_pb2 import (
    GetTraceRequest,
    GetTrajectoryRequest,
    ListSpansRequest,
)

SPANS = 20_000
KEPT = 10_000
BATCH = 4_096
EXPECTED = '{"steps": [{"name": "search"}]}'
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
JUDGES = (
    scorer("tool_called", '{"tool": "t0"}'),
    scorer("tool_not_called", '{"tool": "absent"}'),
    scorer("trajectory_match"),
    scorer("redundant_calls"),
)
MOST_MEMORY = 300 * 1024 * 1024

Shape = Callable[[bytes, bytes], list[Span]]


def deep(trace: bytes, parent: bytes) -> list[Span]:
    """Each call inside of the one before."""
    return [
        tool(trace, number, number_id(number - 1) if number else parent, f"t{number}")
        for number in range(SPANS)
    ]


def wide(trace: bytes, parent: bytes) -> list[Span]:
    """All calls side by side."""
    spans = siblings(trace, parent, SPANS)
    spans[0] = tool(trace, 0, parent, "t0")
    return spans


@asynccontextmanager
async def asking(address: str, run: str) -> AsyncIterator[list[float]]:
    """Ask for a run again and again over another connection; gives when it was answered."""
    times: list[float] = []
    async with connected(address) as service:

        async def ask() -> None:
            while True:
                await get_run(service, run)
                times.append(asyncio.get_running_loop().time())

        asked = asyncio.create_task(ask())
        try:
            yield times
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)


async def send(service: Service, spans: list[Span]) -> int:
    """Export spans as an exporter does; return how many were rejected."""
    rejected = 0
    call = service.channel.unary_unary(
        EXPORT,
        request_serializer=ExportTraceServiceRequest.SerializeToString,
        response_deserializer=ExportTraceServiceResponse.FromString,
    )
    for start in range(0, len(spans), BATCH):
        request = ExportTraceServiceRequest()
        request.resource_spans.add().scope_spans.add().spans.extend(spans[start : start + BATCH])
        answer: ExportTraceServiceResponse = await call(request)
        rejected += answer.partial_success.rejected_spans
        assert not rejected or "10,000" in answer.partial_success.error_message
    return rejected


@pytest.fixture
def server(server: Server) -> Server:
    """One that does not wait long for the spans that it rejected."""
    server.kill()
    server.variables = {"TRIALBOOK_TRACE_WAIT": "1"}
    return server.start()


@pytest.mark.parametrize(
    ("backend", "shape"), [("sqlite", deep), ("postgres", wide)], indirect=["backend"]
)
async def test_twenty_thousand_spans_are_judged_by_what_is_kept(
    server: Server, shape: Shape
) -> None:
    async with connected(server.address) as service:
        row = item("1", expected_trajectory=json(EXPECTED))
        run = await new_run(service, [row], *JUDGES)
        worker = await new_worker(service)
        task = await worker.lease_one()
        _, trace, above, _ = task.traceparent.split("-")
        around = span(bytes.fromhex(trace), SPANS, bytes.fromhex(above))
        around.attributes.extend(attributes({"trialbook.task_id": task.task_id}))
        rejected = await send(service, [around, *shape(bytes.fromhex(trace), around.span_id)])
        assert rejected == SPANS + 1 - KEPT
        report = answered(task)
        report.trace.CopyFrom(TraceReport(span_id=around.span_id.hex(), span_count=SPANS + 1))
        async with asking(server.address, run.name) as answers:
            await worker.report(report)
            await ended(service, run.name)
            settled = len(answers)
            (result,) = await results(service, run.name)
            await check_shown(service, result.name)
            assert 10 < settled < len(answers) - 10, "others waited"

        called, absent, match, redundant = result.scores
        assert (called.status, called.value) == (SCORE_STATUS_SCORED, 1.0)
        assert {one.status for one in (absent, match, redundant)} == {SCORE_STATUS_NOT_EVALUABLE}
        assert absent.label == "trace_partial"
    assert server.process is not None
    assert psutil.Process(server.process.pid).memory_info().rss < MOST_MEMORY
    shown = server.run("trace", "show", result.name)
    assert shown.code == 0
    assert "10,001 rejected" in shown.out


async def check_shown(service: Service, result: str) -> None:
    state = (await service.traces.GetTrace(GetTraceRequest(name=result))).state
    assert (state.status, state.received_spans) == (TRACE_STATUS_PARTIAL, KEPT)
    assert (state.expected_spans, state.rejected_spans) == (SPANS + 1, SPANS + 1 - KEPT)
    told = (await service.traces.GetTrajectory(GetTrajectoryRequest(name=result))).trajectory
    assert (told.evidence.complete, told.evidence.rejected_spans) == (False, SPANS + 1 - KEPT)
    assert len(told.steps) == KEPT - 1
    listed, token = 0, ""
    while not listed or token:
        page = ListSpansRequest(name=result, page_size=1000, page_token=token)
        answer = await service.traces.ListSpans(page)
        listed, token = listed + len(answer.spans), answer.next_page_token
    assert listed == KEPT


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_request_beyond_the_limit_is_refused_for_good(server: Server) -> None:
    options = [("grpc.max_send_message_length", -1)]
    body = span(b"1" * 16, 1, given={"x": "x" * 65 * 1024 * 1024}).SerializeToString()
    async with grpc.aio.insecure_channel(server.address, options=options) as channel:
        call: Any = channel.unary_unary(EXPORT)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(body)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
