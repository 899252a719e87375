from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from trialbook.client.worker import tracing
from trialbook.client.worker.plan import Mode, mode_of, target_call
from trialbook.client.worker.registry import Executable
from trialbook.v1.worker_pb2 import Task

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class RecordingTracer(trace.NoOpTracer):
    def __init__(self) -> None:
        self.spans: list[tuple[str, int, dict[str, Any]]] = []

    @contextmanager
    def start_as_current_span(  # type: ignore[override]
        self, name: str, context: Any = None, attributes: Any = None, **_: Any
    ) -> Iterator[trace.Span]:
        parent = trace.get_current_span(context).get_span_context()
        self.spans.append((name, parent.trace_id, dict(attributes)))
        span = NonRecordingSpan(SpanContext(parent.trace_id, 7, False, TraceFlags(1)))
        with trace.use_span(span):
            yield span


class RecordingProvider(trace.TracerProvider):
    def __init__(self) -> None:
        self.tracer = RecordingTracer()

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return self.tracer


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> RecordingProvider:
    recording = RecordingProvider()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: recording)
    return recording


def executable(function: Any) -> Executable:
    return Executable(
        "trialbook.target t",
        mode_of(function, inline=False),
        target_call(function),
        lambda _: None,  # type: ignore[arg-type, return-value]
    )


def task() -> Task:
    made = Task(task_id="t1", run="projects/p/runs/r", attempt=2)
    made.traceparent = f"00-{TRACE_ID}-b7ad6b7169203331-01"
    made.target.item_id, made.target.input.json = "i1", "1"
    return made


def test_nothing_is_recorded_without_a_provider() -> None:
    assert not tracing.is_recording()


def test_an_attempt_runs_in_a_span_under_the_traceparent_of_its_task(
    provider: RecordingProvider,
) -> None:
    def target(value: Any) -> int:
        return trace.get_current_span().get_span_context().span_id

    assert tracing.is_recording()
    assert tracing.traced(executable(target))(task()) == 7
    assert provider.tracer.spans == [
        (
            "trialbook.target t",
            int(TRACE_ID, 16),
            {
                "trialbook.run": "projects/p/runs/r",
                "trialbook.item_id": "i1",
                "trialbook.task_id": "t1",
                "trialbook.attempt": 2,
            },
        )
    ]


async def test_a_coroutine_runs_in_its_span_over_all_its_waits(
    provider: RecordingProvider,
) -> None:
    async def target(value: Any) -> int:
        await asyncio.sleep(0)
        return trace.get_current_span().get_span_context().span_id

    hosted = executable(target)

    assert hosted.mode is Mode.COROUTINE
    assert await tracing.traced(hosted)(task()) == 7
