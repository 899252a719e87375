"""The span around one attempt."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trialbook.client.tracing.attempt_spans import AttemptSpans
from trialbook.client.tracing.relation import ATTEMPT_KEY, ATTEMPT_LINK, NOBODY, RUN_LINK
from trialbook.client.worker.plan import Call, Mode
from trialbook.client.worker.registry import Executable
from trialbook.v1.run_pb2 import TaskError
from trialbook.v1.trace_pb2 import TraceReport
from trialbook.v1.worker_pb2 import Task

MAX_TRACES: Final = 100
_propagator: Final = TraceContextTextMapPropagator()


class AttemptTrace:
    """A context manager in which the attempt's span, under the task's traceparent, is current.

    If the run has a trace of its own, a span in that one stands beside it. `spans` are those of the
    attempt; None if they do not go to the service. `parent` is what the traceparent names, where
    that is known already.
    """

    __slots__ = ("_name", "_open", "_parent", "_task", "_token", "_tracer", "span_id", "spans")

    def __init__(
        self,
        name: str,
        task: Task,
        tracer: Tracer,
        spans: AttemptSpans | None = None,
        parent: Context | None = None,
    ) -> None:
        self._name = name
        self._task = task
        self._tracer = tracer
        self._parent = context_of(task.traceparent) if parent is None else parent
        self._open: list[tuple[Span, Span | None]] = []
        self._token: Token[Context] | None = None
        self.span_id = ""
        self.spans = spans

    def around(self, executable: Executable) -> Call:
        """Return the call of an executable inside the span."""
        if executable.mode is Mode.COROUTINE:

            async def call_coroutine(task: Task) -> object:
                with self:
                    return await executable.call(task)

            return call_coroutine

        def call_function(task: Task) -> object:
            with self:
                return executable.call(task)

        return call_function

    def end(self, error: TaskError | BaseException | None = None) -> None:
        """End the span, unless that is done. From any thread."""
        try:
            span, run_span = self._open.pop()
        except IndexError:
            return
        if isinstance(error, BaseException):
            span.record_exception(error)
        for each in (span, run_span):
            if each is not None:
                if error is not None:
                    each.set_status(Status(StatusCode.ERROR, _describe(error)))
                each.end()

    def report(self) -> TraceReport:
        """Return what is known of the attempt's trace."""
        spans = self.spans
        if spans is None:
            return TraceReport(span_count=0)
        others = list(spans.other_traces)[:MAX_TRACES]
        return TraceReport(
            trace_ids=[trace.format_trace_id(trace_id) for trace_id in others],
            span_id=self.span_id,
            span_count=spans.count,
            open_spans=len(spans.open_ids),
        )

    def __enter__(self) -> None:
        owner = self.spans or NOBODY
        run_span = self._start_run_span()
        if self.spans is not None:
            self.spans.has_run_span = run_span is not None
        span = self._tracer.start_span(
            self._name,
            context=otel_context.set_value(ATTEMPT_KEY, owner, self._parent),
            attributes=self._attributes(),
            links=[Link(run_span.get_span_context(), RUN_LINK)] if run_span is not None else [],
        )
        own = span.get_span_context()
        # A provider that is switched off hands back the parent.
        if span.is_recording() and own.trace_flags.sampled:
            self.span_id = trace.format_span_id(own.span_id)
        if run_span is not None:
            run_span.add_link(own, ATTEMPT_LINK)
        self._open.append((span, run_span))
        inside = otel_context.set_value(ATTEMPT_KEY, owner, trace.set_span_in_context(span))
        self._token = otel_context.attach(inside)

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            otel_context.detach(self._token)
        self.end(exception)

    def _start_run_span(self) -> Span | None:
        task = self._task
        if not task.run_traceparent:
            return None
        parent = context_of(task.run_traceparent)
        if not trace.get_current_span(parent).get_span_context().is_valid:
            return None
        is_target = task.HasField("target")
        name = f"execute {task.target.target.name}" if is_target else f"score {task.scorer.scorer}"
        return self._tracer.start_span(
            name,
            context=otel_context.set_value(ATTEMPT_KEY, NOBODY, parent),
            attributes=self._attributes(),
        )

    def _attributes(self) -> dict[str, str | int]:
        task = self._task
        is_target = task.HasField("target")
        return {
            "trialbook.run": task.run,
            "trialbook.item_id": task.target.item_id if is_target else task.scorer.item_id,
            "trialbook.task_id": task.task_id,
            "trialbook.attempt": task.attempt,
            "trialbook.work": "target" if is_target else "scorer",
        }


def context_of(traceparent: str) -> Context:
    """Return the context that a W3C traceparent names; an empty one if it is none."""
    return _propagator.extract({"traceparent": traceparent})


def _describe(error: TaskError | BaseException) -> str:
    if isinstance(error, TaskError):
        return error.message
    return f"{type(error).__name__}: {error}"
