from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.collector import Collector, attributes, collecting
from tests.service import (
    Service,
    ended,
    eventually,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    judged,
    new_run,
    new_worker,
    results,
    scorer,
    started,
)
from trialbook.services.otlp import evaluation, tee_sender
from trialbook.v1 import run_pb2, trace_pb2, worker_pb2

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_REST", 0.01)
    monkeypatch.setattr(tee_sender, "_LONGEST_BACKOFF", 0.05)
    monkeypatch.setattr(evaluation, "_BATCH", 50)
    monkeypatch.setattr(evaluation, "_CLAIM", 3.0)


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


def scores(collector: Collector) -> list[dict[str, Any]]:
    """Return what the collector was told, without what it was told again."""
    found = {one["trialbook.score.position"]: one for one in map(attributes, collector.records)}
    return [found[position] for position in found]


async def told(collector: Collector, count: int) -> list[dict[str, Any]]:
    async def enough() -> bool:
        return len(scores(collector)) >= count

    await eventually(enough)
    return scores(collector)


async def scored_run(service: Service, count: int) -> run_pb2.Run:
    run = await new_run(service, count, scorer("exact_match"))
    worker = await new_worker(service)
    await worker.finish(run.name)
    await worker.close()
    return await ended(service, run.name)


async def test_every_score_is_sent_in_the_order_of_the_log(
    tmp_path: Path, collector: Collector
) -> None:
    async with started(tmp_path, evaluation_endpoint=f"grpc://{collector.address}") as service:
        run = await scored_run(service, 120)
        found = await told(collector, 120)
        made = {one.item_id: one for one in await results(service, run.name)}

    positions = [one["trialbook.score.position"] for one in found]
    assert positions == sorted(positions)
    assert {one["trialbook.item_id"] for one in found} == made.keys()
    assert all(one["gen_ai.evaluation.name"] == "exact_match" for one in found)
    assert all(one["gen_ai.evaluation.score.value"] == 1.0 for one in found)
    assert all(one["trialbook.run"] == run.name for one in found)
    for record in collector.records:
        assert record.trace_id.hex() == made[attributes(record)["trialbook.item_id"]].trace_id


async def test_a_failed_scorer_has_no_value_and_the_span_is_the_attempts(
    tmp_path: Path, collector: Collector
) -> None:
    async with started(tmp_path, evaluation_endpoint=f"grpc://{collector.address}") as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("taste"))
        run = await new_run(service, 2, scorer("taste"), max_retries=0)
        good, bad = await worker.lease_all(2)
        span = trace_pb2.TraceReport(span_id="ab" * 8, span_count=0)
        reports = [
            worker_pb2.TaskReport(
                task_id=task.task_id,
                lease_token=task.lease_token,
                output=task.target.input,
                trace=span,
            )
            for task in (good, bad)
        ]
        await worker.report(*reports)
        first, second = await worker.lease_all(2)
        await worker.report(
            judged(first, status="SCORE_STATUS_SCORED", value=0.25, passed=False, reason="Bland."),
            failed(second, "INVALID", "no tongue"),
        )
        await ended(service, run.name)
        found = {one["trialbook.item_id"]: one for one in await told(collector, 2)}

    tasted, untasted = found[first.scorer.item_id], found[second.scorer.item_id]
    assert tasted["gen_ai.evaluation.score.value"] == 0.25
    assert tasted["gen_ai.evaluation.score.label"] == "fail"
    assert tasted["gen_ai.evaluation.explanation"] == "Bland."
    assert "error.type" not in tasted
    assert untasted["error.type"] == "invalid"
    assert "gen_ai.evaluation.score.value" not in untasted
    assert {record.span_id.hex() for record in collector.records} == {"ab" * 8}


async def test_what_a_restart_interrupts_is_sent_afterwards(tmp_path: Path) -> None:
    async with collecting() as first:
        where: dict[str, Any] = {"evaluation_endpoint": f"grpc://{first.address}"}
        async with started(tmp_path, **where) as service:
            await scored_run(service, 3)
            await told(first, 3)
    port = int(first.address.rpartition(":")[2])
    # Nobody listens now: recording goes on all the same.
    async with started(tmp_path, **where) as service:
        away = await scored_run(service, 4)
        assert (await get_run(service, away.name)).status == run_pb2.RUN_STATUS_COMPLETED
    async with collecting(port=port) as second, started(tmp_path, **where) as service:
        found = await told(second, 4)
        last = await scored_run(service, 2)
        found = await told(second, 6)

    assert [one["trialbook.run"] for one in found] == [away.name] * 4 + [last.name] * 2


async def test_scores_wait_for_a_collector_that_refuses(
    tmp_path: Path, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.refusal = grpc.StatusCode.UNAUTHENTICATED
    where: dict[str, Any] = {
        "evaluation_endpoint": f"grpc://{collector.address}",
        "evaluation_headers": "x-api-key=s3cret",
    }
    with caplog.at_level(logging.DEBUG):
        async with started(tmp_path, **where) as service:
            await scored_run(service, 2)

            async def asked_often() -> bool:
                return collector.requests >= 3

            await eventually(asked_often)
            assert not collector.records
            collector.refusal = None
            assert len(await told(collector, 2)) == 2

    assert caplog.text.count("UNAUTHENTICATED") == 1
    assert collector.headers["x-api-key"] == "s3cret"
    assert "s3cret" not in caplog.text


async def test_what_is_refused_for_good_does_not_keep_the_rest_back(
    tmp_path: Path, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.refusal = grpc.StatusCode.INVALID_ARGUMENT
    async with started(tmp_path, evaluation_endpoint=f"grpc://{collector.address}") as service:
        await scored_run(service, 1)

        async def asked() -> bool:
            return collector.requests >= 1

        await eventually(asked)
        collector.refusal = None
        run = await scored_run(service, 2)
        found = await told(collector, 2)

    assert [one["trialbook.run"] for one in found] == [run.name] * 2
    assert "1 scores are left out" in caplog.text


async def test_what_was_recorded_before_anybody_asked_is_not_sent(
    tmp_path: Path, collector: Collector
) -> None:
    async with started(tmp_path) as service:
        await scored_run(service, 2)
    async with started(tmp_path, evaluation_endpoint=f"grpc://{collector.address}") as service:
        run = await scored_run(service, 1)
        found = await told(collector, 1)

    assert [one["trialbook.run"] for one in found] == [run.name]


async def test_one_of_two_servers_sends_and_the_other_takes_over(
    tmp_path: Path, collector: Collector, backend: str
) -> None:
    if backend == "sqlite":
        pytest.skip("one server only")
    where: dict[str, Any] = {"evaluation_endpoint": f"grpc://{collector.address}"}
    async with AsyncExitStack() as stack:
        first = started(tmp_path, address=f"unix:{tmp_path / 'one'}", **where)
        await stack.enter_async_context(first)
        async with started(tmp_path, address=f"unix:{tmp_path / 'two'}", **where) as second:
            await scored_run(second, 20)
            await told(collector, 20)
            await stack.aclose()
            await scored_run(second, 5)
            await told(collector, 25)

    assert len(collector.records) == 25, "neither sent what the other had"
