"""Reports that come late: from closed sessions, and about tasks that were given out anew since."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.service import (
    ScriptedWorker,
    Service,
    alive,
    answered,
    ended,
    facts,
    failed,
    get_run,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    started,
)
from trialbook.services.engine import gather
from trialbook.services.engine.engine import EngineSettings
from trialbook.v1.run_pb2 import Result, Run
from trialbook.v1.run_service_pb2 import CancelRunRequest, RetryRunRequest
from trialbook.v1.worker_pb2 import Task

DEAF = EngineSettings(lease_duration=3600.0, sweep_interval=3600.0)
"""An engine that does not look at intervals what others have done."""


async def only_result(service: Service, run: Run) -> Result:
    (result,) = await results(service, run.name)
    return result


async def lost_and_failed(quick: Service, late: ScriptedWorker, other: ScriptedWorker) -> Task:
    """Let one worker be silent about a task until another one has it, who fails it for good."""
    task = await late.lease_one()
    async with alive(other):
        (again,) = await other.lease_all(1)
        assert again.task_id == task.task_id
        await other.report(failed(again, "INVALID"))
    return task


class TestOfAnEarlierRound:
    async def test_it_changes_nothing_before_or_after_the_outcome_of_the_new_one(
        self, quick: Service
    ) -> None:
        late, other = await new_worker(quick), await new_worker(quick)
        run = await new_run(quick, 1, scorer("exact_match"))
        async with alive(late):
            old = await lost_and_failed(quick, late, other)
            await ended(quick, run.name)
            await quick.runs.RetryRun(RetryRunRequest(name=run.name))
            async with alive(other):
                new = await other.lease_one()
                assert new.task_id == old.task_id
                before = await get_run(quick, run.name)

                assert await late.answer(old, output='"late"') == ["ALREADY_RECORDED"]
                assert await get_run(quick, run.name) == before
                assert await other.answer(new) == ["RECORDED"]
                assert await late.report(failed(old)) == ["ALREADY_RECORDED"]

        over = await ended(quick, run.name)
        result = await only_result(quick, run)
        assert (result.output.json, result.round, result.attempts) == ("1", 1, 1)
        assert (over.counts.succeeded, over.counts.failed) == (1, 0)
        told = await facts(quick, run.name)
        assert [fact.WhichOneof("fact") for fact in told] == [
            *("started", "result", "scored", "ended"),
            *("retried", "result", "scored", "ended"),
        ]

    @pytest.mark.parametrize("backend", ["postgres"], indirect=True)
    async def test_it_takes_no_report_of_the_new_one_along(
        self, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One server has not heard of the retry when both come at about the same time."""
        assert backend == "postgres"
        monkeypatch.setattr(gather, "_SECONDS", 1.0)
        first = started(tmp_path, address=f"unix:{tmp_path / 'a'}")
        second = started(tmp_path, engine=DEAF, address=f"unix:{tmp_path / 'b'}")
        async with first as near, second as far:
            worker = await new_worker(far)
            at_near = ScriptedWorker(near, worker.token, worker.worker_id, itertools.count(1000))
            run = await new_run(far, 2)
            old = await worker.lease_all(2)
            await near.runs.CancelRun(CancelRunRequest(name=run.name))
            await ended(near, run.name)
            await near.runs.RetryRun(RetryRunRequest(name=run.name, include_skipped=True))
            new = await worker.lease_one()
            others = [task for task in old if task.task_id != new.task_id]

            recorded, late = await asyncio.gather(worker.answer(new), worker.answer(*others))

            assert (recorded, late) == (["RECORDED"], ["ALREADY_RECORDED"])
            await at_near.finish(run.name)
            assert {result.round for result in await results(near, run.name)} == {1}


class TestOfAClosedSession:
    async def test_it_is_refused_and_the_task_is_anothers(self, service: Service) -> None:
        gone, other = await new_worker(service), await new_worker(service)
        run = await new_run(service, 1)
        task = await gone.lease_one()
        await gone.close()

        told = await refusal(gone.answer(task, output='"late"'))

        assert told.reason == "SESSION_EXPIRED"
        assert await other.report(answered(await other.lease_one())) == ["RECORDED"]
        await ended(service, run.name)
        assert (await only_result(service, run)).output.json == "1"
