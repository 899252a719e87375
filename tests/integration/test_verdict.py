"""Verdicts that come by themselves: whatever fails, and after restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    QUICK,
    Service,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    new_dataset,
    new_experiment,
    new_worker,
    query,
    read_models,
    rebuilt,
    scorer,
    started,
)
from trialbook.services.application.gate_evaluation import Judged
from trialbook.services.application.verdict import GateCase
from trialbook.v1.gate_pb2 import (
    GATE_METRIC_PASS_RATE,
    VERDICT_INCONCLUSIVE,
    VERDICT_PASSED,
    Gate,
    GateCondition,
)
from trialbook.v1.run_pb2 import Run
from trialbook.v1.run_service_pb2 import EvaluateGateRequest, RetryRunRequest, StartRunRequest

RATE = Gate(conditions=[GateCondition(metric=GATE_METRIC_PASS_RATE, at_least=0.5)])


async def begun(service: Service, count: int = 1) -> Run:
    dataset = await new_dataset(service, count)
    experiment = await new_experiment(
        service, dataset.name, scorer("exact_match"), concurrency=count, max_retries=0
    )
    request = StartRunRequest(
        parent=PROJECT, experiment=experiment.name, gate=RATE, wait_for_worker=True
    )
    return (await service.runs.StartRun(request)).run


class Refusing:
    """Lets the judging of some runs fail; counts how often that was."""

    def __init__(self, patch: pytest.MonkeyPatch, *run_ids: str) -> None:
        self.count = 0
        judge = GateCase.judge

        def refuse(case: GateCase) -> Judged:
            if case.run.run_id in run_ids or not run_ids:
                self.count += 1
                raise ZeroDivisionError
            return judge(case)

        patch.setattr(GateCase, "judge", refuse)


async def test_a_verdict_that_was_not_given_comes_after_a_restart(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        refusing = Refusing(patch)
        async with started(tmp_path) as service:
            worker = await new_worker(service)
            run = await begun(service)
            await worker.answer(await worker.lease_one())

            async def was_refused() -> bool:
                return refusing.count > 0

            await eventually(was_refused)
            over = await get_run(service, run.name)
            assert over.HasField("end_time")
            assert not over.HasField("gate_verdict")

    async with started(tmp_path) as service:
        told = await facts(service, run.name)
        assert told[-1].gate_verdict.verdict == VERDICT_PASSED
        assert [fact.position for fact in told] == list(range(1, len(told) + 1))
    assert read_models(tmp_path) == rebuilt(tmp_path)[0]


async def test_one_that_cannot_be_given_is_inconclusive_in_the_end_and_keeps_none_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path, engine=QUICK) as service:
        worker = await new_worker(service)
        first, second = await begun(service), await begun(service)
        with pytest.MonkeyPatch.context() as patch:
            refusing = Refusing(patch, first.name.rpartition("/")[2])
            await worker.answer(*await worker.lease_all(2))
            assert (await ended(service, second.name)).gate_verdict.verdict == VERDICT_PASSED
            over = await ended(service, first.name)
        assert over.gate_verdict.verdict == VERDICT_INCONCLUSIVE
        assert "could not be computed" in over.gate_verdict.findings[0].explanation
        assert refusing.count == 5
        assert "ZeroDivisionError" in caplog.text

        answer = await service.runs.EvaluateGate(EvaluateGateRequest(name=first.name))
        assert answer.verdict.verdict == VERDICT_PASSED


async def test_a_question_that_comes_first_does_not_take_the_runs_own_verdict_away(
    tmp_path: Path,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        refusing = Refusing(patch)
        async with started(tmp_path) as service:
            worker = await new_worker(service)
            run = await begun(service)
            await worker.answer(await worker.lease_one())

            async def was_refused() -> bool:
                return refusing.count > 0

            await eventually(was_refused)
            patch.undo()
            strict = Gate(conditions=[GateCondition(metric=GATE_METRIC_PASS_RATE, at_most=0.5)])
            await service.runs.EvaluateGate(EvaluateGateRequest(name=run.name, gate=strict))
            told = await facts(service, run.name)
            asked = [fact.gate_verdict.gate.conditions for fact in told[-2:]]
            assert asked == [run.gate.conditions, strict.conditions]


async def test_a_run_that_is_retried_is_judged_anew(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await begun(service, 2)
        tasks = await worker.lease_all(2)
        await worker.report(*map(failed, tasks))
        assert (await ended(service, run.name)).gate_verdict.findings[0].value == 0.0
        retried = await service.runs.RetryRun(RetryRunRequest(name=run.name))
        assert not retried.run.HasField("gate_verdict")
        await worker.answer(*await worker.lease_all(2))
        assert (await ended(service, run.name)).gate_verdict.findings[0].value == 1.0
    assert query(tmp_path, "SELECT verdict_due FROM run") == [(0,)]
    assert read_models(tmp_path) == rebuilt(tmp_path)[0]
