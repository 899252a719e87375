from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider

from tests.collector import Collector, attributes, collecting
from tests.service import (
    PATIENCE,
    PROJECT,
    Service,
    ended,
    eventually,
    get_run,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    scorer,
    started,
)
from trialbook.services.telemetry import exported
from trialbook.services.telemetry.choice import from_environment
from trialbook.services.telemetry.exporters import Sending
from trialbook.services.telemetry.telemetry import Telemetry
from trialbook.v1 import run_service_pb2

pytestmark = pytest.mark.integration

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
START = "trialbook.v1.RunService/StartRun"


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


@pytest.fixture
def telemetry(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    """What a server has whose environment names the collector."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.address}")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    return from_environment()


async def start_under(service: Service, traceparent: str) -> str:
    """Start a run under a trace context, and return its name."""
    dataset = await new_dataset(service, 3)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match"))
    answer = await service.runs.StartRun(
        run_service_pb2.StartRunRequest(
            parent=PROJECT, experiment=experiment.name, wait_for_worker=True
        ),
        metadata=(("traceparent", traceparent),),
    )
    return answer.run.name


async def test_a_call_is_a_span_and_the_runs_trace_goes_on_to_its_tasks_and_its_judging(
    tmp_path: Path, collector: Collector, telemetry: Telemetry
) -> None:
    async with started(tmp_path, telemetry=telemetry) as service:
        run = await start_under(service, TRACEPARENT)
        worker = await new_worker(service)
        tasks = await worker.lease_all(3)
        await worker.answer(*tasks)
        await ended(service, run)

    (start,) = collector.named(START)
    assert (start.trace_id.hex(), start.parent_span_id.hex()) == (TRACE, SPAN)
    assert start.kind == Span.SPAN_KIND_SERVER
    assert attributes(start) == {
        "rpc.system.name": "grpc",
        "rpc.method": START,
        "rpc.response.status_code": "OK",
    }
    assert {task.run_traceparent for task in tasks} == {f"00-{TRACE}-{start.span_id.hex()}-01"}
    judging = collector.named("judge")
    assert sum(attributes(span)["trialbook.results"] for span in judging) == 3
    assert {attributes(span)["trialbook.run"] for span in judging} == {run}
    assert {span.trace_id.hex() for span in judging} == {TRACE}
    completed = collector.named("trialbook.v1.WorkerService/CompleteTasks")
    assert {link.span_id for span in judging for link in span.links} <= {
        span.span_id for span in completed
    }
    assert collector.services == {"trialbook"}


async def test_polls_and_what_is_received_make_no_spans(
    tmp_path: Path, collector: Collector, telemetry: Telemetry
) -> None:
    span = {"trace_id": bytes.fromhex(TRACE), "span_id": bytes.fromhex(SPAN), "name": "theirs"}
    async with started(tmp_path, telemetry=telemetry) as service:
        health: Any = health_pb2_grpc.HealthStub(service.channel)
        otlp: Any = trace_service_pb2_grpc.TraceServiceStub(service.channel)  # type: ignore[no-untyped-call]
        worker = await new_worker(service)
        await worker.lease_now()
        await worker.heartbeat()
        await health.Check(health_pb2.HealthCheckRequest())
        await otlp.Export(
            trace_service_pb2.ExportTraceServiceRequest(
                resource_spans=[{"scope_spans": [{"spans": [span]}]}]  # type: ignore[list-item]
            )
        )

    assert {one.name for one in collector.spans} == {"trialbook.v1.WorkerService/RegisterWorker"}
    assert {"otel.signal": "traces", "trialbook.outcome": "stored", "value": 1} in collector.metric(
        "trialbook.otlp.spans"
    )


async def test_only_the_services_own_faults_are_errors(
    tmp_path: Path, collector: Collector, telemetry: Telemetry
) -> None:
    async with started(tmp_path, telemetry=telemetry) as service:
        with pytest.raises(grpc.aio.AioRpcError):
            await get_run(service, f"{PROJECT}/runs/none")

    (span,) = collector.named("trialbook.v1.RunService/GetRun")
    assert attributes(span)["rpc.response.status_code"] == "NOT_FOUND"
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert "none" not in str(span), "no payload"


async def test_metrics_tell_of_calls_results_and_the_store(
    tmp_path: Path, collector: Collector, telemetry: Telemetry
) -> None:
    async with started(tmp_path, telemetry=telemetry) as service:
        run = await new_run(service, 5, scorer("exact_match"))
        worker = await new_worker(service)
        await worker.answer(*await worker.lease_all(5))
        await ended(service, run.name)
        await new_run(service, 1)

    assert sum(one["value"] for one in collector.metric("trialbook.results")) == 5
    assert {one["trialbook.status"] for one in collector.metric("trialbook.scores")} == {"scored"}
    calls = {one["rpc.method"]: one for one in collector.metric("rpc.server.call.duration")}
    assert calls["trialbook.v1.WorkerService/LeaseTasks"]["rpc.response.status_code"] == "OK"
    commands = {
        one["trialbook.command"] for one in collector.metric("trialbook.store.transaction.duration")
    }
    assert {"StartRun", "CompleteTasks", "LeaseTasks"} <= commands
    assert collector.metric("trialbook.store.batch.size")[0]["value"] > 0
    assert collector.metric("trialbook.runs.open")[0]["value"] == 1
    assert collector.metric("trialbook.log.position")[0]["value"] > 0
    assert collector.metric("process.memory.usage")[0]["value"] > 1_000_000


@pytest.mark.parametrize(
    ("given", "kept"), [(TRACEPARENT, TRACEPARENT), ("garbage", ""), (f"{TRACEPARENT}0", "")]
)
async def test_without_telemetry_the_callers_trace_context_is_the_runs(
    tmp_path: Path, given: str, kept: str
) -> None:
    async with started(tmp_path) as service:
        await start_under(service, given)
        worker = await new_worker(service)

        assert (await worker.lease_one()).run_traceparent == kept


async def test_an_unsampled_call_passes_its_callers_context_on(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.address}")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    async with started(tmp_path, telemetry=from_environment()) as service:
        await start_under(service, TRACEPARENT)
        worker = await new_worker(service)

        assert (await worker.lease_one()).run_traceparent == TRACEPARENT
    assert not collector.spans


async def test_an_endpoint_that_does_not_answer_keeps_nobody_waiting(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    backend: str,
) -> None:
    if backend == "postgres":
        pytest.skip("the same, and the endpoint's silence is told once a minute only")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
    monkeypatch.setattr(exported, "_PATIENCE", 0.05)
    monkeypatch.setattr(exported, "_LAST_PATIENCE", PATIENCE)
    async with started(tmp_path, telemetry=from_environment()) as service:
        run = await new_run(service, 2)
        worker = await new_worker(service)
        await worker.answer(*await worker.lease_all(2))

        async def complained() -> bool:
            return "opentelemetry" in caplog.text or "127.0.0.1" in caplog.text

        await eventually(complained)
        assert (await ended(service, run.name)).name == run.name

    assert not [one for one in threading.enumerate() if one.name.startswith("Otel")], "all gave up"
    told = [record for record in caplog.records if record.name.startswith("opentelemetry")]
    assert len(told) == len({(record.name, record.msg) for record in told}), "each once a minute"


async def test_the_end_does_not_wait_for_what_cannot_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    class Stuck(TracerProvider):
        def shutdown(self) -> None:
            released.wait()

    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setattr(exported, "send_spans", lambda *_: Sending(Stuck(), ()))
    monkeypatch.setattr(exported, "_PATIENCE", 0.05)
    monkeypatch.setattr(exported, "_LAST_PATIENCE", 0.05)
    async with started(tmp_path, telemetry=from_environment()) as service:
        await new_dataset(service, 1)

    assert not released.is_set()
    released.set()
