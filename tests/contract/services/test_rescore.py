"""RunService.RescoreRun: more scorers over outputs that are recorded."""

from __future__ import annotations

from typing import Any

import grpc

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    answered,
    ended,
    facts,
    failed,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    json,
    judged,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    summary,
)
from trialbook.v1.dataset_service_pb2 import PurgeItemsRequest
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_RUN, ScorerSpec
from trialbook.v1.run_pb2 import (
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_RUNNING,
    Run,
)
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    RescoreRunRequest,
    RescoreRunResponse,
)

FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
LOOSE = scorer("numeric_match", '{"relative_tolerance": 1}', "right")
STRICT = scorer("numeric_match", "", "right")


async def rescore(
    service: Service, name: str, *scorers: ScorerSpec, **more: Any
) -> RescoreRunResponse:
    request = RescoreRunRequest(name=name, scorers=scorers, **more)
    return await service.runs.RescoreRun(request)


async def judged_run(service: Service, worker: ScriptedWorker, *scorers: ScorerSpec) -> Run:
    """A run that has ended: 1 is answered with 2, 2 with 2, and the third item failed."""
    run = await new_run(service, 3, *scorers, max_retries=0)
    first, second, third = await worker.lease_all(3)
    await worker.report(answered(first, "2"), answered(second), failed(third))
    return await ended(service, run.name)


async def test_a_scorer_of_the_same_alias_supersedes_the_one_before(service: Service) -> None:
    run = await judged_run(service, await new_worker(service), STRICT)

    answer = await rescore(service, run.name, LOOSE)
    after = await ended(service, run.name)

    assert list(answer.scorers) == ["right"]
    assert (answer.run.status, after.status) == (RUN_STATUS_RUNNING, RUN_STATUS_COMPLETED)
    assert [spec.superseded for spec in after.scorers] == [True, False]
    assert [told.mean for told in after.scorer_summaries] == [0.5, 1.0]
    assert [told.skipped for told in after.scorer_summaries] == [1, 1]
    found = await results(service, run.name)
    assert [[score.value for score in result.scores] for result in found[:2]] == [[1.0], [1.0]]
    assert [score.label for score in found[2].scores] == ["item_failed"]
    assert [score.name.rpartition("/")[2] for score in found[0].scores] == ["right"]
    assert after.counts == run.counts


async def test_the_history_tells_who_judged_anew_and_by_what(service: Service) -> None:
    run = await judged_run(service, await new_worker(service), STRICT)
    await rescore(service, run.name, scorer("exact_match"))
    await ended(service, run.name)

    told = await facts(service, run.name, after=run.last_position)

    kinds = [event.WhichOneof("fact") for event in told]
    assert kinds == ["rescored", "scored", "scored", "scored", "ended"]
    (spec,) = told[0].rescored.scorers
    assert (spec.alias, spec.scorer_version, told[0].rescored.author) == (
        "exact_match",
        1,
        "anonymous",
    )
    assert [event.scored.number for event in told[1:4]] == [1, 2, 3]


async def test_scorers_of_workers_judge_recorded_outputs(service: Service) -> None:
    worker = await new_worker(service)
    run = await judged_run(service, worker)
    judge = await new_worker(service, hosts_scorer("tone"))

    await rescore(service, run.name, scorer("tone"), scorer("exact_match"))
    tasks = await judge.lease_all(2)
    await judge.report(*(judged(task, status="SCORE_STATUS_SCORED", value=0.25) for task in tasks))
    after = await ended(service, run.name)

    assert [(task.scorer.output.json, task.scorer.expected.json) for task in tasks] == [
        ("2", "1"),
        ("2", "2"),
    ]
    assert {told.scorer: (told.scored, told.skipped) for told in after.scorer_summaries} == {
        "tone": (2, 1),
        "exact_match": (2, 1),
    }
    assert await worker.lease_now() == []


async def test_scorers_that_are_what_they_were_judge_only_if_forced(service: Service) -> None:
    run = await judged_run(service, await new_worker(service), STRICT)

    own = await rescore(service, run.name)
    same = await rescore(service, run.name, STRICT)
    forced = await rescore(service, run.name, force=True)
    after = await ended(service, run.name)

    assert [list(one.scorers) for one in (own, same, forced)] == [[], [], ["right"]]
    assert own.run.last_position == same.run.last_position == run.last_position
    assert [spec.superseded for spec in after.scorers] == [True, False]
    assert after.scorer_summaries[0] == after.scorer_summaries[1]


async def test_without_names_the_newest_versions_judge(service: Service) -> None:
    first = await new_worker(service, hosts_target(), hosts_scorer("tone", version=1))
    run = await new_run(service, 1, scorer("tone"), STRICT)
    await first.answer(await first.lease_one())
    await first.report(judged(await first.lease_one(), status="SCORE_STATUS_SCORED", value=0.0))
    await ended(service, run.name)
    newer = await new_worker(service, hosts_scorer("tone", version=2))
    await first.close()

    answer = await rescore(service, run.name)
    await newer.report(judged(await newer.lease_one(), status="SCORE_STATUS_SCORED", value=1.0))
    after = await ended(service, run.name)

    assert list(answer.scorers) == ["tone"]
    assert [(s.alias, s.scorer_version, s.superseded) for s in after.scorers] == [
        ("tone", 1, True),
        ("right", 1, False),
        ("tone", 2, False),
    ]
    assert [told.mean for told in after.scorer_summaries] == [0.0, 1.0, 1.0]


async def test_parts_of_outputs_and_runs_as_wholes_are_judged_too(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, [item('"a"', '"a"'), item('"b"', '"b"')])
    tasks = await worker.lease_all(2)
    await worker.report(*(answered(task, '{"answer": "a"}') for task in tasks))
    await ended(service, run.name)

    part = ScorerSpec(scorer="exact_match", output_pointer="/answer")
    missing = ScorerSpec(scorer="exact_match", alias="gone", output_pointer="/none")
    whole = ScorerSpec(
        scorer="agreement",
        params=json('{"metric": "accuracy"}'),
        scope=SCORER_SCOPE_RUN,
        output_pointer="/answer",
    )
    await rescore(service, run.name, part, missing, whole)
    after = await ended(service, run.name)

    told = {one.scorer: one for one in after.scorer_summaries}
    assert (told["exact_match"].scored, told["exact_match"].mean) == (2, 0.5)
    assert told["gone"].not_evaluable == 2
    assert (told["agreement"].scored, told["agreement"].mean) == (1, 0.5)


async def test_a_run_that_is_stopped_while_it_is_judged_keeps_its_results(
    service: Service,
) -> None:
    worker = await new_worker(service)
    run = await judged_run(service, worker)
    await new_worker(service, hosts_scorer("tone"))
    await rescore(service, run.name, scorer("tone"))

    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    after = await ended(service, run.name)

    assert (after.status, after.counts) == (RUN_STATUS_CANCELLED, run.counts)
    assert [told.skipped for told in after.scorer_summaries] == [3]
    labels = {s.label for r in await results(service, run.name) for s in r.scores}
    assert labels <= {"run_cancelled", "item_failed"}


async def test_a_repeated_request_judges_once(service: Service) -> None:
    run = await judged_run(service, await new_worker(service))

    first = await rescore(service, run.name, STRICT, request_id="again")
    await ended(service, run.name)
    second = await rescore(service, run.name, STRICT, request_id="again")

    assert first == second
    assert len((await ended(service, run.name)).scorers) == 1


async def test_what_cannot_be_rescored_is_refused(service: Service) -> None:
    run = await judged_run(service, await new_worker(service))
    going_on = await new_run(service, 1)
    worker = await new_worker(service, hosts_scorer("tone"))
    await worker.close()

    def asked(*scorers: ScorerSpec, name: str = run.name) -> Any:
        return refusal(rescore(service, name, *scorers))

    assert (await asked(STRICT, name=f"{PROJECT}/runs/none")).reason == "RESOURCE_NOT_FOUND"
    assert summary(await asked(STRICT, name=going_on.name)) == (
        FAILED_PRECONDITION,
        "RUN_GOES_ON",
        [],
    )
    assert (await asked(scorer("nothing"))).paths == ["scorers[0].scorer"]
    assert (await asked(STRICT, STRICT)).paths == ["scorers[1].alias"]
    by_caller = ScorerSpec(scorer="mine", by_caller=True)
    assert summary(await asked(by_caller)) == invalid("scorers[0].by_caller")
    many = [scorer("exact_match", alias=f"a{n}") for n in range(33)]
    assert summary(await asked(*many)) == invalid("scorers")
    assert summary(await asked(scorer("tone"))) == (FAILED_PRECONDITION, "NOT_HOSTED", [])
    assert not (await ended(service, run.name)).scorers


async def test_a_run_has_no_more_scorers_at_once_than_an_experiment(service: Service) -> None:
    run = await judged_run(service, await new_worker(service), STRICT)
    many = [scorer("exact_match", alias=f"a{n}") for n in range(32)]

    assert summary(await refusal(rescore(service, run.name, *many))) == invalid("scorers")
    assert len((await rescore(service, run.name, *many[:31])).scorers) == 31


async def test_what_was_purged_meanwhile_is_not_judged(service: Service) -> None:
    run = await judged_run(service, await new_worker(service))
    dataset = run.dataset.partition("/versions/")[0]
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset, item_ids=["i1"]))

    await rescore(service, run.name, STRICT)
    after = await ended(service, run.name)

    assert [(told.scored, told.skipped) for told in after.scorer_summaries] == [(1, 2)]
    labels = [result.scores[0].label for result in await results(service, run.name)]
    assert labels[0] == "item_purged"
