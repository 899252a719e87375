"""Spans to trajectories in one thread: spans a second, with and without their decoding."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.bench.agent_spans import SPANS
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.otlp_batches import chunk, large_trace, trace
from tests.bench.processes import BenchFailure
from trialbook.services.trajectory.decoding import decode_spans
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.span import Span
from trialbook.services.trajectory.step import StepType

TRACES = 1_000
LARGE = 10_000
ROUNDS = 7
_STEPS_A_TRACE = SPANS - 1
"""All but the span around the attempt."""


def normaliser(bench: Bench) -> list[Figure]:
    """Measure many traces of ten spans, and one of ten thousand."""
    many = [chunk(trace(number)) for number in range(bench.sized(TRACES))]
    large = large_trace(bench.sized(LARGE))
    with _steady_memory():
        return [
            *_figures("traces of ten spans", many, len(many) * SPANS),
            *_figures(f"a trace of {len(large):,} spans", [chunk(large)], len(large)),
        ]


def _figures(what: str, chunks: Sequence[bytes], spans: int) -> list[Figure]:
    decoded = [decode_spans([one]) for one in chunks]
    _check(decoded, spans)
    floor, alone, whole = [], [], []
    for _ in range(ROUNDS):
        floor.append(spans / _seconds(lambda: [_planted(one) for one in chunks]))
        alone.append(spans / _seconds(lambda: [normalise(some) for some in decoded]))
        whole.append(spans / _seconds(lambda: [normalise(decode_spans([one])) for one in chunks]))
    return [
        Figure(f"{what}, as trees (floor)", median(floor), "spans/s"),
        Figure(f"{what}, normalised", median(alone), "spans/s", at_least(50_000)),
        Figure(f"{what}, decoded and normalised", median(whole), "spans/s"),
        Figure(f"{what}, both over the floor", median(whole) / median(floor), "×"),
    ]


def _check(decoded: Sequence[list[Span]], spans: int) -> None:
    """Raise BenchFailure unless every span becomes the step that it is."""
    trajectories = [normalise(some) for some in decoded]
    steps = [step for trajectory in trajectories for step in trajectory.walk()]
    tools = sum(step.step_type is StepType.TOOL_CALL for step in steps)
    agents = sum(step.step_type is StepType.AGENT_RUN for step in steps)
    if len(steps) != spans - len(decoded) or tools != 4 * agents:
        raise BenchFailure(f"{spans} spans gave {len(steps)} steps, {tools} of them tool calls")


def _planted(data: bytes) -> list[list[SpanMessage]]:
    """Parse spans and gather those below each: the least that a reader of trees must do."""
    spans = [
        span
        for resource in TracesData.FromString(data).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    numbers = {span.span_id: number for number, span in enumerate(spans)}
    children: list[list[SpanMessage]] = [[] for _ in spans]
    for span in spans:
        parent = numbers.get(span.parent_span_id)
        if parent is not None:
            children[parent].append(span)
    return children


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time of a piece of work."""
    began = time.process_time()
    work()
    return time.process_time() - began


@contextmanager
def _steady_memory() -> Iterator[None]:
    """Keep what is there out of the collector's rounds, as a server does with what it loads."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
