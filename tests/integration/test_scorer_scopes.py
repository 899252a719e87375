"""What scorers judge: parts of results, steps, runs, items that ask for them; and as targets."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Any

import pytest

from tests.service import (
    PROJECT,
    QUICK,
    Service,
    alive,
    answered,
    ended,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    items,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_models,
    rebuilt,
    refusal,
    results,
    scorer,
    start_run,
    started,
    summary,
)
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import UpdateDatasetRequest
from trialbook.v1.dataset_settings_pb2 import DatasetSettings
from trialbook.v1.experiment_pb2 import (
    SCORER_SCOPE_RUN,
    SCORER_SCOPE_STEP,
    TARGET_KIND_SCORER,
    ScorerSpec,
    Target,
)
from trialbook.v1.run_pb2 import (
    RUN_END_REASON_ALL_FAILED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    SCORER_SOURCE_DATASET,
    Run,
    StepResult,
)
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    StartRunRequest,
)
from trialbook.v1.score_pb2 import Score, ScoreStatus
from trialbook.v1.worker_pb2 import TaskReport


def spec(name: str, **more: Any) -> ScorerSpec:
    params = more.pop("params", "")
    return ScorerSpec(scorer=name, params=json(params) if params else None, **more)


def agreement(params: str = "", **more: Any) -> ScorerSpec:
    return spec("agreement", scope=SCORER_SCOPE_RUN, params=params, **more)


def said(score: Score) -> tuple[str, str, float | None]:
    """What is compared of a score: scorer, status or its label, and value."""
    status = ScoreStatus.Name(score.status).removeprefix("SCORE_STATUS_").lower()
    told = status if status == "scored" else f"{status} {score.label}".strip()
    return score.scorer, told, score.value if score.HasField("value") else None


async def scores_by_item(service: Service, run: Run) -> dict[str, list[tuple[str, str, Any]]]:
    return {
        result.item_id: [said(score) for score in result.scores]
        for result in await results(service, run.name)
    }


async def run_scores(service: Service, run: Run) -> list[Score]:
    """Return the scores of the run as a whole, as they were recorded."""
    return [
        event.scored.score
        for event in await facts(service, run.name)
        if event.WhichOneof("fact") == "scored" and event.scored.number == 0
    ]


class TestParts:
    async def test_pointers_cut_out_what_is_judged(self, service: Service) -> None:
        await new_worker(service, hosts_scorer("tone"))
        run = await new_run(
            service,
            [
                item("1", '{"right": ["Yes"]}', item_id="a"),
                item("1", '{"wrong": 1}', item_id="b"),
                item("1", item_id="c"),
            ],
            spec(
                "exact_match", output_pointer="/answer/0", expected_pointer="/right/0", alias="both"
            ),
            spec("numeric_range", params='{"min": 1}', output_pointer="/n", alias="number"),
            spec("tone", output_pointer="/answer", expected_pointer="/right"),
        )
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        output = '{"answer" : [ "Yes" ], "n": 1.50}'
        for task in await worker.lease_all(3):
            await worker.answer(task, output=output)
        (task,) = await worker.lease_all(1)
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=0.5))

        assert (task.scorer.output.json, task.scorer.expected.json) == ('[ "Yes" ]', '["Yes"]')
        await ended(service, run.name)
        assert await scores_by_item(service, run) == {
            "a": [("both", "scored", 1.0), ("number", "scored", 1.0), ("tone", "scored", 0.5)],
            "b": [
                ("both", "not_evaluable no_such_part", None),
                ("number", "scored", 1.0),
                ("tone", "not_evaluable no_such_part", None),
            ],
            "c": [
                ("both", "not_evaluable no_expected", None),
                ("number", "scored", 1.0),
                ("tone", "not_evaluable no_expected", None),
            ],
        }

    async def test_steps_are_judged_by_their_outputs(self, service: Service) -> None:
        await new_worker(service, hosts_scorer("tone"))
        run = await new_run(
            service,
            items(3),
            spec("exact_match", scope=SCORER_SCOPE_STEP, step_id="find"),
            spec("tone", scope=SCORER_SCOPE_STEP, step_id="find"),
        )
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        steps = [
            [
                StepResult(step_id="plan", output=json("0")),
                StepResult(step_id="find", output=json("1")),
            ],
            [StepResult(step_id="find", error="it broke")],
            [StepResult(step_id="plan", output=json("3"))],
        ]
        for task, told in zip(await worker.lease_all(3), steps, strict=True):
            report = answered(task, '"the end"')
            report.steps.extend(told)
            assert await worker.report(report) == ["RECORDED"]
        task = await worker.lease_one()
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=0.25))

        work = task.scorer
        assert (work.scope, work.step_id, work.output.json) == (SCORER_SCOPE_STEP, "find", "1")
        await ended(service, run.name)
        assert await scores_by_item(service, run) == {
            "i1": [("exact_match", "scored", 1.0), ("tone", "scored", 0.25)],
            "i2": [
                ("exact_match", "not_evaluable step_failed", None),
                ("tone", "not_evaluable step_failed", None),
            ],
            "i3": [
                ("exact_match", "not_evaluable step_not_run", None),
                ("tone", "not_evaluable step_not_run", None),
            ],
        }


def judged_apart() -> list[Item]:
    """Items that ask for scorers of their own, but for the first one."""
    return [
        item("1", "1", item_id="plain"),
        own("near", scorer("numeric_range", '{"min": 5}', "range")),
        own("far", scorer("numeric_range", '{"min": 0}', "range"), scorer("tone", '{"k": 1}')),
        own("other", scorer("contains", '{"pattern": "1"}', "range")),
    ]


class TestItemsScorers:
    async def test_items_are_judged_by_their_own_scorers_else_by_the_datasets(
        self, service: Service
    ) -> None:
        await new_worker(service, hosts_scorer("tone"))
        dataset = await with_default_scorers(service, judged_apart(), scorer("exact_match"))
        experiment = await new_experiment(service, dataset.name)
        run = await start_run(service, experiment.name)

        assert run.scorer_source == SCORER_SOURCE_DATASET
        assert [(one.scorer, one.alias, one.per_item) for one in run.scorers] == [
            ("exact_match", "exact_match", True),
            ("numeric_range", "range", True),
            ("tone", "tone", True),
            ("contains", "range-2", True),
        ]
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        for task in await worker.lease_all(4):
            await worker.answer(task, output="1")
        task = await worker.lease_one()
        assert (task.scorer.item_id, task.scorer.params.json) == ("far", '{"k": 1}')
        await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=0.5))
        await ended(service, run.name)

        asked = {
            item_id: {name: value for name, status, value in scores if status == "scored"}
            for item_id, scores in (await scores_by_item(service, run)).items()
        }
        assert asked == {
            "plain": {"exact_match": 1.0},
            "near": {"range": 0.0},
            "far": {"range": 1.0, "tone": 0.5},
            "other": {"range-2": 1.0},
        }
        found = await get_run(service, run.name)
        assert [(one.scored, one.skipped) for one in found.scorer_summaries] == [
            (1, 3),
            (2, 2),
            (1, 3),
            (1, 3),
        ]

    async def test_without_items_that_have_their_own_the_datasets_scorers_are_the_runs(
        self, service: Service
    ) -> None:
        dataset = await with_default_scorers(
            service, items(1), scorer("numeric_range", '{"min": 1}')
        )
        experiment = await new_experiment(service, dataset.name)

        run = await start_run(service, experiment.name)

        (only,) = run.scorers
        assert (only.params.json, only.per_item) == ('{"min": 1}', False)

    async def test_more_than_32_different_scorers_of_items_are_refused(
        self, service: Service
    ) -> None:
        many = [own(f"i{number}", scorer("json_valid", alias=f"s{number}")) for number in range(33)]
        dataset = await new_dataset(service, many)
        experiment = await new_experiment(service, dataset.name)

        told = await refusal(start_run(service, experiment.name))

        assert summary(told) == invalid("experiment")

    async def test_a_run_without_any_scorers_is_a_run(self, service: Service) -> None:
        run = await new_run(service, 2)
        worker = await new_worker(service)

        assert (await worker.finish(run.name)).status == RUN_STATUS_COMPLETED
        assert await scores_by_item(service, run) == {"i1": [], "i2": []}


def own(item_id: str, *scorers: ScorerSpec) -> Item:
    return item("1", "1", item_id=item_id, scorers=scorers)


async def with_default_scorers(
    service: Service, content: list[Item], *scorers: ScorerSpec
) -> Dataset:
    dataset = await new_dataset(service, content)
    changed = Dataset(name=dataset.name, settings=DatasetSettings(default_scorers=scorers))
    request = UpdateDatasetRequest(dataset=changed)
    request.update_mask.paths.append("settings.default_scorers")
    return (await service.datasets.UpdateDataset(request)).dataset


class TestRuns:
    async def test_a_run_is_judged_once_when_all_its_results_are_there(
        self, service: Service
    ) -> None:
        await new_worker(service, hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
        run = await new_run(
            service,
            [item('"in"', f'{{"right": "{word}"}}', item_id=word) for word in ("yes", "no", "bad")],
            agreement('{"threshold": 0.5}', output_pointer="/a", expected_pointer="/right"),
            spec("spread", scope=SCORER_SCOPE_RUN, params='{"k": 2}'),
            scorer("json_valid"),
            max_retries=1,
        )
        worker = await new_worker(
            service, hosts_target(), hosts_scorer("spread", scope=SCORER_SCOPE_RUN)
        )
        for task in await worker.lease_all(3):
            is_bad = task.target.item_id == "bad"
            await worker.report(
                failed(task, "INVALID") if is_bad else answered(task, '{"a": "yes"}')
            )
        first = await worker.lease_one()
        await worker.report(failed(first))
        again = await worker.lease_one()

        work = again.scorer
        assert (work.scorer, work.scope, work.params.json) == (
            "spread",
            SCORER_SCOPE_RUN,
            '{"k": 2}',
        )
        assert (again.run, again.attempt, work.item_id, work.trial) == (run.name, 2, "", 0)
        assert not any(map(work.HasField, ("input", "output", "expected")))
        assert not (await get_run(service, run.name)).HasField("end_time")
        await worker.report(judged(again, status="SCORE_STATUS_SCORED", value=7.0))

        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
        both = await run_scores(service, run)
        assert [said(score) for score in both] == [
            ("agreement", "scored", 0.5),
            ("spread", "scored", 7.0),
        ]
        evidence = json_module.loads(both[0].evidence.json)
        assert (evidence["compared"], evidence["labels"]) == (2, ["yes", "no"])
        assert all(len(scores) == 1 for scores in (await scores_by_item(service, run)).values())
        found = await get_run(service, run.name)
        assert [one.scored for one in found.scorer_summaries] == [1, 1, 2]

    async def test_a_run_all_of_which_failed_has_nothing_to_agree_on(
        self, service: Service
    ) -> None:
        run = await new_run(service, 2, agreement())
        worker = await new_worker(service)
        for task in await worker.lease_all(2):
            await worker.report(failed(task, "INVALID"))

        assert (await ended(service, run.name)).end_reason == RUN_END_REASON_ALL_FAILED
        assert [said(score) for score in await run_scores(service, run)] == [
            ("agreement", "not_evaluable undefined", None)
        ]

    async def test_a_cancelled_run_is_not_judged(self, quick: Service) -> None:
        await new_worker(quick, hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
        run = await new_run(
            quick, 5, agreement(), spec("spread", scope=SCORER_SCOPE_RUN), scorer("exact_match")
        )
        worker = await new_worker(quick)
        await worker.answer(await worker.lease_one())
        await quick.runs.CancelRun(CancelRunRequest(name=run.name))

        assert (await ended(quick, run.name)).status == RUN_STATUS_CANCELLED
        assert [said(score) for score in await run_scores(quick, run)] == [
            ("agreement", "skipped run_cancelled", None),
            ("spread", "skipped run_cancelled", None),
        ]

    async def test_a_retried_run_is_judged_anew(self, service: Service) -> None:
        run = await new_run(service, 2, agreement())
        worker = await new_worker(service)
        for number, task in enumerate(await worker.lease_all(2)):
            await worker.report(failed(task, "INVALID") if number else answered(task, "9"))
        await ended(service, run.name)
        assert [score.value for score in await run_scores(service, run)] == [0.0]

        await service.runs.RetryRun(RetryRunRequest(name=run.name))
        await worker.finish(run.name)

        (summed,) = (await get_run(service, run.name)).scorer_summaries
        assert (summed.scored, summed.mean) == (1, 0.5)

    async def test_a_run_may_be_judged_as_a_whole_later(self, service: Service) -> None:
        run = await new_run(service, 2)
        worker = await new_worker(service)
        await worker.finish(run.name)

        await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[agreement()]))
        await ended(service, run.name)

        assert [said(score) for score in await run_scores(service, run)] == [
            ("agreement", "scored", 1.0)
        ]

    async def test_a_restart_in_between_judges_the_run_once(self, tmp_path: Path) -> None:
        async with started(tmp_path, engine=QUICK) as service:
            await new_worker(service, hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
            run = await new_run(service, 1, agreement(), spec("spread", scope=SCORER_SCOPE_RUN))
            worker = await new_worker(
                service, hosts_target(), hosts_scorer("spread", scope=SCORER_SCOPE_RUN)
            )
            await worker.answer(await worker.lease_one())
            await worker.lease_one()
        async with started(tmp_path, engine=QUICK) as service:
            worker = await new_worker(service, hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
            async with alive(worker):
                task = await worker.lease_one()
                await worker.report(judged(task, status="SCORE_STATUS_SCORED", value=1.0))
            await ended(service, run.name)
            both = await run_scores(service, run)
        assert [score.scorer for score in both] == ["agreement", "spread"]
        tables = read_models(tmp_path)
        assert rebuilt(tmp_path)[0] == tables


JUDGE = Target(kind=TARGET_KIND_SCORER, name="levenshtein")


def case(output: str, expected: str, verdict: str) -> Item:
    given = f'{{"output": {output}, "expected": {expected}}}'
    return item(given, verdict)


class TestScorersAsTargets:
    async def test_a_built_in_scorer_is_run_by_the_service_itself(self, service: Service) -> None:
        content = [
            case('"cat"', '"cat"', "true"),
            case('"cat"', '"dog"', "true"),
            item('"no case"', "true"),
        ]
        dataset = await new_dataset(service, content)
        experiment = await new_experiment(
            service,
            dataset.name,
            spec("exact_match", output_pointer="/passed"),
            agreement('{"metric": "accuracy"}', output_pointer="/passed"),
            target=JUDGE,
            trials=2,
        )
        begun = await service.runs.StartRun(
            StartRunRequest(
                parent=PROJECT,
                experiment=experiment.name,
                target_options=json('{"threshold": 0.5}'),
            )
        )
        run = await ended(service, begun.run.name)

        assert (run.target.revision, run.status) == ("1", RUN_STATUS_COMPLETED)
        assert (run.counts.succeeded, run.counts.failed) == (4, 2)
        found = await results(service, run.name)
        answer = json_module.loads(found[0].output.json)
        assert [*answer] == ["status", "value", "passed", "label", "reason"]
        assert (answer["status"], answer["value"], answer["passed"]) == ("scored", 1.0, True)
        assert [[said(score)[1:] for score in result.scores] for result in found] == [
            *[[("scored", 1.0)]] * 2,
            *[[("scored", 0.0)]] * 2,
            *[[("skipped item_failed", None)]] * 2,
        ]
        assert [score.value for score in await run_scores(service, run)] == [0.5]
        assert found[4].error.message.startswith("The item's input is no case")

    async def test_a_built_in_target_goes_through_many_items_and_stops_when_it_is_told(
        self, quick: Service
    ) -> None:
        dataset = await new_dataset(quick, [case(str(n), "1", "1") for n in range(1_200)])
        experiment = await new_experiment(quick, dataset.name, target=JUDGE)
        run = await ended(quick, (await start_run(quick, experiment.name)).name)
        assert run.counts.succeeded == 1_200

        stopped = await new_experiment(
            quick, (await new_dataset(quick, [item("1")] * 700)).name, target=JUDGE, max_failures=1
        )
        run = await ended(quick, (await start_run(quick, stopped.name)).name)
        assert run.status == RUN_STATUS_FAILED
        assert run.counts.failed + run.counts.skipped == 700

    async def test_a_failed_case_can_be_retried(self, service: Service) -> None:
        dataset = await new_dataset(service, [item("1"), case("1", "1", "1")])
        experiment = await new_experiment(service, dataset.name, target=JUDGE)
        run = await ended(service, (await start_run(service, experiment.name)).name)

        retried = await service.runs.RetryRun(RetryRunRequest(name=run.name))

        assert retried.count == 1
        again = await ended(service, run.name)
        assert (again.counts.succeeded, again.counts.failed) == (1, 1)
        assert [result.round for result in await results(service, run.name)] == [1, 0]

    async def test_the_options_are_the_scorers_parameters(self, service: Service) -> None:
        dataset = await new_dataset(service, 1)
        experiment = await new_experiment(service, dataset.name, target=JUDGE)

        told = await refusal(
            service.runs.StartRun(
                StartRunRequest(
                    parent=PROJECT,
                    experiment=experiment.name,
                    target_options=json('{"threshold": 2}'),
                )
            )
        )

        assert summary(told) == invalid(
            "target_options.threshold", reason="INVALID_SCORER_PARAMETERS"
        )

    async def test_a_scorer_of_runs_is_no_target(self, service: Service) -> None:
        dataset = await new_dataset(service, 1)
        target = Target(kind=TARGET_KIND_SCORER, name="agreement")

        told = await refusal(new_experiment(service, dataset.name, target=target))

        assert summary(told) == invalid("experiment.target.name")

    async def test_a_workers_scorer_is_a_target_of_its_revision(self, service: Service) -> None:
        target = Target(kind=TARGET_KIND_SCORER, name="tone", revision="r7")
        dataset = await new_dataset(service, [case('"hi"', "1", '"scored"')])
        experiment = await new_experiment(
            service,
            dataset.name,
            spec("exact_match", output_pointer="/status"),
            target=Target(kind=TARGET_KIND_SCORER, name="tone"),
        )
        worker = await new_worker(service, hosts_target(target), hosts_scorer("tone"))
        run = await start_run(service, experiment.name)
        task = await worker.lease_one()

        assert (task.target.target, run.target) == (target, target)
        await worker.answer(task, output='{"status": "scored", "value": 1}')
        await ended(service, run.name)
        assert await scores_by_item(service, run) == {"item-1": [("exact_match", "scored", 1.0)]}

    @pytest.mark.parametrize("name", ["exact_match", "agreement"])
    async def test_a_worker_hosts_no_target_of_a_built_in_scorers_name(
        self, service: Service, name: str
    ) -> None:
        target = Target(kind=TARGET_KIND_SCORER, name=name, revision="1")

        told = await refusal(new_worker(service, hosts_target(target)))

        assert summary(told) == invalid("capabilities[0].target.name")


async def test_a_report_of_a_run_scorer_that_comes_twice_is_recorded_once(
    service: Service,
) -> None:
    await new_worker(service, hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
    run = await new_run(service, 1, spec("spread", scope=SCORER_SCOPE_RUN))
    worker = await new_worker(
        service, hosts_target(), hosts_scorer("spread", scope=SCORER_SCOPE_RUN)
    )
    await worker.answer(await worker.lease_one())
    report: TaskReport = judged(await worker.lease_one(), status="SCORE_STATUS_SCORED", value=1.0)

    assert await worker.report(report) == ["RECORDED"]
    assert await worker.report(report) == ["ALREADY_RECORDED"]
    assert len(await run_scores(service, run)) == 1
