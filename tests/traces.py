"""Spans as a traced agent would write them below a task, and how they come to a service."""

from __future__ import annotations

import hashlib
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.service import Service, answered
from trialbook.v1.trace_pb2 import TraceReport
from trialbook.v1.worker_pb2 import Task, TaskReport

_START = 1_800_000_000_000_000_000


def trace_id_of(task: Task) -> str:
    """Return the id of the trace that a task carries."""
    return task.traceparent.split("-")[1]


def span_id_of(*names: object) -> str:
    """Return a span id that follows from names."""
    return hashlib.blake2b(repr(names).encode(), digest_size=8).hexdigest()


def span(
    trace_id: str, name: str, parent: str = "", *, at: int = 0, takes: int = 1, **attributes: Any
) -> Span:
    """Return a span of an id that follows from its name; times in milliseconds."""
    return Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=bytes.fromhex(span_id_of(trace_id, name)),
        parent_span_id=bytes.fromhex(parent),
        name=name,
        start_time_unix_nano=_START + at * 1_000_000,
        end_time_unix_nano=_START + (at + takes) * 1_000_000,
        attributes=[
            KeyValue(key=key.replace("__", "."), value=AnyValue(string_value=str(value)))
            for key, value in attributes.items()
        ],
    )


def agent_spans(trace_id: str, *tools: str, parent: str = "") -> list[Span]:
    """Return the spans of an agent that calls tools, each with its place as an argument."""
    agent = span(
        trace_id,
        "invoke_agent helper",
        parent,
        takes=100,
        gen_ai__operation__name="invoke_agent",
        gen_ai__agent__name="helper",
    )
    calls = [
        span(
            trace_id,
            f"execute_tool {tool} {place}",
            agent.span_id.hex(),
            at=10 * place,
            gen_ai__operation__name="execute_tool",
            gen_ai__tool__name=tool,
            gen_ai__tool__call__arguments=f'{{"place": {place}}}',
            gen_ai__tool__call__result='"done"',
        )
        for place, tool in enumerate(tools, 1)
    ]
    return [agent, *calls]


def attempt_spans(task: Task, *tools: str) -> list[Span]:
    """Return the same below the span that a worker's SDK opens around an attempt, that one last."""
    trace_id = trace_id_of(task)
    enclosing = span(
        trace_id,
        "trialbook.attempt",
        task.traceparent.split("-")[2],
        takes=200,
        trialbook__task_id=task.task_id,
    )
    return [*agent_spans(trace_id, *tools, parent=enclosing.span_id.hex()), enclosing]


def traced(
    task: Task, spans: list[Span], output: str | None = None, *, count: int | None = None
) -> TaskReport:
    """Return the report of an attempt whose last span encloses the others."""
    report = answered(task, output)
    report.trace.CopyFrom(
        TraceReport(
            span_id=spans[-1].span_id.hex(), span_count=len(spans) if count is None else count
        )
    )
    return report


def untraced(task: Task, output: str | None = None) -> TaskReport:
    """Return the report of an attempt that says that it has no spans."""
    report = answered(task, output)
    report.trace.CopyFrom(TraceReport(span_count=0))
    return report


async def export(service: Service, spans: list[Span]) -> None:
    """Send spans to the service, as an exporter does."""
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    stub: Any = TraceServiceStub(service.channel)  # type: ignore[no-untyped-call]
    answer: ExportTraceServiceResponse = await stub.Export(request)
    assert not answer.partial_success.rejected_spans
