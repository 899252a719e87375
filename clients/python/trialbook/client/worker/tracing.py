"""Spans around attempts, where the process has a tracer provider that records."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trialbook.client.worker.plan import Call, Mode
from trialbook.client.worker.registry import Executable
from trialbook.v1.worker_pb2 import Task

_propagator: Final = TraceContextTextMapPropagator()


def is_recording() -> bool:
    """Tell whether somebody has set a tracer provider. Cheap enough to ask for every batch."""
    provider = trace.get_tracer_provider()
    return not isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider)


def traced(executable: Executable) -> Call:
    """Return the call of an executable inside a span under the task's traceparent."""
    if executable.mode is Mode.COROUTINE:

        async def call_coroutine(task: Task) -> object:
            with _span(executable.span_name, task):
                return await executable.call(task)

        return call_coroutine

    def call_function(task: Task) -> object:
        with _span(executable.span_name, task):
            return executable.call(task)

    return call_function


def _span(name: str, task: Task) -> AbstractContextManager[trace.Span]:
    work = task.target if task.HasField("target") else task.scorer
    return trace.get_tracer("trialbook.client").start_as_current_span(
        name,
        context=_propagator.extract({"traceparent": task.traceparent}),
        attributes={
            "trialbook.run": task.run,
            "trialbook.item_id": work.item_id,
            "trialbook.task_id": task.task_id,
            "trialbook.attempt": task.attempt,
        },
    )
