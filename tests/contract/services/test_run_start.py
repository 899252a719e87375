"""RunService: what a run may have otherwise than its experiment, and what it is pinned to."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.service import (
    PROJECT,
    TARGET,
    Service,
    add,
    done,
    ended,
    facts,
    failed,
    get_run,
    hosts_target,
    invalid,
    item,
    items,
    json,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    summary,
)
from trialbook.v1.dataset_pb2 import (
    UNMOCKED_TOOL_POLICY_DENY,
    UNMOCKED_TOOL_POLICY_UNSPECIFIED,
    ToolMock,
)
from trialbook.v1.dataset_service_pb2 import PurgeItemsRequest, SetLabelRequest
from trialbook.v1.dataset_settings_pb2 import DatasetLabel
from trialbook.v1.experiment_pb2 import (
    TARGET_KIND_AGENT,
    TARGET_KIND_PROCESSOR,
    TARGET_KIND_SCORER,
    TARGET_KIND_WORKFLOW,
    Experiment,
    RunSettings,
    ScorerSpec,
    Target,
)
from trialbook.v1.experiment_service_pb2 import CreateExperimentRequest
from trialbook.v1.gate_pb2 import GATE_METRIC_PASS_RATE, Gate, GateCondition
from trialbook.v1.item_selection_pb2 import ItemSample, ItemSelection
from trialbook.v1.run_pb2 import (
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    RUN_STATUS_PENDING,
    RUN_STATUS_RUNNING,
    SCORER_SOURCE_EXPERIMENT,
    SCORER_SOURCE_RUN,
    Run,
)
from trialbook.v1.run_service_pb2 import ListResultsRequest, ListRunsRequest, ScorerList
from trialbook.v1.run_service_pb2 import StartRunRequest as Start

GATE = Gate(conditions=[GateCondition(metric=GATE_METRIC_PASS_RATE, at_least=0.5)])


async def start(service: Service, experiment: str, **more: Any) -> Run:
    request = Start(parent=PROJECT, experiment=experiment, **{"wait_for_worker": True, **more})
    return (await service.runs.StartRun(request)).run


async def define(service: Service, dataset: str, **more: Any) -> Experiment:
    """Create an experiment of any fields."""
    experiment = Experiment(**{"dataset": dataset, "target": TARGET, **more})
    request = CreateExperimentRequest(parent=PROJECT, experiment_id="e", experiment=experiment)
    return (await service.experiments.CreateExperiment(request)).experiment


async def test_a_run_has_what_the_experiment_says(service: Service) -> None:
    dataset = await new_dataset(service, 4)
    experiment = await define(
        service,
        dataset.name,
        scorers=[scorer("exact_match")],
        settings=RunSettings(seed=7, max_failures=3, rate_limit=2.5, run_deadline=seconds(60)),
        target_options=json('{"model": "a"}'),
        context=json('{"user": 1}'),
        selection=ItemSelection(item_ids=["i2", "i4"]),
        gate=GATE,
    )

    run = await start(service, experiment.name)

    assert run.settings == experiment.settings
    assert (run.target_options.json, run.context.json) == ('{"model": "a"}', '{"user": 1}')
    assert (run.selection, run.gate) == (experiment.selection, experiment.gate)
    assert run.counts.planned == 2
    assert run.scorer_source == SCORER_SOURCE_EXPERIMENT
    assert await get_run(service, run.name) == run


async def test_a_run_may_have_everything_otherwise(service: Service) -> None:
    dataset = await new_dataset(service, 4)
    experiment = await define(
        service,
        dataset.name,
        scorers=[scorer("exact_match")],
        settings=RunSettings(concurrency=2, trials=3, seed=7),
        target_options=json('{"model": "a", "top": {"k": 1}}'),
        context=json('{"user": 1, "tenant": "x"}'),
        selection=ItemSelection(item_ids=["i2"]),
    )
    base = await start(service, experiment.name, run_id="base")

    run = await start(
        service,
        experiment.name,
        display_name="pr-1234",
        target_revision="candidate",
        scorers=ScorerList(scorers=[scorer("levenshtein", alias="near")]),
        settings=RunSettings(trials=2, attempt_timeout=seconds(9)),
        selection=ItemSelection(item_ids=["i1", "i3"]),
        target_options=json('{"top": {"k": 2.50}}'),
        context=json('{"user": 2}'),
        metadata=json('{"commit": "abc"}'),
        baseline=base.name,
        gate=Gate(
            conditions=[GateCondition(metric=GATE_METRIC_PASS_RATE, scorer="near", at_least=0.1)]
        ),
    )

    assert (run.display_name, run.metadata.json) == ("pr-1234", '{"commit": "abc"}')
    assert run.target == Target(kind=TARGET_KIND_AGENT, name="echo", revision="candidate")
    assert [spec.alias for spec in run.scorers] == ["near"]
    assert run.scorer_source == SCORER_SOURCE_RUN
    assert (run.settings.concurrency, run.settings.trials, run.settings.seed) == (2, 2, 7)
    assert run.settings.attempt_timeout == seconds(9)
    assert run.target_options.json == '{"model":"a","top":{"k": 2.50}}'
    assert run.context.json == '{"user":2,"tenant":"x"}'
    assert (list(run.selection.item_ids), run.counts.planned) == (["i1", "i3"], 4)
    assert run.gate.conditions[0].scorer == "near"
    assert await get_run(service, run.name) == run


async def test_no_scorers_at_all_is_a_choice_too(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match"))

    run = await start(service, experiment.name, scorers=ScorerList())

    assert list(run.scorers) == []


async def test_a_run_may_be_of_another_version_label_or_dataset(service: Service) -> None:
    dataset, other = await new_dataset(service, 2), await new_dataset(service, 7)
    await add(service, dataset.name, items(3, first=3))
    await service.datasets.SetLabel(
        SetLabelRequest(parent=dataset.name, label=DatasetLabel(label_id="golden", version=1))
    )
    experiment = await new_experiment(service, dataset.name)

    planned = {
        wanted: await start(service, experiment.name, dataset=wanted)
        for wanted in (
            f"{dataset.name}/versions/1",
            f"{dataset.name}/versions/golden",
            dataset.name,
            other.name,
        )
    }

    assert [run.counts.planned for run in planned.values()] == [2, 2, 5, 7]
    assert [run.dataset for run in planned.values()] == [
        f"{dataset.name}/versions/1",
        f"{dataset.name}/versions/1",
        f"{dataset.name}/versions/2",
        f"{other.name}/versions/1",
    ]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"display_name": "x" * 201}, "display_name"),
        ({"target_revision": "x" * 129}, "target_revision"),
        ({"dataset": "datasets/d"}, "dataset"),
        ({"dataset": "projects/other/datasets/d"}, "dataset"),
        ({"scorers": ScorerList(scorers=[ScorerSpec()])}, "scorers.scorers[0].scorer"),
        ({"settings": RunSettings(trials=101)}, "settings.trials"),
        ({"settings": RunSettings(rate_limit=-1)}, "settings.rate_limit"),
        ({"settings": RunSettings(rate_limit=float("nan"))}, "settings.rate_limit"),
        ({"settings": RunSettings(run_deadline=seconds(0.5))}, "settings.run_deadline"),
        ({"selection": ItemSelection(sample=ItemSample(count=0))}, "selection.sample.count"),
        ({"baseline": "runs/x"}, "baseline"),
        ({"baseline": "projects/other/runs/x"}, "baseline"),
        ({"gate": Gate()}, "gate.conditions"),
    ],
)
async def test_a_bad_field_is_refused_by_its_path(
    service: Service, fields: dict[str, Any], path: str
) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name)

    assert summary(await refusal(start(service, experiment.name, **fields))) == invalid(path)


@pytest.mark.parametrize("field", ["target_options", "context", "metadata"])
async def test_what_is_no_object_or_too_large_is_refused(service: Service, field: str) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name)
    bad = {
        "[1]": "INVALID_FIELD",
        "{": "INVALID_JSON",
        '{"x": "' + "y" * 262_144 + '"}': "INVALID_JSON",
    }

    for text, reason in bad.items():
        told = await refusal(start(service, experiment.name, **{field: json(text)}))
        assert summary(told) == invalid(f"{field}.json", reason=reason)


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name)

    told = [
        await refusal(start(service, experiment.name, baseline=f"{PROJECT}/runs/none")),
        await refusal(start(service, experiment.name, dataset=f"{PROJECT}/datasets/none")),
        await refusal(start(service, experiment.name, dataset=f"{dataset.name}/versions/none")),
        await refusal(start(service, experiment.name, dataset=f"{dataset.name}/versions/2")),
    ]

    assert [(one.code, one.reason) for one in told] == [
        *[(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")] * 3,
        (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND"),
    ]


async def test_a_selection_of_nothing_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    experiment = await new_experiment(service, dataset.name)

    told = await refusal(
        start(service, experiment.name, selection=ItemSelection(item_ids=["none"]))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EMPTY_DATASET")
    assert "selected" in told.message


async def selected(service: Service, dataset: str, selection: ItemSelection, **how: Any) -> Run:
    """Run what a selection selects to its end."""
    experiment = await new_experiment(service, dataset, concurrency=3)
    run = await start(service, experiment.name, selection=selection, settings=RunSettings(**how))
    return await (await new_worker(service)).finish(run.name)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"item_ids": ["i8", "i2", "gone"]}, ["i2", "i8"]),
        ({"splits": ["test"]}, ["i4", "i8"]),
        ({"tags": ["odd"]}, ["i1", "i3", "i5", "i7", "i9"]),
        ({"filter": "ordinal > 7"}, ["i8", "i9", "i10"]),
        ({"filter": "ordinal > 2", "tags": ["odd"], "splits": [""]}, ["i3", "i5", "i7", "i9"]),
    ],
)
async def test_only_what_is_selected_is_run_in_order(
    service: Service, selection: dict[str, Any], expected: list[str]
) -> None:
    rows = [
        item(
            str(number),
            item_id=f"i{number}",
            tags=["odd"] if number % 2 else [],
            split="test" if number % 4 == 0 else "",
        )
        for number in range(1, 11)
    ]
    dataset = await new_dataset(service, rows)

    run = await selected(service, dataset.name, ItemSelection(**selection), trials=2)

    found = await results(service, run.name)
    assert (run.status, run.counts.planned) == (RUN_STATUS_COMPLETED, 2 * len(expected))
    assert [result.number for result in found] == list(range(1, 2 * len(expected) + 1))
    assert [(result.item_id, result.trial) for result in found] == [
        (item_id, trial) for item_id in expected for trial in (1, 2)
    ]


async def test_a_sample_is_drawn_once_and_the_same_for_every_run_of_its_seed(
    service: Service,
) -> None:
    dataset = await new_dataset(service, 40)
    sample = ItemSelection(sample=ItemSample(count=7, seed=3))

    one = await selected(service, dataset.name, sample)
    other = await selected(service, dataset.name, sample)

    drawn = [result.item_id for result in await results(service, one.name)]
    assert (len(drawn), one.counts.planned, one.selection) == (7, 7, sample)
    assert drawn == [result.item_id for result in await results(service, other.name)]


async def test_purged_items_are_left_out_of_what_is_selected(service: Service) -> None:
    dataset = await new_dataset(service, 5)
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset.name, item_ids=["i2"]))

    run = await selected(service, dataset.name, ItemSelection(item_ids=["i1", "i2", "i5"]))

    assert [result.item_id for result in await results(service, run.name)] == ["i1", "i5"]


async def test_a_few_of_many_items_are_found_however_far_apart(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though one look passes over no more than so many."""
    monkeypatch.setattr("trialbook.services.engine.expand._MOST_SCANNED", 1)
    rows = [
        item("1", item_id=f"i{number}", tags=["rare"] if number in (1, 1_500) else [])
        for number in range(1, 1_501)
    ]
    dataset = await new_dataset(service, rows)

    run = await selected(service, dataset.name, ItemSelection(tags=["rare"]))

    assert [result.item_id for result in await results(service, run.name)] == ["i1", "i1500"]


async def test_a_task_brings_options_context_seed_and_mocks(service: Service) -> None:
    mocks = [ToolMock(tool="search", arguments=json('{"q": 1}'), output=json("[2.0]"))]
    rows = [
        item("1", item_id="plain"),
        item(
            "2",
            item_id="own",
            context=json('{"user": 9}'),
            start_options=json('{"model": "b"}'),
            tool_mocks=mocks,
            unmocked_tools=UNMOCKED_TOOL_POLICY_DENY,
        ),
    ]
    dataset = await new_dataset(service, rows)
    experiment = await define(
        service,
        dataset.name,
        target_options=json('{"model": "a", "n": 1}'),
        context=json('{"user": 1, "tenant": "x"}'),
        settings=RunSettings(trials=2, concurrency=9, seed=5),
    )
    worker = await new_worker(service)
    first = await start(service, experiment.name)
    tasks = [task.target for task in await worker.lease_all(4)]
    again = await start(service, experiment.name)
    seeds = [task.target.seed for task in await worker.lease_all(4)]

    plain, own = tasks[0], tasks[2]
    assert first.name != again.name
    assert (plain.options.json, plain.context.json) == (
        '{"model": "a", "n": 1}',
        '{"user": 1, "tenant": "x"}',
    )
    assert not plain.tool_mocks
    assert plain.unmocked_tools == UNMOCKED_TOOL_POLICY_UNSPECIFIED
    assert (own.options.json, own.context.json) == (
        '{"model":"b","n":1}',
        '{"user":9,"tenant":"x"}',
    )
    assert (list(own.tool_mocks), own.unmocked_tools) == (mocks, UNMOCKED_TOOL_POLICY_DENY)
    assert [task.seed for task in tasks] == seeds
    assert len(set(seeds)) == 4


async def test_a_task_without_options_and_context_has_none(service: Service) -> None:
    worker = await new_worker(service)
    await new_run(service, 1)

    task = (await worker.lease_one()).target

    assert not task.HasField("options")
    assert not task.HasField("context")


async def test_a_pending_run_begins_with_its_first_worker(service: Service) -> None:
    dataset = await new_dataset(service, 3)
    experiment = await new_experiment(
        service, dataset.name, scorer("exact_match"), target=Target(name="echo")
    )
    run = await start(service, experiment.name)
    waiting = await get_run(service, run.name)

    both = [hosts_target(Target(name="echo", revision=revision)) for revision in ("1", "2")]
    task = await (worker := await new_worker(service, *both)).lease_one()
    begun = await get_run(service, run.name)
    old = await new_worker(service, both[0])
    assert await old.lease_now() == []
    over = await worker.finish(run.name) if await worker.report(done(task)) else begun

    assert run.status == waiting.status == RUN_STATUS_PENDING
    assert "echo" in run.waiting_for
    assert not run.target.revision
    assert (begun.status, begun.target.revision) == (RUN_STATUS_RUNNING, "2")
    assert task.target.target.revision == "2"
    assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 3)
    told = await facts(service, run.name)
    assert [event.WhichOneof("fact") for event in told[:3]] == ["started", "began", "result"]
    assert told[1].began.target == begun.target
    assert [event.position for event in told] == list(range(1, len(told) + 1))


async def test_a_run_whose_worker_is_there_is_never_pending(service: Service) -> None:
    await new_worker(service)

    run = await new_run(service, 1)

    assert (run.status, run.waiting_for) == (RUN_STATUS_RUNNING, "")


async def test_a_caller_driven_run_needs_no_worker_and_gives_none_its_items(
    service: Service,
) -> None:
    dataset = await new_dataset(service, 2)
    experiment = await new_experiment(service, dataset.name)
    run = await start(service, experiment.name, caller_driven=True, wait_for_worker=False)

    worker = await new_worker(service)

    assert (run.status, run.caller_driven) == (RUN_STATUS_RUNNING, True)
    assert run.waiting_for == "results from its caller"
    assert await worker.lease_now() == []


@pytest.mark.parametrize(
    "kind", [TARGET_KIND_AGENT, TARGET_KIND_WORKFLOW, TARGET_KIND_PROCESSOR, TARGET_KIND_SCORER]
)
async def test_targets_of_every_kind_are_hosted_and_pinned(service: Service, kind: int) -> None:
    target = Target(kind=kind, name="thing", revision="r1")  # type: ignore[arg-type]
    worker = await new_worker(service, hosts_target(target))
    dataset = await new_dataset(service, 1)
    wanted = Target(kind=kind, name="thing")  # type: ignore[arg-type]
    experiment = await new_experiment(service, dataset.name, target=wanted)

    run = await start(service, experiment.name, wait_for_worker=False)

    assert run.target == target
    assert (await worker.lease_one()).target.target == target


async def test_a_built_in_scorer_as_target_needs_no_worker(service: Service) -> None:
    dataset = await new_dataset(service, [item('{"output": "a", "expected": "a"}')])
    target = Target(kind=TARGET_KIND_SCORER, name="exact_match")
    experiment = await new_experiment(service, dataset.name, target=target)

    run = await start(service, experiment.name, wait_for_worker=False)
    told = await refusal(start(service, experiment.name, target_revision="0"))
    bad = await refusal(start(service, experiment.name, target_options=json('{"nope": 1}')))

    assert run.status != RUN_STATUS_PENDING
    assert run.target.revision
    assert summary(told) == invalid("target_revision")
    assert bad.reason == "INVALID_SCORER_PARAMETERS"
    assert bad.paths == ["target_options.nope"]


async def test_runs_are_listed_by_status(service: Service) -> None:
    pending = await new_run(service, 1)
    other = Target(name="other", revision="1")
    worker = await new_worker(service, hosts_target(other))
    broken = await new_run(service, 1, target=other, max_retries=0)
    await worker.report(failed(await worker.lease_one()))
    await ended(service, broken.name)

    async def listed(**more: Any) -> list[str]:
        answer = await service.runs.ListRuns(ListRunsRequest(parent=PROJECT, **more))
        return [run.name for run in answer.runs]

    assert await listed() == [broken.name, pending.name]
    assert await listed(status=RUN_STATUS_PENDING) == [pending.name]
    assert await listed(status=RUN_STATUS_FAILED) == [broken.name]
    assert await listed(status=RUN_STATUS_COMPLETED) == []
    assert summary(await refusal(listed(status=99))) == invalid("status")


async def test_failing_results_are_listed_page_by_page(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(
        service,
        9,
        scorer("exact_match"),
        scorer("json_valid", alias="c"),
        concurrency=9,
        max_retries=0,
    )
    tasks = await worker.lease_all(9)
    reports = [done(task) for task in tasks]
    reports[2] = failed(tasks[2])
    for place in (4, 7):
        reports[place].output.json = f"{place + 100}"
    await worker.report(*reports)
    await ended(service, run.name)

    async def numbers(**more: Any) -> list[int]:
        return [found.number for found in await results(service, run.name, **more)]

    assert await numbers(failing=True, page_size=2) == [3, 5, 8]
    assert await numbers(failing=True, scorer="exact_match", page_size=1) == [5, 8]
    assert await numbers(failing=True, scorer="c") == []
    assert await numbers(failing=True, status="RESULT_STATUS_FAILED") == [3]

    async def refused(**more: Any) -> tuple[grpc.StatusCode, str, list[str]]:
        request = ListResultsRequest(parent=run.name, **more)
        return summary(await refusal(service.runs.ListResults(request)))

    assert await refused(failing=True, scorer="none") == invalid("scorer")
    assert await refused(failing=True, order="RESULT_ORDER_SLOWEST") == invalid("order")
    assert await refused(scorer="c") == invalid("scorer")
