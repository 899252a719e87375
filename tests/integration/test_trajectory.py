"""Traces settle, and what targets did is judged then."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import (
    PROJECT,
    Service,
    answered,
    ended,
    eventually,
    get_run,
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
    start_run,
    started,
)
from tests.traces import (
    agent_spans,
    attempt_spans,
    export,
    span,
    span_id_of,
    trace_id_of,
    traced,
    untraced,
)
from trialbook.services import bootstrap
from trialbook.services.engine.engine import EngineSettings
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.projections.unit_of_work import SqlStore
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_STEP, SCORER_SCOPE_TRAJECTORY, ScorerSpec
from trialbook.v1.run_pb2 import RUN_STATUS_CANCELLED, RUN_STATUS_COMPLETED, Result, Run
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    FinishRunRequest,
    GetResultRequest,
    RescoreRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.score_pb2 import Score, ScoreStatus
from trialbook.v1.score_service_pb2 import ExplainScoreRequest, ListScoresRequest
from trialbook.v1.trace_pb2 import TRACE_STATUS_COMPLETE, TraceReport, TraceStatus
from trialbook.v1.trace_service_pb2 import GetTraceRequest

SEARCHED = scorer("tool_called", '{"tool": "search"}')
HASTY = EngineSettings(sweep_interval=0.02, trace_patience=0.01)
"""An engine that waits 30 ms for a span that was announced, 100 without a count, 300 at most."""


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path, engine=HASTY) as running:
        yield running


async def get_result(service: Service, run: str, number: int = 1) -> Result:
    answer = await service.runs.GetResult(GetResultRequest(name=f"{run}/results/{number}"))
    return answer.result


def said(score: Score) -> tuple[str, str, float | None]:
    """What is compared of a score: scorer, status or its label, and value."""
    status = ScoreStatus.Name(score.status).removeprefix("SCORE_STATUS_").lower()
    if status in ("not_evaluable", "skipped"):
        status += f" {score.label}"
    return score.scorer, status, score.value if score.HasField("value") else None


async def judgement(service: Service, run: str, number: int = 1) -> tuple[str, Any, str]:
    """What the only score of a result says, and how its trace is shown."""
    result = await get_result(service, run, number)
    (score,) = result.scores
    _, status, value = said(score)
    return status, value, TraceStatus.Name(result.trace.status).removeprefix("TRACE_STATUS_")


class TestSettling:
    async def test_a_trace_whose_spans_are_all_there_is_judged_at_once(
        self, service: Service
    ) -> None:
        run = await new_run(service, items(1), SEARCHED)
        worker = await new_worker(service)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search", "book")
        await export(service, spans)
        assert await worker.report(traced(task, spans)) == ["RECORDED"]

        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
        assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")
        state = (await get_result(service, run.name)).trace
        assert (state.received_spans, state.expected_spans) == (4, 4)
        assert list(state.trace_ids) == [trace_id_of(task)]
        assert state.HasField("settle_time")

    async def test_spans_that_come_late_settle_it(self, service: Service) -> None:
        run = await new_run(service, items(1), SEARCHED)
        worker = await new_worker(service)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search")
        await worker.report(traced(task, spans))
        assert not (await get_result(service, run.name)).scores
        waiting = await get_run(service, run.name)
        assert waiting.waiting_for == "spans, for 1 score"

        await export(service, spans)

        await ended(service, run.name)
        assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")

    async def test_who_asks_for_a_trace_is_told_by_the_same_patience(self, hasty: Service) -> None:
        trace_id = "ab" * 16
        await export(hasty, agent_spans(trace_id, "search"))
        request = GetTraceRequest(name=f"{PROJECT}/traces/{trace_id}")

        async def complete() -> bool:
            state = (await hasty.traces.GetTrace(request)).state
            return state.status == TRACE_STATUS_COMPLETE

        assert await eventually(complete)

    async def test_lost_spans_leave_it_partial_and_missing_ones_not_evaluable(
        self, hasty: Service
    ) -> None:
        run = await new_run(hasty, items(2), SEARCHED)
        worker = await new_worker(hasty)
        first, second = sorted(await worker.lease_all(2), key=lambda task: task.task_id)
        spans = attempt_spans(first, "search")
        await export(hasty, spans)
        await worker.report(
            traced(first, spans, count=9), traced(second, attempt_spans(second, "search"))
        )

        await ended(hasty, run.name)
        assert await judgement(hasty, run.name, 1) == ("scored", 1.0, "PARTIAL")
        assert await judgement(hasty, run.name, 2) == (
            "not_evaluable no_trajectory",
            None,
            "MISSING",
        )
        (score,) = (await get_result(hasty, run.name, 2)).scores
        assert score.reason.startswith("None of the 3 spans came that were announced.")

    async def test_without_a_count_it_settles_when_nothing_comes_any_more(
        self, hasty: Service
    ) -> None:
        run = await new_run(hasty, items(1), SEARCHED)
        worker = await new_worker(hasty)
        task = await worker.lease_one()
        await export(
            hasty, agent_spans(trace_id_of(task), "search", parent=task.traceparent.split("-")[2])
        )
        await worker.answer(task)

        await ended(hasty, run.name)
        assert await judgement(hasty, run.name) == ("scored", 1.0, "COMPLETE")

    async def test_what_was_reported_is_judged_where_there_is_no_trace(
        self, service: Service
    ) -> None:
        call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
        messages = [{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": [call]}]
        run = await new_run(service, items(3), SEARCHED)
        worker = await new_worker(service)
        tasks = sorted(await worker.lease_all(3), key=lambda task: task.task_id)
        reports = [
            untraced(tasks[0]),
            answered(tasks[1]),
            answered(tasks[2], json_module.dumps({"messages": messages})),
        ]
        for report in reports[:2]:
            report.trajectory.json = json_module.dumps(messages)
        await worker.report(*reports)

        # None of them waits for spans.
        await ended(service, run.name)
        for number in (1, 2, 3):
            assert await judgement(service, run.name, number) == ("scored", 1.0, "MISSING")
        assert (await get_result(service, run.name)).trajectory.json == json_module.dumps(messages)

    async def test_no_trace_and_nothing_else_is_not_evaluable_at_once(
        self, service: Service
    ) -> None:
        run = await new_run(service, items(1), SEARCHED)
        worker = await new_worker(service)
        await worker.report(untraced(await worker.lease_one()))

        await ended(service, run.name)
        assert await judgement(service, run.name) == (
            "not_evaluable no_trajectory",
            None,
            "MISSING",
        )

    async def test_linked_traces_are_read_together_but_no_other_attempts(
        self, service: Service
    ) -> None:
        run = await new_run(service, items(2), SEARCHED)
        worker = await new_worker(service)
        first, second = await worker.lease_all(2)
        elsewhere, spans, other = "ab" * 16, attempt_spans(first), attempt_spans(second, "search")
        remote = agent_spans(elsewhere, "search")
        remote[0].links.add(trace_id=spans[0].trace_id, span_id=spans[0].span_id)
        spans[0].links.add(trace_id=other[0].trace_id, span_id=other[0].span_id)
        await export(service, [*spans, *remote, *other])
        await worker.report(traced(first, spans, count=4), traced(second, other))

        await ended(service, run.name)
        states = {
            tuple(one.trace.trace_ids): one.trace.received_spans
            for one in [await get_result(service, run.name, number) for number in (1, 2)]
        }
        assert states == {
            (trace_id_of(first), elsewhere): 4,
            (trace_id_of(second),): 3,
        }

    async def test_the_trace_of_the_call_that_started_the_run_is_no_results(
        self, service: Service
    ) -> None:
        dataset = await new_dataset(service, items(1))
        experiment = await new_experiment(service, dataset.name, SEARCHED)
        worker, callers = await new_worker(service), "9a" * 16
        answer = await service.runs.StartRun(
            StartRunRequest(parent=PROJECT, experiment=experiment.name),
            metadata=(("traceparent", f"00-{callers}-{'1b' * 8}-01"),),
        )
        task = await worker.lease_one()
        spans = attempt_spans(task)
        execute = span(callers, "execute echo")
        execute.links.add(trace_id=spans[-1].trace_id, span_id=spans[-1].span_id)
        spans[-1].links.add(trace_id=execute.trace_id, span_id=execute.span_id)
        await export(service, [*spans, execute, *agent_spans(callers, "search")])
        await worker.report(traced(task, spans))

        assert task.run_traceparent.split("-")[1] == callers
        await ended(service, answer.run.name)
        state = (await get_result(service, answer.run.name)).trace
        assert (list(state.trace_ids), state.received_spans) == ([trace_id_of(task)], 2)


class TestLateSpans:
    async def test_they_make_scores_stale_until_the_run_is_rescored(self, hasty: Service) -> None:
        run = await new_run(hasty, items(1), SEARCHED)
        worker = await new_worker(hasty)
        task = await worker.lease_one()
        spans = attempt_spans(task, "book", "search")
        await export(hasty, [*spans[:2], spans[-1]])
        await worker.report(traced(task, spans))
        await ended(hasty, run.name)
        before = await get_result(hasty, run.name)
        assert (before.trace.stale, before.scores[0].stale) == (False, False)
        assert before.scores[0].status != ScoreStatus.SCORE_STATUS_SCORED

        await export(hasty, [spans[2]])

        late = await get_result(hasty, run.name)
        assert (late.trace.stale, late.scores[0].stale) == (True, True)
        listed = await hasty.scores.ListScores(ListScoresRequest(parent=run.name))
        assert [one.score.stale for one in listed.scores] == [True]
        told = await hasty.scores.ExplainScore(ExplainScoreRequest(name=late.scores[0].name))
        assert told.score.score.stale
        assert told.causes[-1].explanation.endswith(
            "The trace was partial: 3 of 4 spans had come, read by version 1 of the normaliser. "
            "More has come since."
        )

        await hasty.runs.RescoreRun(
            RescoreRunRequest(name=run.name, scorers=[SEARCHED], force=True)
        )
        await ended(hasty, run.name)
        after = await get_result(hasty, run.name)
        assert (after.trace.stale, after.scores[0].stale) == (False, False)
        assert await judgement(hasty, run.name) == ("scored", 1.0, "COMPLETE")

    async def test_old_scores_stay_stale_beside_new_ones(self, hasty: Service) -> None:
        run = await new_run(hasty, items(1), SEARCHED)
        worker = await new_worker(hasty)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search", "book")
        await export(hasty, [spans[0], spans[1], spans[-1]])
        await worker.report(traced(task, spans))
        await ended(hasty, run.name)
        await export(hasty, [spans[2]])

        booked = scorer("tool_called", '{"tool": "book"}', alias="booked")
        await hasty.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[booked]))
        await ended(hasty, run.name)

        result = await get_result(hasty, run.name)
        assert {score.scorer: score.stale for score in result.scores} == {
            "tool_called": True,
            "booked": False,
        }


class TestHostedScorers:
    async def test_they_are_given_the_trajectory_when_it_has_settled(
        self, service: Service
    ) -> None:
        worker = await new_worker(
            service, hosts_target(), hosts_scorer("path", scope=SCORER_SCOPE_TRAJECTORY)
        )
        wanted = '{"steps": [{"name": "search"}]}'
        rows = [item("1", '"a"', item_id="a", expected_trajectory=json(wanted)), *items(1)]
        run = await new_run(service, rows, scorer("path"))
        tasks = {task.target.item_id: task for task in await worker.lease_all(2)}
        spans = attempt_spans(tasks["a"], "search")
        await worker.report(traced(tasks["a"], spans), untraced(tasks["i1"]))
        (without,) = await worker.lease_all(1)
        assert await worker.lease_now() == [], "a scorer came before its trace"
        await export(service, spans)
        task = await worker.lease_one()

        assert not without.scorer.HasField("trajectory")
        assert task.scorer.scope == SCORER_SCOPE_TRAJECTORY
        assert (task.scorer.output.json, task.scorer.expected.json) == ("1", '"a"')
        assert json_module.loads(task.scorer.expected_trajectory.json) == json_module.loads(wanted)
        told = json_module.loads(task.scorer.trajectory.json)
        (agent,) = told["steps"]
        assert (agent["step_type"], agent["name"]) == ("agent_run", "helper")
        assert [(step["name"], step["args"]) for step in agent["children"]] == [
            ("search", {"place": 1})
        ]
        for one in (without, task):
            await worker.report(judged(one, status="SCORE_STATUS_SCORED", value=0.5))
        await ended(service, run.name)
        assert [said(one.scores[0]) for one in await results(service, run.name)] == [
            ("path", "scored", 0.5),
            ("path", "scored", 0.5),
        ]


def step(name: str, output: str, trace_id: str, parent: str) -> Any:
    """The span of a workflow's step."""
    return span(
        trace_id,
        name,
        parent,
        mastra__span__type="workflow_step",
        mastra__workflow_step__step_id=name,
        mastra__workflow_step__output=output,
    )


class TestSteps:
    async def test_they_are_judged_by_what_the_trace_tells_of_them(self, service: Service) -> None:
        of_find: dict[str, Any] = {"scope": SCORER_SCOPE_STEP, "step_id": "find"}
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(
            service,
            items(2),
            ScorerSpec(scorer="exact_match", **of_find),
            ScorerSpec(scorer="tone", **of_find),
        )
        tasks = {task.target.item_id: task for task in await worker.lease_all(2)}
        for task, name in ((tasks["i1"], "find"), (tasks["i2"], "plan")):
            spans = attempt_spans(task)
            steps = [step(name, "1", trace_id_of(task), spans[-1].span_id.hex())]
            await export(service, [*steps, *spans])
            await worker.report(traced(task, [*steps, *spans]))
        task = await worker.lease_one()
        assert (task.scorer.item_id, task.scorer.output.json) == ("i1", "1")
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=0.25))

        await ended(service, run.name)
        assert [
            [said(score) for score in one.scores] for one in await results(service, run.name)
        ] == [
            [("exact_match", "scored", 1.0), ("tone", "scored", 0.25)],
            [
                ("exact_match", "not_evaluable step_not_run", None),
                ("tone", "not_evaluable step_not_run", None),
            ],
        ]


class TestRuns:
    async def test_a_cancelled_one_skips_what_waits_for_traces(self, service: Service) -> None:
        run = await new_run(service, items(2), SEARCHED)
        worker = await new_worker(service)
        tasks = await worker.lease_all(2)
        await worker.report(*(traced(task, attempt_spans(task)) for task in tasks))
        await service.runs.CancelRun(CancelRunRequest(name=run.name))

        assert (await ended(service, run.name)).status == RUN_STATUS_CANCELLED
        assert [said(one.scores[0])[1] for one in await results(service, run.name)] == [
            "skipped run_cancelled"
        ] * 2

    async def test_recorded_results_are_judged_by_what_was_traced(self, service: Service) -> None:
        run = await new_run(service, items(1))
        worker = await new_worker(service)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search")
        await export(service, spans)
        await worker.report(traced(task, spans))
        await ended(service, run.name)

        await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[SEARCHED]))

        await ended(service, run.name)
        assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")

    async def test_a_trace_that_is_no_longer_kept_says_so(self, tmp_path: Path) -> None:
        async with started(tmp_path) as service:
            run: Run = await new_run(service, items(1), SEARCHED)
            worker = await new_worker(service)
            task = await worker.lease_one()
            spans = attempt_spans(task, "search")
            await export(service, spans)
            await worker.report(traced(task, spans))
            await ended(service, run.name)
        with bootstrap.open_database(settings_in(tmp_path)) as database:
            await SqlStore(database).transact(SYSTEM, lambda uow: uow.traces.purge(2**60, 10))

        async with started(tmp_path, engine=HASTY) as service:
            again = RescoreRunRequest(name=run.name, scorers=[SEARCHED], force=True)
            for _ in range(2):
                await service.runs.RescoreRun(again)
                await ended(service, run.name)
                (score,) = (await get_result(service, run.name)).scores
                assert said(score) == ("tool_called", "not_evaluable no_trajectory", None)
                assert score.reason.startswith("The trace is no longer kept.")

    async def test_callers_name_the_traces_of_what_they_submit(self, service: Service) -> None:
        dataset = await new_dataset(service, items(2))
        experiment = await new_experiment(service, dataset.name, SEARCHED)
        started_run = await service.runs.StartRun(
            StartRunRequest(parent=PROJECT, experiment=experiment.name, caller_driven=True)
        )
        run, trace_id = started_run.run.name, "cd" * 16
        spans = agent_spans(trace_id, "search")
        await service.runs.SubmitResults(
            SubmitResultsRequest(
                parent=run,
                results=[
                    SubmittedResult(
                        item_id="i1",
                        trial=1,
                        output=json("1"),
                        trace_id=trace_id,
                        trace=TraceReport(
                            span_id=span_id_of(trace_id, spans[0].name), span_count=2
                        ),
                    ),
                    SubmittedResult(item_id="i2", trial=1, output=json("2")),
                ],
            )
        )
        await export(service, spans)
        await service.runs.FinishRun(FinishRunRequest(name=run))

        await ended(service, run)
        assert await judgement(service, run, 1) == ("scored", 1.0, "COMPLETE")
        assert await judgement(service, run, 2) == (
            "not_evaluable no_trajectory",
            None,
            "MISSING",
        )

    async def test_items_that_ask_for_it_are_judged(self, service: Service) -> None:
        rows = [item("1", item_id="a", scorers=[SEARCHED]), item("2", item_id="b")]
        dataset = await new_dataset(service, rows)
        experiment = await new_experiment(service, dataset.name)
        run = await start_run(service, experiment.name)
        worker = await new_worker(service)
        for task in await worker.lease_all(2):
            spans = attempt_spans(task, "search")
            await export(service, spans)
            await worker.report(traced(task, spans))

        await ended(service, run.name)
        assert [said(one.scores[0]) for one in await results(service, run.name)] == [
            ("tool_called", "scored", 1.0),
            ("tool_called", "skipped not_applicable", None),
        ]

    async def test_a_restarted_service_goes_on_waiting(self, tmp_path: Path) -> None:
        async with started(tmp_path) as service:
            run: Run = await new_run(service, items(1), SEARCHED)
            worker = await new_worker(service)
            task = await worker.lease_one()
            spans = attempt_spans(task, "search")
            await worker.report(traced(task, spans))
        async with started(tmp_path) as service:
            await export(service, spans)
            await ended(service, run.name)
            assert await judgement(service, run.name) == ("scored", 1.0, "COMPLETE")

    async def test_many_results_settle_in_few_looks(self, service: Service) -> None:
        run = await new_run(service, items(300), SEARCHED)
        worker = await new_worker(service)
        left = 300
        while left:
            tasks = await worker.lease(100)
            left -= len(tasks)
            spans = {task.task_id: attempt_spans(task, "search") for task in tasks}
            await export(service, [one for some in spans.values() for one in some])
            await worker.report(*(traced(task, spans[task.task_id]) for task in tasks))
        done = await asyncio.wait_for(ended(service, run.name), 20)
        (summary,) = done.scorer_summaries
        assert summary.scored == 300
