"""WorkerService: what a report tells beside its outcome, usage and the steps of a workflow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service import (
    Service,
    answered,
    ended,
    facts,
    failed,
    get_run,
    json,
    new_run,
    new_worker,
    results,
    seconds,
)
from trialbook.v1.run_pb2 import (
    TASK_ERROR_CODE_EXECUTION,
    TASK_ERROR_CODE_INVALID,
    Result,
    StepResult,
    Usage,
    UsageSummary,
)

USED = Usage(input_tokens=120, output_tokens=30, cost=0.25)
STEPS = [
    StepResult(step_id="fetch", output=json('{"rows": [1.0, 2]}'), duration=seconds(0.5)),
    StepResult(step_id="rank", error="ran out of rows"),
    StepResult(step_id="a/b: c"),
]


async def reported(service: Service, **more: Any) -> Result:
    """Answer the one task of a run with a report of these fields; return its result."""
    worker = await new_worker(service)
    run = await new_run(service, 1, max_retries=0)
    report = answered(await worker.lease_one())
    report.MergeFrom(type(report)(**more))
    assert await worker.report(report) == ["RECORDED"]
    await ended(service, run.name)
    (result,) = await results(service, run.name)
    return result


async def test_usage_and_steps_are_recorded_and_told(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 3, concurrency=3, max_retries=0)
    good, bad, silent = await worker.lease_all(3)
    report, broken = answered(good), failed(bad)
    for one in (report, broken):
        one.usage.CopyFrom(USED)
        one.steps.extend(STEPS)

    await worker.report(report, broken, answered(silent))
    over = await ended(service, run.name)

    found = await results(service, run.name)
    assert [(list(one.steps), one.usage) for one in found[:2]] == [(STEPS, USED)] * 2
    assert not found[2].HasField("usage")
    assert not found[2].steps
    assert over.usage == UsageSummary(told=2, input_tokens=240, output_tokens=60, cost=0.5)
    told = [fact.result for fact in await facts(service, run.name) if fact.HasField("result")]
    assert [list(one.steps) for one in told] == [STEPS, STEPS, []]


async def test_usage_of_nothing_is_told_all_the_same(service: Service) -> None:
    result = await reported(service, usage=Usage())

    assert result.usage == Usage()
    assert result.HasField("usage")


async def test_many_large_steps_are_kept(service: Service) -> None:
    steps = [StepResult(step_id=f"s{n}", output=json(f'"{"x" * 3000}"')) for n in range(1000)]

    result = await reported(service, steps=steps)

    assert list(result.steps) == steps


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"usage": Usage(input_tokens=-1)}, "usage.input_tokens"),
        ({"usage": Usage(output_tokens=2**62)}, "usage.output_tokens"),
        ({"usage": Usage(cost=float("nan"))}, "usage.cost"),
        ({"usage": Usage(cost=-0.01)}, "usage.cost"),
        ({"steps": [StepResult(step_id=f"s{n}") for n in range(1001)]}, "steps"),
        ({"steps": [StepResult()]}, "steps[0].step_id"),
        ({"steps": [StepResult(step_id="x" * 201)]}, "steps[0].step_id"),
        ({"steps": [StepResult(step_id="a\0")]}, "steps[0].step_id"),
        ({"steps": [StepResult(step_id="a")] * 2}, "steps[1].step_id"),
        ({"steps": [StepResult(step_id="a", output=json("{"))]}, "steps[0].output"),
    ],
)
async def test_what_cannot_be_kept_fails_the_one_attempt(
    service: Service, fields: dict[str, Any], where: str
) -> None:
    result = await reported(service, **fields)

    assert result.error.code == TASK_ERROR_CODE_INVALID
    assert where in result.error.message
    assert not result.steps


async def test_an_error_is_kept_though_what_stands_beside_it_is_not(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, max_retries=0)
    report = failed(await worker.lease_one(), message="the reason")
    report.usage.input_tokens = -1

    await worker.report(report)

    await ended(service, run.name)
    (result,) = await results(service, run.name)
    assert (result.error.code, result.error.message) == (TASK_ERROR_CODE_EXECUTION, "the reason")
    assert not (await get_run(service, run.name)).HasField("usage")


async def test_long_errors_of_steps_are_cut(service: Service) -> None:
    result = await reported(service, steps=[StepResult(step_id="a", error="\0" + "x" * 3000)])

    assert result.steps[0].error == "\N{REPLACEMENT CHARACTER}" + "x" * 1999
