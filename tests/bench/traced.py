"""The worker whose target is instrumented: `python -m tests.bench.traced`, with TRIALBOOK_ADDRESS.

It answers as the other worker does, and makes spans for it with OpenTelemetry's SDK. The worker
takes them and sends them to the service, unless TRIALBOOK_TRACES says 0.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tests.bench.sdk_spans import INSTRUMENTATION, act
from tests.bench.workload import TRACED, answer, crates_of
from trialbook.client import Worker

trace.set_tracer_provider(TracerProvider())
worker = Worker(max_concurrent_tasks=200)
tracer = trace.get_tracer(INSTRUMENTATION)


@worker.target(TRACED)
async def traced(asked: dict[str, object]) -> str:
    """Answer at once, with nine spans."""
    act(tracer, crates_of(asked))
    return answer(asked)


if __name__ == "__main__":
    worker.run()
