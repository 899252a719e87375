from __future__ import annotations

import asyncio

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from trialbook.client.tracing import sender
from trialbook.client.tracing.sender import SpanSender


def ended(name: str) -> ReadableSpan:
    with TracerProvider().get_tracer("t").start_as_current_span(name) as span:
        pass
    assert isinstance(span, ReadableSpan)
    return span


async def test_what_comes_while_late_spans_are_sent_is_sent_after_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "LATE_SECONDS", 0.01)
    sent: asyncio.Queue[str] = asyncio.Queue()
    taken = asyncio.Event()

    async def post(
        path: str, request: bytes, answer: type[ExportTraceServiceResponse], timeout: float
    ) -> ExportTraceServiceResponse:
        (resource,) = ExportTraceServiceRequest.FromString(request).resource_spans
        await sent.put(resource.scope_spans[0].spans[0].name)
        await taken.wait()
        return answer()

    spans = SpanSender(post)
    async with asyncio.timeout(10):
        spans.add_late(ended("first"))
        assert await sent.get() == "first"
        spans.add_late(ended("second"))
        # The time to look at late spans comes again while the first one is on its way.
        await asyncio.sleep(5 * sender.LATE_SECONDS)
        taken.set()
        assert await sent.get() == "second"
    await spans.close(1.0)
