"""The spans of an agent, made with OpenTelemetry's SDK as an instrumented agent makes them."""

from __future__ import annotations

import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Tracer

from tests.bench.agent_spans import AgentSpan, agent_spans

INSTRUMENTATION = "example.instrumentation.depot"


def act(tracer: Tracer, number: int) -> None:
    """Make all spans of a case but the one around the attempt, under the current span."""
    _, agent, *steps = agent_spans(number)
    _act(tracer, agent, steps)


def sdk_seconds(cases: int) -> float:
    """Return what the SDK alone takes for the ten spans of a case, in seconds of processor time.

    Nobody collects, encodes or sends them: nobody who traces can have them for less.
    """
    tracer = TracerProvider().get_tracer(INSTRUMENTATION)
    made = [agent_spans(number) for number in range(cases)]
    began = time.process_time()
    for attempt, agent, *steps in made:
        with tracer.start_as_current_span(attempt.name, attributes=attempt.attributes):
            _act(tracer, agent, steps)
    return (time.process_time() - began) / cases


def _act(tracer: Tracer, agent: AgentSpan, steps: list[AgentSpan]) -> None:
    with tracer.start_as_current_span(agent.name, attributes=agent.attributes):
        for step in steps:
            with tracer.start_as_current_span(step.name, attributes=step.attributes):
                pass
