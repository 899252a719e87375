"""CreateRegressionDataset: what fails becomes a dataset of its own, and an experiment on it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    answered,
    ended,
    failed,
    invalid,
    item,
    json,
    new_dataset,
    new_worker,
    refusal,
    scorer,
    start_run,
    summary,
)
from trialbook.v1.dataset_pb2 import (
    ITEM_SOURCE_TYPE_RESULT,
    Dataset,
    Item,
    ItemSource,
    ToolMock,
)
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    CreateDatasetRequest,
    GetDatasetRequest,
    ItemUpdate,
    ListItemsRequest,
    PurgeItemsRequest,
    RemoveItemsRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetSettings
from trialbook.v1.experiment_pb2 import Experiment, Target
from trialbook.v1.experiment_service_pb2 import (
    CreateExperimentRequest,
    GetExperimentRequest,
    UpdateExperimentRequest,
)
from trialbook.v1.item_selection_pb2 import ItemSelection
from trialbook.v1.review_service_pb2 import ResultFilter
from trialbook.v1.run_pb2 import RESULT_STATUS_FAILED, RESULT_STATUS_SUCCEEDED, Run
from trialbook.v1.run_service_pb2 import (
    CreateRegressionDatasetRequest,
    CreateRegressionDatasetResponse,
)

RICH = item(
    '{"question": "2 + 2"}', '"4"', item_id="rich", external_id="x-1", split="test",
    context=json('{"user": "ada"}'), metadata=json('{"level": 1}'), tags=["b", "a"],
    start_options=json('{"temperature": 0}'),
    expected_trajectory=json('{"steps": []}'),
    tool_mocks=[ToolMock(tool="search", output=json('"found"'))],
)  # fmt: skip
LARGE = item('"' + "long " * 1000 + '"', '"short"', item_id="large")
SCHEMA = '{"type": ["object", "string", "number"]}'


async def create(service: Service, run: str, **more: Any) -> CreateRegressionDatasetResponse:
    request = CreateRegressionDatasetRequest(parent=run, **more)
    return await service.runs.CreateRegressionDataset(request)


async def items_of(service: Service, dataset: str) -> dict[str, Item]:
    answer = await service.datasets.ListItems(ListItemsRequest(parent=dataset, page_size=1000))
    return {found.item_id: found for found in answer.items}


async def source(service: Service, *more: Item) -> Dataset:
    """A dataset with a schema and a default scorer, of five items."""
    created = await service.datasets.CreateDataset(
        CreateDatasetRequest(
            parent=PROJECT,
            dataset=Dataset(
                settings=DatasetSettings(
                    input_schema=json(SCHEMA), default_scorers=[scorer("exact_match")]
                )
            ),
            dataset_id="source",
        )
    )
    rows = [RICH, LARGE, *(item(str(n), str(n), item_id=f"i{n}") for n in (3, 4, 5)), *more]
    await service.datasets.AddItems(AddItemsRequest(parent=created.dataset.name, items=rows))
    return created.dataset


async def mixed_run(service: Service, dataset: str) -> Run:
    """A run of all items: `rich` fails, `large` and `i3` answer wrong, `i4` and `i5` right."""
    worker = await new_worker(service)
    created = await service.experiments.CreateExperiment(
        CreateExperimentRequest(
            parent=PROJECT,
            experiment_id="nightly",
            experiment=Experiment(
                dataset=f"{dataset}/versions/1",
                target=Target(name="echo"),
                settings={"max_retries": 0, "concurrency": 10},
                selection=ItemSelection(item_ids=["rich", "large", "i3", "i4", "i5"]),
            ),
        )
    )
    run = await start_run(service, created.experiment.name, run_id="night")
    for task in await worker.lease_all(5):
        item_id = task.target.item_id
        wrong = answered(task, '"wrong"') if item_id in ("large", "i3") else answered(task)
        await worker.report(failed(task) if item_id == "rich" else wrong)
    return await ended(service, run.name)


async def test_failing_items_come_over_as_they_were_run(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)
    before = await items_of(service, origin.name)
    await service.datasets.UpdateItems(
        UpdateItemsRequest(
            parent=origin.name,
            updates=[ItemUpdate(item=Item(item_id="i3", expected=json('"else"')))],
        )
    )

    made = await create(service, run.name)

    name = f"{PROJECT}/datasets/night-regressions"
    assert made == CreateRegressionDatasetResponse(
        dataset=f"{name}/versions/1",
        experiment=f"{PROJECT}/experiments/night-regressions",
        added_count=3,
        item_count=3,
    )
    copies = await items_of(service, name)
    assert list(copies) == ["rich", "large", "i3"]
    for number, (item_id, copy) in enumerate(copies.items(), 1):
        assert copy.source == ItemSource(
            type=ITEM_SOURCE_TYPE_RESULT, reference=f"{run.name}/results/{number}"
        )
        for field in (
            "input", "expected", "context", "metadata", "tags", "split", "external_id",
            "expected_trajectory", "start_options", "tool_mocks", "scorers",
        ):  # fmt: skip
            assert getattr(copy, field) == getattr(before[item_id], field), field


async def test_the_dataset_and_the_experiment_are_like_those_of_the_run(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)

    made = await create(service, run.name, dataset_id="again", experiment_id="recheck")

    found = await service.datasets.GetDataset(GetDatasetRequest(name=f"{PROJECT}/datasets/again"))
    assert found.dataset.settings == origin.settings
    assert made.experiment == f"{PROJECT}/experiments/recheck"
    get = service.experiments.GetExperiment
    like = (await get(GetExperimentRequest(name=f"{PROJECT}/experiments/nightly"))).experiment
    experiment = (await get(GetExperimentRequest(name=made.experiment))).experiment
    assert (experiment.target, experiment.settings) == (like.target, like.settings)
    assert experiment.dataset == f"{PROJECT}/datasets/again"
    assert (experiment.display_name, experiment.HasField("selection")) == ("recheck", False)

    next_run = await start_run(service, made.experiment)
    assert next_run.counts.planned == 3


async def test_repeated_it_adds_what_is_missing_and_leaves_the_rest(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)
    first = await create(service, run.name, filter=ResultFilter(numbers=[2]), request_id="r-1")
    assert (first.added_count, first.item_count) == (1, 1)
    name = first.dataset.partition("/versions/")[0]
    await service.datasets.UpdateItems(
        UpdateItemsRequest(
            parent=name, updates=[ItemUpdate(item=Item(item_id="large", split="checked"))]
        )
    )
    await service.experiments.UpdateExperiment(
        UpdateExperimentRequest(experiment=Experiment(name=first.experiment, display_name="mine"))
    )

    more = await create(service, run.name)
    assert (more.dataset, more.added_count, more.item_count) == (f"{name}/versions/3", 2, 3)
    assert (await items_of(service, name))["large"].split == "checked"
    told = await service.experiments.GetExperiment(GetExperimentRequest(name=first.experiment))
    assert told.experiment.display_name == "mine"

    again = await create(service, run.name)
    assert (again.dataset, again.added_count) == (f"{name}/versions/3", 0)
    repeated = await create(service, run.name, filter=ResultFilter(numbers=[2]), request_id="r-1")
    assert repeated == first

    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i3"]))
    restored = await create(service, run.name)
    assert (restored.added_count, restored.item_count) == (1, 3)
    assert (await items_of(service, name))["i3"].ordinal == 3


async def test_other_content_under_the_same_id_is_a_conflict(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)
    other = await new_dataset(
        service, [item('"mine"', item_id="i3"), item('"y"', item_id="y", external_id="x-1")]
    )

    told = await refusal(create(service, run.name, dataset_id=other.name.rpartition("/")[2]))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ITEM_CONFLICT")
    assert told.paths == ["items[rich]", "items[i3]"]
    assert told.metadata == {"resource": f"{other.name}/items/rich"}
    assert (await items_of(service, other.name)).keys() == {"i3", "y"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ResultFilter(), ["rich", "large", "i3"]),
        (ResultFilter(failing=True, scorer="exact_match"), ["large", "i3"]),
        (ResultFilter(status=RESULT_STATUS_FAILED), ["rich"]),
        (ResultFilter(status=RESULT_STATUS_SUCCEEDED, failing=True), ["large", "i3"]),
        (ResultFilter(item_ids=["i4", "i3"]), ["i3", "i4"]),
    ],
)
async def test_a_filter_says_which_results(
    service: Service, wanted: ResultFilter, expected: list[str]
) -> None:
    run = await mixed_run(service, (await source(service)).name)
    made = await create(service, run.name, filter=wanted, experiment_id="-")
    assert made.experiment == ""
    assert list(await items_of(service, made.dataset.partition("/versions/")[0])) == expected


async def test_purged_items_are_left_out(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=origin.name, item_ids=["large"]))
    made = await create(service, run.name)
    assert list(await items_of(service, made.dataset.partition("/versions/")[0])) == ["rich", "i3"]


async def test_items_must_fit_the_schemas_of_a_dataset_that_is_there(service: Service) -> None:
    run = await mixed_run(service, (await source(service)).name)
    await service.datasets.CreateDataset(
        CreateDatasetRequest(
            parent=PROJECT,
            dataset_id="numbers",
            dataset=Dataset(settings=DatasetSettings(input_schema=json('{"type": "number"}'))),
        )
    )
    told = await refusal(create(service, run.name, dataset_id="numbers"))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_VIOLATED")
    assert told.metadata["failing_count"] == "2"


async def test_where_nothing_fails_there_is_nothing_to_make(service: Service) -> None:
    run = await mixed_run(service, (await source(service)).name)
    told = await refusal(create(service, run.name, filter=ResultFilter(numbers=[99])))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EMPTY_DATASET")
    missing = await refusal(items_of(service, f"{PROJECT}/datasets/night-regressions"))
    assert missing.reason == "RESOURCE_NOT_FOUND"


async def test_what_cannot_be_is_refused_by_its_path(service: Service) -> None:
    origin = await source(service)
    run = await mixed_run(service, origin.name)
    for asked, path in (
        ({"dataset_id": "No"}, "dataset_id"),
        ({"experiment_id": "a/b"}, "experiment_id"),
        ({"filter": ResultFilter(scorer="tone", failing=True)}, "filter.scorer"),
        ({"filter": ResultFilter(numbers=[0])}, "filter.numbers[0]"),
    ):
        told = await refusal(create(service, run.name, **asked))
        assert summary(told) == invalid(path), asked
    assert (await refusal(create(service, f"{PROJECT}/runs/none"))).reason == "RESOURCE_NOT_FOUND"
    going_on = await start_run(service, f"{PROJECT}/experiments/nightly")
    assert (await refusal(create(service, going_on.name))).reason == "RUN_GOES_ON"
