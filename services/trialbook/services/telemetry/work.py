"""What the engine does by itself, as spans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trialbook.services.engine.plan import RunPlan

_propagator = TraceContextTextMapPropagator()


class WorkSpans:
    """Implements the engine's Observer.

    Work for a run that was started in a trace belongs to that trace, and is linked with the call
    that it was done in; other work belongs to the call, if it is done in one.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def doing(self, work: str, plan: RunPlan | None = None, /, **counts: int) -> Iterator[Span]:
        """Open a span for as long as the context lasts."""
        attributes: dict[str, str | int] = {f"trialbook.{key}": n for key, n in counts.items()}
        if plan is not None:
            attributes["trialbook.run"] = plan.name
        parent = None if plan is None else _context_of(plan)
        call = trace.get_current_span().get_span_context()
        links = [Link(call)] if parent is not None and call.is_valid else None
        span = self._tracer.start_span(work, parent, attributes=attributes, links=links)
        try:
            yield span
        except Exception as error:
            # The kind alone: texts may quote what was judged.
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.end()


def _context_of(plan: RunPlan) -> Context | None:
    traceparent = plan.view.pins.traceparent
    return _propagator.extract({"traceparent": traceparent}) if traceparent else None
