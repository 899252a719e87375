"""DatasetService: datasets as wholes."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.service import (
    PROJECT,
    Service,
    add,
    get_run,
    invalid,
    item,
    items,
    json,
    new_dataset,
    new_experiment,
    new_run,
    refusal,
    summary,
)
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    CreateDatasetRequest,
    DeleteDatasetRequest,
    GetDatasetRequest,
    ListDatasetsRequest,
    ListVersionsRequest,
    UpdateDatasetRequest,
)
from trialbook.v1.experiment_service_pb2 import GetExperimentRequest


def create(dataset_id: str, **more: object) -> CreateDatasetRequest:
    return CreateDatasetRequest(parent=PROJECT, dataset_id=dataset_id, **more)  # type: ignore[arg-type]


async def get(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


async def update(service: Service, dataset: Dataset, *paths: str, request_id: str = "") -> Dataset:
    request = UpdateDatasetRequest(
        dataset=dataset, update_mask=FieldMask(paths=paths), request_id=request_id
    )
    return (await service.datasets.UpdateDataset(request)).dataset


async def test_a_dataset_is_created_as_described(service: Service) -> None:
    described = Dataset(display_name="Support", description="Tickets", metadata=json('{"b":1}'))

    created = (await service.datasets.CreateDataset(create("support", dataset=described))).dataset

    assert created.name == f"{PROJECT}/datasets/support"
    assert (created.display_name, created.description) == ("Support", "Tickets")
    assert created.metadata.json == '{"b":1}'
    assert (created.version, created.item_count) == (0, 0)
    assert created.uid
    assert created.etag
    assert created.create_time == created.update_time
    assert created.create_time.seconds > 1_700_000_000
    assert await get(service, created.name) == created


async def test_a_display_name_defaults_to_the_id(service: Service) -> None:
    created = (await service.datasets.CreateDataset(create("plain"))).dataset

    assert created.display_name == "plain"
    assert not created.HasField("metadata")


@pytest.mark.parametrize("dataset_id", ["a", "0", "a.b_c-d", "x" * 63])
async def test_an_id_of_the_documented_form_is_taken(service: Service, dataset_id: str) -> None:
    created = await new_dataset(service, dataset_id=dataset_id)

    assert created.name.endswith(f"/{dataset_id}")


@pytest.mark.parametrize("dataset_id", ["", "A", "-a", ".a", "ä", "a b", "a/b", "x" * 64, "a\n"])
async def test_an_id_of_another_form_is_refused(service: Service, dataset_id: str) -> None:
    told = await refusal(service.datasets.CreateDataset(create(dataset_id)))

    assert summary(told) == invalid("dataset_id")
    assert "1 to 63 characters" in told.message


@pytest.mark.parametrize("parent", ["", "default", "projects/", "projects/A", "projects/a/b"])
async def test_a_parent_that_is_no_project_is_refused(service: Service, parent: str) -> None:
    told = await refusal(
        service.datasets.CreateDataset(CreateDatasetRequest(parent=parent, dataset_id="d"))
    )

    assert summary(told) == invalid("parent")


async def test_every_bad_field_of_a_description_is_named(service: Service) -> None:
    described = Dataset(display_name="n" * 201, description="d" * 4001, metadata=json("[]"))

    told = await refusal(service.datasets.CreateDataset(create("A", dataset=described)))

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.paths == [
        "dataset_id",
        "dataset.display_name",
        "dataset.description",
        "dataset.metadata.json",
    ]


async def test_a_description_may_be_as_long_as_documented(service: Service) -> None:
    padding = "x" * (64 * 1024 - len('{"k":""}'))
    described = Dataset(
        display_name="n" * 200,
        description="d" * 4000,
        metadata=json(f'{{"k":"{padding}"}}'),
    )

    created = (await service.datasets.CreateDataset(create("long", dataset=described))).dataset

    assert len(created.metadata.json) == 64 * 1024


@pytest.mark.parametrize(
    "metadata",
    ["{", "nothing", '{"k":"' + "x" * (64 * 1024 - 7) + '"}'],
    ids=["cut", "bare", "big"],
)
async def test_metadata_that_is_no_small_json_is_refused_as_such(
    service: Service, metadata: str
) -> None:
    told = await refusal(
        service.datasets.CreateDataset(create("d", dataset=Dataset(metadata=json(metadata))))
    )

    assert summary(told) == invalid("dataset.metadata.json", reason="INVALID_JSON")


async def test_an_id_that_is_taken_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, dataset_id="taken")

    told = await refusal(service.datasets.CreateDataset(create("taken")))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS")
    assert told.metadata == {"resource": dataset.name}


async def test_the_same_id_in_another_project_is_another_dataset(service: Service) -> None:
    one = await new_dataset(service, 1, dataset_id="d")
    other = await new_dataset(service, dataset_id="d", parent="projects/other")

    assert one.uid != other.uid
    assert (await get(service, other.name)).item_count == 0


async def test_a_repeated_creation_answers_as_before(service: Service) -> None:
    request = create("once", request_id="r-1")
    first = await service.datasets.CreateDataset(request)
    await add(service, first.dataset.name, items(1))

    assert await service.datasets.CreateDataset(request) == first


async def test_a_creation_repeated_at_the_same_time_happens_once(service: Service) -> None:
    request = create("race", request_id="r-1")

    answers = await asyncio.gather(*(service.datasets.CreateDataset(request) for _ in range(8)))

    assert len({answer.dataset.uid for answer in answers}) == 1


async def test_a_request_id_names_one_request_only(service: Service) -> None:
    await service.datasets.CreateDataset(create("one", request_id="r-1"))

    told = await refusal(service.datasets.CreateDataset(create("two", request_id="r-1")))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_a_request_id_of_another_method_does_not_clash(service: Service) -> None:
    created = await service.datasets.CreateDataset(create("one", request_id="r-1"))

    await service.datasets.DeleteDataset(
        DeleteDatasetRequest(name=created.dataset.name, request_id="r-1")
    )


async def test_a_failed_request_leaves_its_request_id_free(service: Service) -> None:
    await new_dataset(service, dataset_id="taken")
    await refusal(service.datasets.CreateDataset(create("taken", request_id="r-1")))

    await service.datasets.CreateDataset(create("free", request_id="r-1"))


async def test_a_long_request_id_is_refused(service: Service) -> None:
    await service.datasets.CreateDataset(create("fits", request_id="r" * 128))

    told = await refusal(service.datasets.CreateDataset(create("d", request_id="r" * 129)))

    assert summary(told) == invalid("request_id")


async def test_a_dataset_that_is_not_there_is_not_found(service: Service) -> None:
    name = f"{PROJECT}/datasets/nowhere"

    told = await refusal(service.datasets.GetDataset(GetDatasetRequest(name=name)))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": name}


@pytest.mark.parametrize(
    "name", ["", "support", "projects/default/datasets/", "projects/default/runs/support"]
)
async def test_a_name_of_another_form_is_refused(service: Service, name: str) -> None:
    told = await refusal(service.datasets.GetDataset(GetDatasetRequest(name=name)))

    assert summary(told) == invalid("name")


async def test_datasets_are_listed_by_id_page_by_page(service: Service) -> None:
    for dataset_id in ("c", "a", "e", "b", "d"):
        await new_dataset(service, dataset_id=dataset_id)
    await new_dataset(service, dataset_id="foreign", parent="projects/other")

    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        answer = await service.datasets.ListDatasets(
            ListDatasetsRequest(parent=PROJECT, page_size=2, page_token=token)
        )
        pages.append([dataset.name.rpartition("/")[2] for dataset in answer.datasets])
        token = answer.next_page_token

    assert pages == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_last_page_that_is_full_has_no_token(service: Service) -> None:
    for dataset_id in ("a", "b"):
        await new_dataset(service, dataset_id=dataset_id)

    answer = await service.datasets.ListDatasets(ListDatasetsRequest(parent=PROJECT, page_size=2))

    assert not answer.next_page_token


async def test_a_project_without_datasets_has_an_empty_list(service: Service) -> None:
    answer = await service.datasets.ListDatasets(ListDatasetsRequest(parent="projects/none"))

    assert list(answer.datasets) == []
    assert not answer.next_page_token


async def test_page_sizes_have_a_default_and_a_maximum(service: Service) -> None:
    name = (await new_dataset(service)).name
    for number in range(1, 102):
        await add(service, name, [item(item_id=f"i{number}")])

    async def listed(page_size: int) -> int:
        answer = await service.datasets.ListVersions(
            ListVersionsRequest(parent=name, page_size=page_size)
        )
        return len(answer.versions)

    assert [await listed(size) for size in (0, 1, 1001, 2**31 - 1)] == [100, 1, 101, 101]


async def test_a_negative_page_size_is_refused(service: Service) -> None:
    told = await refusal(
        service.datasets.ListDatasets(ListDatasetsRequest(parent=PROJECT, page_size=-1))
    )

    assert summary(told) == invalid("page_size")


@pytest.mark.parametrize("token", ["x", "AAAA", "ä", "=" * 9, "A" * 10_000])
async def test_a_page_token_of_nobody_is_refused(service: Service, token: str) -> None:
    told = await refusal(
        service.datasets.ListDatasets(ListDatasetsRequest(parent=PROJECT, page_token=token))
    )

    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


async def test_a_page_token_of_another_listing_is_refused(service: Service) -> None:
    for dataset_id in ("a", "b"):
        await new_dataset(service, dataset_id=dataset_id)
    first = await service.datasets.ListDatasets(ListDatasetsRequest(parent=PROJECT, page_size=1))

    told = await refusal(
        service.datasets.ListDatasets(
            ListDatasetsRequest(parent="projects/other", page_token=first.next_page_token)
        )
    )

    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


async def test_an_update_changes_what_its_mask_names(service: Service) -> None:
    before = (
        await service.datasets.CreateDataset(
            create("d", dataset=Dataset(display_name="old", description="old", metadata=json("{}")))
        )
    ).dataset

    after = await update(
        service,
        Dataset(name=before.name, display_name="new", description="new", metadata=json('{"a":1}')),
        "display_name",
        "metadata",
    )

    assert (after.display_name, after.description) == ("new", "old")
    assert after.metadata.json == '{"a":1}'
    assert after.version == before.version
    assert after.etag != before.etag
    assert await get(service, before.name) == after


async def test_an_update_without_a_mask_changes_what_is_set(service: Service) -> None:
    before = await new_dataset(service, dataset_id="d")

    after = await update(service, Dataset(name=before.name, description="new"))

    assert (after.display_name, after.description) == ("d", "new")


async def test_a_masked_field_that_is_not_set_is_cleared(service: Service) -> None:
    described = Dataset(display_name="name", description="text", metadata=json('{"a":1}'))
    before = (await service.datasets.CreateDataset(create("d", dataset=described))).dataset

    after = await update(
        service, Dataset(name=before.name), "display_name", "description", "metadata"
    )

    assert (after.display_name, after.description) == ("d", "")
    assert not after.HasField("metadata")


async def test_an_update_that_changes_nothing_keeps_the_etag(service: Service) -> None:
    before = await new_dataset(service, dataset_id="d")

    after = await update(service, Dataset(name=before.name, display_name="d"), "display_name")

    assert after == before


@pytest.mark.parametrize(
    "path", ["version", "item_count", "name", "etag", "metadata.json", "", "*"]
)
async def test_a_mask_that_names_another_field_is_refused(service: Service, path: str) -> None:
    dataset = await new_dataset(service)

    told = await refusal(update(service, Dataset(name=dataset.name), path))

    assert summary(told) == invalid("update_mask")


async def test_an_update_with_the_current_etag_is_made(service: Service) -> None:
    before = await new_dataset(service, 1)

    after = await update(service, Dataset(name=before.name, description="x", etag=before.etag))

    assert after.description == "x"


async def test_an_update_with_an_old_etag_is_refused(service: Service) -> None:
    before = await new_dataset(service)
    await add(service, before.name, items(1))

    told = await refusal(
        update(service, Dataset(name=before.name, description="x", etag=before.etag))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert (await get(service, before.name)).description == ""


async def test_a_repeated_update_is_made_once(service: Service) -> None:
    dataset = await new_dataset(service)
    change = Dataset(name=dataset.name, description="mine", etag=dataset.etag)
    first = await update(service, change, request_id="r-1")
    await update(service, Dataset(name=dataset.name, description="theirs"))

    assert await update(service, change, request_id="r-1") == first
    assert (await get(service, dataset.name)).description == "theirs"


async def test_an_update_of_a_dataset_that_is_not_there_is_not_found(service: Service) -> None:
    told = await refusal(update(service, Dataset(name=f"{PROJECT}/datasets/none", description="x")))

    assert told.reason == "RESOURCE_NOT_FOUND"


async def test_an_update_names_its_bad_fields(service: Service) -> None:
    dataset = await new_dataset(service)

    nameless = await refusal(update(service, Dataset(description="x")))
    too_long = await refusal(
        update(service, Dataset(name=dataset.name, display_name="x" * 201, description="x" * 4001))
    )

    assert summary(nameless) == invalid("dataset.name")
    assert summary(too_long) == invalid("dataset.display_name", "dataset.description")


async def test_a_deleted_dataset_is_gone_and_its_id_is_free(service: Service) -> None:
    before = await new_dataset(service, 2, dataset_id="d")

    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=before.name))

    told = await refusal(service.datasets.GetDataset(GetDatasetRequest(name=before.name)))
    listed = await service.datasets.ListDatasets(ListDatasetsRequest(parent=PROJECT))
    again = await new_dataset(service, dataset_id="d")
    assert told.reason == "RESOURCE_NOT_FOUND"
    assert list(listed.datasets) == []
    assert again.uid != before.uid
    assert (again.version, again.item_count) == (0, 0)


async def test_every_call_on_a_deleted_dataset_is_not_found(service: Service) -> None:
    name = (await new_dataset(service, 1)).name
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=name))

    told = [
        await refusal(service.datasets.DeleteDataset(DeleteDatasetRequest(name=name))),
        await refusal(service.datasets.AddItems(AddItemsRequest(parent=name, items=items(1)))),
        await refusal(service.datasets.ListVersions(ListVersionsRequest(parent=name))),
        await refusal(update(service, Dataset(name=name, description="x"))),
    ]

    assert {one.reason for one in told} == {"RESOURCE_NOT_FOUND"}


async def test_a_deletion_with_an_old_etag_is_refused(service: Service) -> None:
    before = await new_dataset(service)
    await add(service, before.name, items(1))

    told = await refusal(
        service.datasets.DeleteDataset(DeleteDatasetRequest(name=before.name, etag=before.etag))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert (await get(service, before.name)).version == 1


async def test_a_repeated_deletion_does_not_delete_a_successor(service: Service) -> None:
    dataset = await new_dataset(service, dataset_id="d")
    request = DeleteDatasetRequest(name=dataset.name, request_id="r-1")
    await service.datasets.DeleteDataset(request)
    successor = await new_dataset(service, dataset_id="d")

    await service.datasets.DeleteDataset(request)

    assert await get(service, dataset.name) == successor


async def test_runs_and_experiments_keep_a_deleted_dataset(service: Service) -> None:
    run = await new_run(service, 2)
    dataset = run.dataset.partition("/versions/")[0]

    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=dataset))

    experiment = await service.experiments.GetExperiment(GetExperimentRequest(name=run.experiment))
    assert (await get_run(service, run.name)).dataset == run.dataset
    assert experiment.experiment.dataset == dataset


async def test_an_error_of_any_length_arrives_whole(service: Service) -> None:
    """A message or details beyond the transport's limits would be lost on their way."""
    dataset = await new_dataset(service)

    told = await refusal(
        update(service, Dataset(name=dataset.name, description="x", etag="\N{OWL}" * 5000))
    )

    assert told.reason == "STALE_VERSION"


async def test_an_experiment_needs_no_items(service: Service) -> None:
    dataset = await new_dataset(service)

    assert (await new_experiment(service, dataset.name)).dataset == dataset.name
