"""EvaluateGate, gates of experiments and runs, and the verdict that comes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
import pytest

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    answered,
    ended,
    facts,
    failed,
    get_run,
    invalid,
    item,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    scorer,
    summary,
)
from trialbook.v1.experiment_pb2 import Experiment
from trialbook.v1.experiment_service_pb2 import UpdateExperimentRequest
from trialbook.v1.gate_pb2 import (
    GATE_METRIC_FAILED_RESULTS,
    GATE_METRIC_MEAN,
    GATE_METRIC_PASS_RATE,
    REGRESSION_RULE_POINT,
    VERDICT_FAILED,
    VERDICT_INCONCLUSIVE,
    VERDICT_PASSED,
    Gate,
    GateCondition,
    GateVerdict,
)
from trialbook.v1.run_pb2 import Run
from trialbook.v1.run_service_pb2 import EvaluateGateRequest, StartRunRequest

MEAN: dict[str, Any] = {"metric": GATE_METRIC_MEAN, "scorer": "exact_match"}
NO_WORSE = GateCondition(max_regression=0.0, **MEAN)


def gate(*conditions: GateCondition, **more: Any) -> Gate:
    return Gate(conditions=conditions, **more)


def at_least(bound: float, **more: Any) -> GateCondition:
    return GateCondition(at_least=bound, **MEAN, **more)


async def evaluate(service: Service, run: str, **more: Any) -> GateVerdict:
    request = EvaluateGateRequest(name=run, **more)
    return (await service.runs.EvaluateGate(request)).verdict


async def gated(service: Service, *conditions: GateCondition, **more: Any) -> Experiment:
    """An experiment on three items, the first of the split `test`, with a gate."""
    dataset = await new_dataset(
        service,
        [item("1", "1", split="test"), item("2", "2", tags=["hard"]), item("3", "3")],
    )
    experiment = await new_experiment(
        service, dataset.name, scorer("exact_match"), concurrency=3, max_retries=0
    )
    changed = await service.experiments.UpdateExperiment(
        UpdateExperimentRequest(
            experiment=Experiment(name=experiment.name, gate=gate(*conditions, **more)),
            update_mask={"paths": ["gate"]},
        )
    )
    return changed.experiment


async def over(
    service: Service, worker: ScriptedWorker, experiment: str, outputs: Sequence[str], **more: Any
) -> Run:
    """A run that has ended, with these outputs in the order of the items; "!" is an error."""
    started = await service.runs.StartRun(
        StartRunRequest(parent=PROJECT, experiment=experiment, **more)
    )
    tasks = sorted(
        await worker.lease_all(len(outputs)), key=lambda task: int(task.target.input.json)
    )
    await worker.report(
        *(
            failed(task) if output == "!" else answered(task, output)
            for task, output in zip(tasks, outputs, strict=True)
        )
    )
    return await ended(service, started.run.name)


async def test_a_run_that_ends_gets_its_verdict_as_its_last_fact(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await gated(service, at_least(0.5), at_least(1.0, split="test"))

    run = await over(service, worker, experiment.name, ["1", "2", "0"])

    assert run.gate == experiment.gate
    verdict = run.gate_verdict
    assert (verdict.verdict, verdict.author, verdict.baseline) == (VERDICT_PASSED, "trialbook", "")
    assert verdict.gate == run.gate
    assert verdict.evaluate_time.ToMicroseconds() >= run.end_time.ToMicroseconds()
    assert [finding.value for finding in verdict.findings] == [pytest.approx(2 / 3), 1.0]
    assert [finding.count for finding in verdict.findings] == [3, 1]
    assert verdict.findings[1].explanation == (
        "mean of exact_match is 1 over 1 result of the split 'test'; at least 1 is asked"
    )
    last = (await facts(service, run.name))[-1]
    assert (last.position, last.gate_verdict) == (run.last_position, verdict)
    assert last.record_time == verdict.evaluate_time


async def test_a_run_without_a_gate_has_no_verdict(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1)
    await worker.answer(await worker.lease_one())
    over_run = await ended(service, run.name)
    assert not over_run.HasField("gate_verdict")
    told = await refusal(evaluate(service, run.name))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_GATE")


async def test_a_verdict_is_recorded_once_and_anew_when_it_differs(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await gated(service, at_least(0.5))
    run = await over(service, worker, experiment.name, ["1", "2", "0"])

    assert await evaluate(service, run.name) == run.gate_verdict
    assert (await get_run(service, run.name)).last_position == run.last_position

    strict = gate(at_least(0.9))
    told = await evaluate(service, run.name, gate=strict, dry_run=True)
    assert (told.verdict, told.author) == (VERDICT_FAILED, "anonymous")
    assert (await get_run(service, run.name)).gate_verdict == run.gate_verdict

    told = await evaluate(service, run.name, gate=strict, request_id="r-1")
    again = await evaluate(service, run.name, gate=strict, request_id="r-1")
    now = await get_run(service, run.name)
    assert told == again == now.gate_verdict
    assert (told.verdict, told.author) == (VERDICT_FAILED, "anonymous")
    assert [c.at_least for c in told.gate.conditions] == [0.9]
    assert now.last_position == run.last_position + 1
    assert now.gate == run.gate
    assert [fact.gate_verdict for fact in await facts(service, run.name, run.last_position)] == [
        told
    ]


async def test_a_run_is_judged_beside_the_newest_other_one(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await gated(service, NO_WORSE)
    with_baseline = gate(NO_WORSE, baseline=experiment.name)
    perfect = ["1", "2", "3"]

    first = await over(service, worker, experiment.name, perfect)
    assert first.gate_verdict.verdict == VERDICT_INCONCLUSIVE
    assert "no baseline" in first.gate_verdict.findings[0].explanation

    alone = await evaluate(service, first.name, gate=with_baseline)
    assert "no other run" in alone.findings[0].explanation

    second = await over(service, worker, experiment.name, perfect, gate=with_baseline)
    assert second.gate_verdict.verdict == VERDICT_PASSED
    assert second.gate_verdict.baseline == first.name

    worse = await over(service, worker, experiment.name, ["0", "0", "0"], gate=with_baseline)
    finding = worse.gate_verdict.findings[0]
    assert worse.gate_verdict.baseline == second.name
    assert (finding.verdict, finding.difference, finding.baseline_value) == (
        VERDICT_FAILED, -1.0, 1.0,
    )  # fmt: skip
    assert (finding.lower, finding.upper) == (-1.0, -1.0)


async def test_a_baseline_of_the_run_is_over_that_of_the_gate(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await gated(service, NO_WORSE)
    poor = await over(service, worker, experiment.name, ["0", "0", "0"])
    perfect = await over(service, worker, experiment.name, ["1", "2", "3"])
    point = GateCondition(max_regression=0.0, regression_rule=REGRESSION_RULE_POINT, **MEAN)

    middling = await over(
        service, worker, experiment.name, ["1", "0", "0"],
        gate=gate(point, baseline=perfect.name), baseline=poor.name,
    )  # fmt: skip
    assert middling.gate_verdict.baseline == poor.name
    assert middling.gate_verdict.verdict == VERDICT_PASSED

    other = await evaluate(service, middling.name, baseline=perfect.name)
    assert (other.baseline, other.verdict) == (perfect.name, VERDICT_FAILED)
    asked = gate(point, baseline=perfect.name)
    assert (await evaluate(service, middling.name, gate=asked)).baseline == perfect.name


async def test_failed_results_count_and_so_do_misspelt_tags(service: Service) -> None:
    worker = await new_worker(service)
    rate = GateCondition(metric=GATE_METRIC_PASS_RATE, at_least=0.9)
    none_failed = GateCondition(metric=GATE_METRIC_FAILED_RESULTS, at_most=0)
    nobody = GateCondition(metric=GATE_METRIC_PASS_RATE, tag="hrad", at_least=0.5)
    experiment = await gated(service, rate, none_failed, nobody)

    run = await over(service, worker, experiment.name, ["1", "!", "3"])

    findings = run.gate_verdict.findings
    assert run.gate_verdict.verdict == VERDICT_FAILED
    assert [finding.verdict for finding in findings] == [
        VERDICT_FAILED, VERDICT_FAILED, VERDICT_INCONCLUSIVE,
    ]  # fmt: skip
    assert findings[1].explanation == "1 of 3 results failed; at most 0 is asked"
    assert findings[2].explanation == "there are no results with the tag 'hrad'"
    assert not findings[2].HasField("value")


async def test_a_gate_cannot_be_asked_before_the_end(service: Service) -> None:
    experiment = await gated(service, at_least(0.5))
    started = await service.runs.StartRun(
        StartRunRequest(parent=PROJECT, experiment=experiment.name, wait_for_worker=True)
    )
    questions: list[dict[str, Any]] = [{}, {"dry_run": True}, {"gate": gate(at_least(0.1))}]
    for more in questions:
        told = await refusal(evaluate(service, started.run.name, **more))
        assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "RUN_GOES_ON")
    assert not started.run.HasField("gate_verdict")


async def test_bad_questions_are_refused_by_their_paths(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await gated(service, at_least(0.5))
    run = await over(service, worker, experiment.name, ["1", "2", "0"])
    unknown = GateCondition(metric=GATE_METRIC_MEAN, scorer="tone", at_least=0.1)
    for asked, path in (
        ({"gate": gate()}, "gate.conditions"),
        ({"gate": gate(GateCondition(at_least=1))}, "gate.conditions[0].metric"),
        ({"gate": gate(at_least(0.1), confidence=2)}, "gate.confidence"),
        ({"gate": gate(unknown)}, "gate.conditions[0].scorer"),
        ({"gate": gate(NO_WORSE, baseline=run.name)}, "gate.baseline"),
        ({"baseline": run.name}, "baseline"),
        ({"baseline": "projects/other/runs/r"}, "baseline"),
        ({"baseline": experiment.dataset}, "baseline"),
    ):
        told = await refusal(evaluate(service, run.name, **asked))
        assert summary(told) == invalid(path), asked
    for asked in ({"baseline": f"{PROJECT}/runs/none"}, {}):
        name = run.name if asked else f"{PROJECT}/runs/none"
        told = await refusal(evaluate(service, name, **asked))
        assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_an_experiment_refuses_a_gate_that_its_runs_could_not_answer(
    service: Service,
) -> None:
    unknown = GateCondition(metric=GATE_METRIC_MEAN, scorer="tone", at_least=0.1)
    assert summary(await refusal(gated(service, unknown))) == invalid(
        "experiment.gate.conditions[0].scorer"
    )
    far = {"baseline": "projects/other/runs/r"}
    assert summary(await refusal(gated(service, NO_WORSE, **far))) == invalid(
        "experiment.gate.baseline"
    )
    told = await refusal(gated(service, NO_WORSE, baseline=f"{PROJECT}/runs/none"))
    assert told.reason == "RESOURCE_NOT_FOUND"
