"""Scorers that wait for traces, and all that may happen to their run meanwhile."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.test_trajectory import HASTY, SEARCHED, get_result, judgement, said
from tests.service import (
    PROJECT,
    Service,
    ended,
    failed,
    hosts_scorer,
    hosts_target,
    item,
    items,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    results,
    scorer,
    settings_in,
    started,
)
from tests.traces import attempt_spans, export, span, trace_id_of, traced
from trialbook.services import maintenance
from trialbook.v1.dataset_service_pb2 import PurgeItemsRequest
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_TRAJECTORY, TARGET_KIND_SCORER, Target
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED
from trialbook.v1.run_service_pb2 import RescoreRunRequest, RetryRunRequest, StartRunRequest


async def test_a_result_that_is_run_again_is_judged_by_its_new_trace(service: Service) -> None:
    run = await new_run(service, items(1), SEARCHED)
    worker = await new_worker(service)
    task = await worker.lease_one()
    await export(service, attempt_spans(task, "book"))
    await worker.report(failed(task, "INVALID"))
    await ended(service, run.name)
    await service.runs.RetryRun(RetryRunRequest(name=run.name))
    again = await worker.lease_one()
    spans = attempt_spans(again, "search")
    await export(service, spans)
    await worker.report(traced(again, spans))

    await ended(service, run.name)
    assert trace_id_of(again) != trace_id_of(task)
    assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")
    assert list((await get_result(service, run.name)).trace.trace_ids) == [trace_id_of(again)]


async def test_a_purge_erases_the_spans_of_all_attempts(service: Service, tmp_path: Path) -> None:
    run = await new_run(service, items(2), SEARCHED)
    worker = await new_worker(service)
    tasks = {task.target.item_id: task for task in await worker.lease_all(2)}
    await export(service, attempt_spans(tasks["i1"], "lost"))
    await worker.report(failed(tasks["i1"], "EXECUTION"))
    (tasks["i1"],) = await worker.lease_all(1)
    linked = "ef" * 16
    for task in tasks.values():
        spans = attempt_spans(task, "search")
        spans[0].links.add(trace_id=bytes.fromhex(linked), span_id=b"\1" * 8)
        await export(service, spans)
        await worker.report(traced(task, spans))
    await export(service, [span(linked, "elsewhere")])
    await ended(service, run.name)
    dataset = run.dataset.partition("/versions/")[0]

    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset, item_ids=["i1"]))

    first, second = await get_result(service, run.name, 1), await get_result(service, run.name, 2)
    assert (first.trace.received_spans, first.trace.rejected_spans) == (0, 0)
    assert second.trace.received_spans == 3
    rescore = RescoreRunRequest(name=run.name, scorers=[SEARCHED], force=True)
    await service.runs.RescoreRun(rescore)
    await ended(service, run.name)
    assert [said(one.scores[0])[1] for one in await results(service, run.name)] == [
        "skipped item_purged",
        "scored",
    ]


async def test_a_run_that_came_with_a_log_goes_on_without_its_spans(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(
            service, hosts_target(), hosts_scorer("path", scope=SCORER_SCOPE_TRAJECTORY)
        )
        run = await new_run(service, items(1), SEARCHED, scorer("path"))
        task = await worker.lease_one()
        await worker.report(traced(task, attempt_spans(task, "search")))
    stream = io.BytesIO()
    maintenance.export_archive(settings_in(tmp_path), stream)
    stream.seek(0)
    other = tmp_path / "other"
    other.mkdir()
    maintenance.import_archive(settings_in(other), stream)

    async with started(other, engine=HASTY) as service:
        worker = await new_worker(service, hosts_scorer("path", scope=SCORER_SCOPE_TRAJECTORY))
        task = await worker.lease_one()
        assert not task.scorer.HasField("trajectory")
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=0.5))
        await ended(service, run.name)
        (result,) = await results(service, run.name)
        assert [said(score) for score in result.scores] == [
            ("tool_called", "not_evaluable no_trajectory", None),
            ("path", "scored", 0.5),
        ]


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[list[Service]]:
    """Two servers on one database, each of which looks at all that waits."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                started(tmp_path, engine=HASTY, address=f"unix:{tmp_path / name}")
            )
            for name in ("a", "b")
        ]


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
async def test_servers_that_share_a_database_judge_each_trace_once(two: list[Service]) -> None:
    first, second = two
    run = await new_run(first, items(40), SEARCHED)
    worker = await new_worker(first)
    left = 40
    while left:
        tasks = await worker.lease(10)
        left -= len(tasks)
        spans = {task.task_id: attempt_spans(task, "search") for task in tasks}
        await worker.report(*(traced(task, spans[task.task_id]) for task in tasks))
        await export(second, [one for some in spans.values() for one in some])

    done = await ended(second, run.name)
    assert done.status == RUN_STATUS_COMPLETED
    (summary,) = done.scorer_summaries
    assert (summary.scored, summary.passed) == (40, 40)


async def test_a_built_in_target_has_no_trace_and_may_judge_trajectories(
    service: Service,
) -> None:
    case = '{"trajectory": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "function", '
    case += '"function": {"name": "search", "arguments": "{}"}}]}]}'
    target = Target(kind=TARGET_KIND_SCORER, name="tool_not_called")
    options = json('{"tool": "search"}')
    dataset = await new_dataset(service, [item(case), item('{"trajectory": 7}')])
    experiment = await new_experiment(service, dataset.name, SEARCHED, target=target)
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, target_options=options)
    run = (await service.runs.StartRun(request)).run

    await ended(service, run.name)
    judged_one, broken = await results(service, run.name)
    assert '"passed":false' in judged_one.output.json
    assert said(judged_one.scores[0])[1] == "not_evaluable no_trajectory"
    assert broken.error.message.startswith(
        "The item's input is no case that a scorer can judge: its `trajectory` cannot be read: "
    )
