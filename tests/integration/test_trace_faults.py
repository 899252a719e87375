"""Spans as they should not come: out of order, twice, never ended, hostile, or gone meanwhile."""

from __future__ import annotations

import asyncio
import json as json_module
import random
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.contract.otlp.telemetry import PROTOBUF, Collector, receiving
from tests.hostile_spans import HOSTILE, attributes, span, tool
from tests.integration.test_trajectory import HASTY, SEARCHED, get_result, judgement, said
from tests.service import (
    Service,
    answered,
    connected,
    ended,
    hosts_scorer,
    hosts_target,
    item,
    items,
    json,
    judged,
    new_run,
    new_worker,
    results,
    scorer,
    started,
)
from tests.traces import attempt_spans, export, trace_id_of, traced
from trialbook.services import bootstrap
from trialbook.services.application import trajectory as trajectories
from trialbook.services.application.ports import CommandContext
from trialbook.services.engine.engine import EngineSettings
from trialbook.services.rpc.trace_message import ABRIDGED
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_TRAJECTORY
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED
from trialbook.v1.run_service_pb2 import RescoreRunRequest
from trialbook.v1.trace_pb2 import TraceReport, Trajectory
from trialbook.v1.trace_service_pb2 import (
    GetTraceRequest,
    GetTrajectoryRequest,
    ListSpansRequest,
)
from trialbook.v1.worker_pb2 import Task

MIB = 1024 * 1024
SECOND = 1_000_000_000
EXPECTED = '{"steps": [{"name": "search", "args": {"text": "short"}}]}'
CONTEXT = CommandContext(actor="test")
TRACES = "/v1/traces"
TOOLS = ("search", "book", "search", "pay")


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path, engine=HASTY) as running:
        yield running


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    """A hasty service at both of its OTLP doors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "EngineSettings", lambda **_: HASTY)
        async with receiving(tmp_path) as running:
            yield running


async def trajectory(service: Service, result: str) -> Trajectory:
    answer = await service.traces.GetTrajectory(GetTrajectoryRequest(name=result))
    return answer.trajectory


def names(told: Trajectory) -> list[str]:
    return [step.name for step in told.steps]


def enclosed(task: Task, spans: Iterable[Span], parent: bytes) -> list[Span]:
    """Return spans with one around them, that one last."""
    _, trace, above, _ = task.traceparent.split("-")
    around = span(bytes.fromhex(trace), 0, bytes.fromhex(above), span_id=parent)
    around.attributes.extend(attributes({"trialbook.task_id": task.task_id}))
    return [*spans, around]


def request(spans: Iterable[Span], service: str = "") -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    resource.resource.attributes.extend(attributes({"service.name": service}))
    resource.scope_spans.add().spans.extend(spans)
    return made


async def test_order_and_number_of_deliveries_change_nothing(collector: Collector) -> None:
    chance = random.Random(4)
    async with connected(collector.addresses.grpc) as service:
        run = await new_run(service, items(4), SEARCHED, concurrency=4)
        worker = await new_worker(service)
        for place, task in enumerate(await worker.lease_all(4)):
            spans = attempt_spans(task, *TOOLS)
            batches = [[one] for one in spans] if place < 2 else [spans[:4], spans[2:]]
            if place == 1:
                batches.reverse()
            if place == 2:
                mixed = chance.sample(spans, len(spans))
                batches = [mixed, mixed[::-1], mixed[:3], mixed]
            for batch in batches:
                body = request(batch).SerializeToString()
                await collector.export(request(batch))
                answer = await collector.post(TRACES, body, content_type=PROTOBUF)
                assert (answer.status, answer.body) == (200, b"")
            await worker.report(traced(task, spans))

        await ended(service, run.name)
        done = await results(service, run.name)
        told = [await trajectory(service, result.name) for result in done]
        state = [(await get_result(service, run.name, number)).trace for number in (1, 2, 3, 4)]

    assert [names(one) for one in told] == [["helper", *TOOLS]] * 4
    assert all(one.evidence.complete for one in told)
    assert [(one.received_spans, one.expected_spans) for one in state] == [(6, 6)] * 4


async def test_two_runs_in_one_large_request_are_told_apart(service: Service) -> None:
    runs = [await new_run(service, items(1), SEARCHED) for _ in range(2)]
    worker = await new_worker(service)
    tasks = await worker.lease_all(2)
    spans = {task.run: attempt_spans(task, "search") for task in tasks}
    filling = [
        tool(bytes(12) + number.to_bytes(4), 1, b"", gen_ai__tool__call__result="x" * MIB)
        for number in range(1, 31)
    ]
    mixed = [one for some in zip(*spans.values(), strict=True) for one in some]
    await export(service, [*mixed[:3], *filling, *mixed[3:]])
    await worker.report(*(traced(task, spans[task.run]) for task in tasks))

    for run in runs:
        await ended(service, run.name)
        assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")
        assert (await get_result(service, run.name)).trace.received_spans == 3


async def test_clocks_that_differ_between_services_do_not_change_the_order(
    hasty: Service,
) -> None:
    run = await new_run(hasty, items(1), SEARCHED)
    worker = await new_worker(hasty)
    task = await worker.lease_one()
    spans = attempt_spans(task, *TOOLS)
    for one in spans[1:-1]:
        one.start_time_unix_nano -= 3600 * SECOND
        one.end_time_unix_nano -= 3600 * SECOND
    await hasty_export(hasty, spans[1:-1], "tools, an hour behind")
    await hasty_export(hasty, [spans[0], spans[-1]], "agent")
    await worker.report(traced(task, spans))

    await ended(hasty, run.name)
    told = await trajectory(hasty, f"{run.name}/results/1")
    assert names(told) == ["helper", *TOOLS]
    assert told.evidence.complete
    assert [step.parent for step in told.steps] == [0, 1, 1, 1, 1]


async def hasty_export(service: Service, spans: list[Span], name: str) -> None:
    call: Any = service.channel.unary_unary(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    )
    assert await call(request(spans, name).SerializeToString()) == b""


async def test_a_span_that_never_ends_is_said_to_be_open(hasty: Service) -> None:
    run = await new_run(hasty, items(2), SEARCHED)
    worker = await new_worker(hasty)
    first, second = sorted(await worker.lease_all(2), key=lambda task: task.task_id)
    unended, lost = attempt_spans(first, "search"), attempt_spans(second, "search")
    unended[0].end_time_unix_nano = 0
    await export(hasty, [*unended, *lost[1:]])
    await worker.report(traced(first, unended), traced(second, lost))

    await ended(hasty, run.name)
    told = [await trajectory(hasty, f"{run.name}/results/{number}") for number in (1, 2)]
    assert await judgement(hasty, run.name, 1) == ("scored", 1.0, "COMPLETE")
    assert "1 steps have no end." in told[0].evidence.notes
    assert not told[0].steps[0].HasField("success")
    assert await judgement(hasty, run.name, 2) == ("scored", 1.0, "PARTIAL")
    assert (told[1].evidence.complete, names(told[1])) == (False, ["search"])


async def test_an_attempt_without_a_span_around_it_lacks_nothing(hasty: Service) -> None:
    """Instrumentation that continues the task's trace has the task's own span as its parent."""
    never = scorer("tool_not_called", '{"tool": "book"}')
    run = await new_run(hasty, items(1), never)
    worker = await new_worker(hasty)
    task = await worker.lease_one()
    _, trace, above, _ = task.traceparent.split("-")
    calls = [tool(bytes.fromhex(trace), number, bytes.fromhex(above)) for number in range(3)]
    await export(hasty, calls)
    await worker.answer(task)

    await ended(hasty, run.name)
    assert await judgement(hasty, run.name) == ("scored", 1.0, "COMPLETE")
    evidence = (await trajectory(hasty, f"{run.name}/results/1")).evidence
    assert (evidence.complete, evidence.missing_parents) == (True, 0)


@pytest.mark.parametrize("lost", [0, 1, 2], ids=["nothing", "a call", "the span around it"])
async def test_what_a_dead_worker_traced_of_a_task_is_not_the_next_ones(
    hasty: Service, lost: int
) -> None:
    run = await new_run(hasty, items(1), SEARCHED)
    worker = await new_worker(hasty)
    task = await worker.lease_one()
    above = bytes.fromhex(task.traceparent.split("-")[2])
    trace = bytes.fromhex(trace_id_of(task))
    dead = enclosed(task, [tool(trace, number, b"\xdd" * 8) for number in range(3)], b"\xdd" * 8)
    await export(hasty, dead)
    own = enclosed(
        task, [tool(trace, number, b"\xaa" * 8, "book") for number in (8, 9)], b"\xaa" * 8
    )
    assert own[-1].parent_span_id == dead[-1].parent_span_id == above
    await export(hasty, own[lost:] if lost < 2 else own[:-1])
    await worker.report(traced(task, own))

    await ended(hasty, run.name)
    told = await trajectory(hasty, f"{run.name}/results/1")
    assert set(names(told)) == {"book"}
    if lost:
        # That the tool was not called can be said of all that came only.
        assert await judgement(hasty, run.name) == ("not_evaluable trace_partial", None, "PARTIAL")
    else:
        assert await judgement(hasty, run.name) == ("scored", 0.0, "COMPLETE")
    assert (await get_result(hasty, run.name)).trace.received_spans == (2 if lost else 3)


JUDGES = (
    SEARCHED,
    scorer("code_trajectory_accuracy_scorer"),
    scorer("trajectory_match"),
    scorer("trajectory_budget", '{"max_tokens": 100}'),
    scorer("path"),
)


async def test_hostile_traces_are_judged_and_shown(hasty: Service) -> None:
    worker = await new_worker(
        hasty, hosts_target(), hosts_scorer("path", scope=SCORER_SCOPE_TRAJECTORY)
    )
    rows = [item(json_module.dumps(name), expected_trajectory=json(EXPECTED)) for name in HOSTILE]
    run = await new_run(hasty, rows, *JUDGES, concurrency=len(rows))
    for task in await worker.lease_all(len(rows)):
        make = HOSTILE[json_module.loads(task.target.input.json)]
        around = b"\xee" * 8
        spans = enclosed(task, make(bytes.fromhex(trace_id_of(task)), around), around)
        await export(hasty, spans)
        report = answered(task)
        different = len({one.span_id for one in spans})
        report.trace.CopyFrom(TraceReport(span_id=around.hex(), span_count=different))
        await worker.report(report)
    for task in await worker.lease_all(len(rows)):
        json_module.loads(task.scorer.trajectory.json or "{}")
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=1.0))

    assert (await ended(hasty, run.name)).status == RUN_STATUS_COMPLETED
    said_of = {}
    reasons = ""
    for result in await results(hasty, run.name):
        name = json_module.loads(result.output.json)
        reasons += "".join(score.reason for score in result.scores)
        said_of[name] = {said(score)[0]: said(score)[1:] for score in result.scores}
        await check_shown(hasty, result.name)
    assert {label for said in said_of.values() for label, _ in said.values()} <= {
        "scored",
        *(f"not_evaluable {gap}" for gap in GAPS),
    }
    assert said_of["large values"]["trajectory_match"] == ("not_evaluable args_not_captured", None)
    assert said_of["doubles"]["trajectory_match"] == ("not_evaluable trace_partial", None)
    assert said_of["wrong kinds"]["tool_called"] == ("not_evaluable no_trajectory", None)
    assert said_of["cycles"]["tool_called"] == ("scored", 1.0)
    assert "nul \N{REPLACEMENT CHARACTER}" in reasons


GAPS = (
    "args_not_captured",
    "attributes_dropped",
    "no_trajectory",
    "tokens_not_captured",
    "trace_partial",
)


async def check_shown(service: Service, result: str) -> None:
    trace = await service.traces.GetTrace(GetTraceRequest(name=result))
    told = await trajectory(service, result)
    listed, token = 0, ""
    while listed == 0 or token:
        page = ListSpansRequest(name=result, page_token=token)
        answer = await service.traces.ListSpans(page)
        listed, token = listed + len(answer.spans), answer.next_page_token
    assert trace.state.received_spans == listed
    assert told.evidence.received_spans in (0, listed)


async def test_a_span_that_is_too_large_for_an_answer_is_shown_in_part(service: Service) -> None:
    trace = b"\x11" * 16
    large = span(trace, 1, b"", {f"a{number}": "x" * MIB for number in range(20)}, name="n" * MIB)
    await export(service, [large])

    answer = await service.traces.ListSpans(
        ListSpansRequest(name=f"projects/default/traces/{trace.hex()}")
    )

    (shown,) = answer.spans
    told = json_module.loads(shown.attributes.json)
    assert told[ABRIDGED].startswith("Cut, since all of it is more than 8 MiB: 20 of 20 attributes")
    assert told["a19"] == "x" * 1000
    assert shown.name == "n" * 65536


async def test_a_trace_that_is_forgotten_while_it_is_waited_for_is_missing(
    collector: Collector,
) -> None:
    async with connected(collector.addresses.grpc) as service:
        run = await new_run(service, items(1), SEARCHED)
        worker = await new_worker(service)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search")
        await collector.export(request(spans))
        await forget_all(collector)
        await worker.report(traced(task, spans))

        await ended(service, run.name)
        assert await judgement(service, run.name) == (
            "not_evaluable no_trajectory",
            None,
            "MISSING",
        )


async def forget_all(collector: Collector) -> None:
    while await collector.store.transact(CONTEXT, lambda uow: uow.traces.purge(2**62, 50)):
        pass


async def test_traces_that_are_forgotten_while_they_are_judged_and_read_harm_nothing(
    collector: Collector,
) -> None:
    async with connected(collector.addresses.grpc) as service:
        run = await new_run(service, items(30), SEARCHED, concurrency=30)
        worker = await new_worker(service)
        over = asyncio.Event()

        async def forget() -> None:
            while not over.is_set():
                await forget_all(collector)
                await asyncio.sleep(0.005)

        async def read() -> None:
            while not over.is_set():
                for number in range(1, 31):
                    name = f"{run.name}/results/{number}"
                    await service.traces.GetTrajectory(GetTrajectoryRequest(name=name))

        async def work() -> None:
            for task in await worker.lease_all(30):
                spans = attempt_spans(task, "search")
                await collector.export(request(spans))
                await worker.report(traced(task, spans))

        await work()
        others = [asyncio.create_task(forget()), asyncio.create_task(read())]
        rescore = RescoreRunRequest(name=run.name, scorers=[SEARCHED], force=True)
        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
        await service.runs.RescoreRun(rescore)
        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
        over.set()
        await asyncio.gather(*others)

        scores = [said(one.scores[0])[1:] for one in await results(service, run.name)]
    assert set(scores) <= {("scored", 1.0), ("not_evaluable no_trajectory", None)}


FASTER = EngineSettings(sweep_interval=0.02, trace_patience=0.001)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_trace_that_breaks_its_reader_ends_as_not_evaluable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RecursionError("too deep")

    async with started(tmp_path, engine=FASTER) as service:
        run = await new_run(service, items(1), SEARCHED)
        worker = await new_worker(service)
        task = await worker.lease_one()
        await export(service, attempt_spans(task, "search"))
        monkeypatch.setattr(trajectories, "normalise", broken)
        await worker.report(traced(task, attempt_spans(task, "search")))

        await ended(service, run.name)
        (score,) = (await get_result(service, run.name)).scores
        assert said(score)[1] == "not_evaluable no_trajectory"
        assert score.reason.startswith("The trace cannot be read: RecursionError.")
