from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.collector import Collector, attributes, collecting
from tests.e2e.processes import GRACE, Server, environment, wait_until
from trialbook.client import Client, Item, Run, Scorer

pytestmark = pytest.mark.e2e

WORKER = """
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from trialbook.client import Worker

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
worker = Worker(sys.argv[1], worker_id="traced")


@worker.target("echo", revision="1")
def echo(text: str) -> str:
    return text


@worker.scorer("taste")
def taste(output: str) -> float:
    return 1.0


worker.run()
"""


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    async with collecting() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{running.address}")
        yield running


@pytest.fixture
def traced_server(collector: Collector, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path).start()
    yield server
    server.stop()


def start_worker(script: Path, address: str) -> subprocess.Popen[bytes]:
    script.write_text(WORKER)
    return subprocess.Popen([sys.executable, str(script), address], env=environment())


def start_under_a_span(address: str) -> tuple[int, Run]:
    """Run an experiment as a caller with tracing of its own does; return its trace id too."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    with Client(address) as client:
        wait_until(
            lambda: any(one.id == "taste" for one in client.scorers.list()), what="the worker"
        )
        client.datasets.create("words")
        client.datasets.add_items("words", [Item("a", "a"), Item("b", "b")])
        client.experiments.create(
            "tasting",
            dataset="words",
            target="echo",
            scorers=[Scorer("exact_match"), Scorer("taste")],
        )
        tracer = provider.get_tracer("caller")
        with tracer.start_as_current_span("nightly") as span:
            started = client.runs.start("tasting", wait_for_worker=True)
        run = client.runs.wait(started, timeout=GRACE)
    provider.shutdown()
    return span.get_span_context().trace_id, run


async def test_one_trace_runs_from_the_caller_through_the_worker_to_the_scorers(
    collector: Collector,
    traced_server: Server,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    processes.append(start_worker(tmp_path / "worker.py", traced_server.address))
    trace_id, run = await asyncio.to_thread(start_under_a_span, traced_server.address)
    assert await asyncio.to_thread(traced_server.stop) == 0

    own = [span for span in collector.spans if int.from_bytes(span.trace_id, "big") == trace_id]
    by_name = {span.name: span for span in own}
    assert by_name.keys() >= {"nightly", "execute echo", "score taste", "judge"}, run
    start = by_name["trialbook.v1.RunService/StartRun"]
    assert start.parent_span_id == by_name["nightly"].span_id
    for name in ("execute echo", "score taste", "judge"):
        spans = collector.named(name)
        assert {span.parent_span_id for span in spans} == {start.span_id}, name
        assert {attributes(span)["trialbook.run"] for span in spans} == {run.name}
    assert len(collector.named("execute echo")) == len(collector.named("score taste")) == 2
    assert trace.format_trace_id(trace_id) not in {
        trace.format_trace_id(int.from_bytes(link.trace_id, "big"))
        for link in by_name["execute echo"].links
    }, "an attempt has a trace of its own, which is linked"
