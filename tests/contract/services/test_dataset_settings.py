"""DatasetService: what holds for a dataset as a whole, its schemas above all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.service import (
    PROJECT,
    Service,
    add,
    eventually,
    get_run,
    hosts_scorer,
    invalid,
    item,
    json,
    new_dataset,
    new_experiment,
    new_worker,
    read_refusal,
    refusal,
    requests,
    scorer,
    start_run,
    summary,
)
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    CreateDatasetRequest,
    GetDatasetRequest,
    GetVersionRequest,
    ItemUpdate,
    ListVersionsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    RestoreVersionRequest,
    UpdateDatasetRequest,
    UpdateDatasetResponse,
    UpdateItemsRequest,
    UpsertItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetSettings

TEXTS = json('{"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}')
NUMBERS = json('{"properties":{"q":{"type":"number"}}}')
TEXT, NUMBER = '{"q":"a"}', '{"q":5}'


async def create(service: Service, **settings: Any) -> Dataset:
    request = CreateDatasetRequest(
        parent=PROJECT,
        dataset_id=f"d{len(settings)}",
        dataset=Dataset(settings=DatasetSettings(**settings)),
    )
    return (await service.datasets.CreateDataset(request)).dataset


async def update(
    service: Service, name: str, *paths: str, more: dict[str, Any] | None = None, **settings: Any
) -> UpdateDatasetResponse:
    """Change settings: those named by paths, or else those given."""
    request = UpdateDatasetRequest(
        dataset=Dataset(name=name, settings=DatasetSettings(**settings)),
        update_mask=FieldMask(paths=paths),
        **(more or {}),
    )
    return await service.datasets.UpdateDataset(request)


async def get(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


async def add_items(service: Service, name: str, *texts: str) -> Dataset:
    request = AddItemsRequest(parent=name, items=map(item, texts))
    return (await service.datasets.AddItems(request)).dataset


async def settings_at(service: Service, name: str, version: int) -> DatasetSettings:
    request = GetVersionRequest(name=f"{name}/versions/{version}")
    return (await service.datasets.GetVersion(request)).version.settings


async def test_a_dataset_is_created_with_settings_at_version_0(service: Service) -> None:
    created = await create(
        service,
        input_schema=TEXTS,
        tags=["b", "a"],
        default_scorers=[scorer("exact_match")],
    )

    assert created.version == 0
    assert created.settings.input_schema == TEXTS
    assert list(created.settings.tags) == ["b", "a"]
    assert created.settings.default_scorers[0].scorer_version == 1
    assert await get(service, created.name) == created


async def test_a_change_of_settings_makes_a_version(service: Service) -> None:
    dataset = await new_dataset(service, 2)

    await update(service, dataset.name, tags=["a"], more={"message": "tagged"})
    await update(service, dataset.name, context_schema=TEXTS)

    versions = await service.datasets.ListVersions(ListVersionsRequest(parent=dataset.name))
    assert [(row.version, row.settings_changed, row.item_count) for row in versions.versions] == [
        (3, True, 2),
        (2, True, 2),
        (1, False, 2),
    ]
    assert versions.versions[1].message == "tagged"
    assert await settings_at(service, dataset.name, 1) == DatasetSettings()
    assert await settings_at(service, dataset.name, 2) == DatasetSettings(tags=["a"])
    now = DatasetSettings(tags=["a"], context_schema=TEXTS)
    assert await settings_at(service, dataset.name, 3) == now
    assert (await get(service, dataset.name)).settings == now


async def test_settings_that_say_the_same_make_no_version(service: Service) -> None:
    dataset = await new_dataset(service)
    await update(service, dataset.name, input_schema=json('{"type":"object"}'), tags=["a"])

    same = await update(service, dataset.name, input_schema=json(' { "type" : "object" } '))

    assert same.dataset.version == 1
    assert same.dataset.settings.input_schema.json == '{"type":"object"}'
    assert not same.HasField("schema_report")
    assert (await update(service, dataset.name, tags=["a"])).dataset.version == 1


async def test_the_mask_says_which_settings_change(service: Service) -> None:
    dataset = await create(service, input_schema=TEXTS, tags=["a"])

    part = await update(service, dataset.name, "settings.tags")
    assert part.dataset.settings == DatasetSettings(input_schema=TEXTS)
    whole = await update(service, dataset.name, "settings", tags=["b"])
    assert whole.dataset.settings == DatasetSettings(tags=["b"])
    assert whole.dataset.version == 2


async def test_description_and_settings_change_together(service: Service) -> None:
    dataset = await new_dataset(service)
    change = Dataset(
        name=dataset.name,
        description="new",
        settings=DatasetSettings(tags=["a"]),
        etag=dataset.etag,
    )

    done = await service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=change))
    stale = await refusal(service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=change)))

    assert (done.dataset.description, list(done.dataset.settings.tags)) == ("new", ["a"])
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")


@pytest.mark.parametrize(
    ("settings", "reason", "path"),
    [
        ({"input_schema": json("{")}, "INVALID_JSON", "input_schema.json"),
        ({"input_schema": json("1")}, "INVALID_SCHEMA", "input_schema"),
        ({"input_schema": json('{"type":"wrong"}')}, "INVALID_SCHEMA", "input_schema.type"),
        ({"expected_schema": json('{"pattern":"(?=a)"}')}, "INVALID_SCHEMA", "expected_schema"),
        ({"context_schema": json('{"pattern":"(a)\\\\1"}')}, "INVALID_SCHEMA", "context_schema"),
        (
            {"input_schema": json('{"$ref":"https://example.com/schema"}')},
            "INVALID_SCHEMA",
            "input_schema",
        ),
        ({"input_schema": json('{"$ref":"#/$defs/none"}')}, "INVALID_SCHEMA", "input_schema"),
        ({"input_schema": json('{"$ref":"#"}')}, "INVALID_SCHEMA", "input_schema"),
        (
            {"input_schema": json('{"description":"' + "x" * 262_144 + '"}')},
            "INVALID_JSON",
            "input_schema.json",
        ),
        ({"tags": ["a", "b", "a"]}, "INVALID_FIELD", "tags[2]"),
        ({"tags": [""]}, "INVALID_FIELD", "tags[0]"),
        ({"tags": ["x" * 65]}, "INVALID_FIELD", "tags[0]"),
        ({"tags": [str(n) for n in range(33)]}, "INVALID_FIELD", "tags"),
        ({"default_scorers": [scorer("none")]}, "UNKNOWN_SCORER", "default_scorers[0].scorer"),
        (
            {"default_scorers": [scorer("exact_match", '{"x":1}')]},
            "INVALID_SCORER_PARAMETERS",
            "default_scorers[0].params.x",
        ),
        (
            {"default_scorers": [scorer("exact_match")] * 2},
            "INVALID_FIELD",
            "default_scorers[1].alias",
        ),
    ],
    ids=range(16),
)
async def test_bad_settings_are_refused(
    service: Service, settings: dict[str, Any], reason: str, path: str
) -> None:
    dataset = await new_dataset(service)

    for call in (create(service, **settings), update(service, dataset.name, **settings)):
        told = await refusal(call)
        assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
        assert told.paths == [f"dataset.settings.{path}"]
    assert (await get(service, dataset.name)).version == 0


async def test_an_unknown_setting_cannot_be_updated(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(update(service, dataset.name, "settings.schema"))

    assert summary(told) == invalid("update_mask")


def writes(service: Service, name: str, rows: Iterable[Item]) -> dict[str, Any]:
    rows = list(rows)
    datasets = service.datasets
    return {
        "add": lambda: datasets.AddItems(AddItemsRequest(parent=name, items=rows)),
        "upsert": lambda: datasets.UpsertItems(UpsertItemsRequest(parent=name, items=rows)),
        "import": lambda: datasets.ImportItems(iter(requests(name, [rows]))),
    }


@pytest.mark.parametrize("kind", ["add", "upsert", "import"])
async def test_items_must_fit_wherever_they_come_from(service: Service, kind: str) -> None:
    dataset = await create(
        service,
        input_schema=TEXTS,
        expected_schema=json('{"type":"integer"}'),
        context_schema=TEXTS,
    )
    rows = [
        item(TEXT, "1", context=json(TEXT)),
        item(NUMBER),
        item("[]"),
        item(TEXT, '"x"'),
        item(TEXT, context=json("{}")),
    ]

    told = await refusal(writes(service, dataset.name, rows)[kind]())

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "SCHEMA_VIOLATED")
    assert told.paths == [
        "items[1].input.q",
        "items[2].input",
        "items[3].expected",
        "items[4].context",
    ]
    assert (await get(service, dataset.name)).version == 0
    assert (await writes(service, dataset.name, rows[:1])[kind]()).dataset.item_count == 1


@pytest.mark.parametrize("kind", ["add", "upsert", "import"])
async def test_bad_fields_and_bodies_that_do_not_fit_are_refused_together(
    service: Service, kind: str
) -> None:
    dataset = await create(service, input_schema=TEXTS)
    rows = [item(TEXT), item(NUMBER), item(TEXT, split="x" * 65), item("{")]

    told = await refusal(writes(service, dataset.name, rows)[kind]())

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert told.paths == ["items[1].input.q", "items[2].split", "items[3].input.json"]


async def test_absent_bodies_fit_any_schema(service: Service) -> None:
    dataset = await create(service, expected_schema=json("false"), context_schema=json("false"))

    assert (await add_items(service, dataset.name, "1")).item_count == 1


async def test_an_update_must_fit_where_it_changes_something(service: Service) -> None:
    dataset = await new_dataset(service, [item(NUMBER, item_id="a")])
    await update(service, dataset.name, input_schema=TEXTS, more={"force": True})

    def change(**fields: Any) -> UpdateItemsRequest:
        return UpdateItemsRequest(
            parent=dataset.name, updates=[ItemUpdate(item=Item(item_id="a", **fields))]
        )

    told = await refusal(service.datasets.UpdateItems(change(input=json('{"q":6}'))))
    fine = await service.datasets.UpdateItems(change(split="s"))

    assert (told.reason, told.paths) == ("SCHEMA_VIOLATED", ["updates[0].item.input.q"])
    assert fine.changed_count == 1


async def test_a_restored_item_must_fit(service: Service) -> None:
    dataset = await new_dataset(service, [item(NUMBER, item_id="a"), item(TEXT, item_id="b")])
    ids = RemoveItemsRequest(parent=dataset.name, item_ids=["a", "b"])
    await service.datasets.RemoveItems(ids)
    await update(service, dataset.name, input_schema=TEXTS)

    told = await refusal(
        service.datasets.RestoreItems(RestoreItemsRequest(parent=dataset.name, item_ids=["a", "b"]))
    )
    fine = await service.datasets.RestoreItems(
        RestoreItemsRequest(parent=dataset.name, item_ids=["b"])
    )

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_VIOLATED")
    assert told.metadata["failing_count"] == "1"
    assert "a: input.q" in told.message
    assert fine.restored_count == 1


async def test_a_restored_version_brings_its_schemas_back(service: Service) -> None:
    dataset = await new_dataset(service, [item(NUMBER, item_id="a")])
    await update(service, dataset.name, input_schema=NUMBERS, tags=["numbers"])
    remove = RemoveItemsRequest(parent=dataset.name, item_ids=["a"])
    await service.datasets.RemoveItems(remove)
    await update(service, dataset.name, input_schema=TEXTS)

    done = await service.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{dataset.name}/versions/2")
    )

    assert (done.dataset.version, done.dataset.item_count) == (5, 1)
    assert done.dataset.settings == DatasetSettings(input_schema=NUMBERS, tags=["numbers"])
    assert await settings_at(service, dataset.name, 4) == DatasetSettings(
        input_schema=TEXTS, tags=["numbers"]
    )
    assert (await add_items(service, dataset.name, '{"q":6}')).version == 6


async def test_a_schema_that_items_do_not_fit_is_refused_with_the_first_of_them(
    service: Service,
) -> None:
    rows = [item(TEXT if n % 2 else NUMBER, item_id=f"i{n}") for n in range(1, 31)]
    dataset = await new_dataset(service, rows)

    told = await refusal(update(service, dataset.name, input_schema=TEXTS))

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_VIOLATED")
    assert told.metadata == {"resource": dataset.name, "failing_count": "15"}
    assert "i2: input.q" in told.message
    assert (await get(service, dataset.name)).version == 1


async def test_a_schema_is_forced_with_a_report(service: Service) -> None:
    rows = [item(TEXT if n % 2 else NUMBER, item_id=f"i{n}") for n in range(1, 301)]
    dataset = await new_dataset(service, rows)

    done = await update(service, dataset.name, input_schema=TEXTS, more={"force": True})

    report = done.schema_report
    assert (report.checked_count, report.failing_count) == (300, 150)
    assert [bad.item_id for bad in report.failures] == [f"i{n}" for n in range(2, 202, 2)]
    assert report.failures[0].path == "input.q"
    assert "string" in report.failures[0].description
    assert done.dataset.version == 2
    assert (await refusal(add_items(service, dataset.name, NUMBER))).reason == "SCHEMA_VIOLATED"


async def test_a_dry_run_only_reports(service: Service) -> None:
    dataset = await new_dataset(service, [item(NUMBER, item_id="a")])

    done = await update(service, dataset.name, input_schema=TEXTS, more={"dry_run": True})

    assert (done.schema_report.checked_count, done.schema_report.failing_count) == (1, 1)
    assert done.dataset == await get(service, dataset.name)
    assert done.dataset.version == 1


async def test_a_schema_that_all_items_fit_is_reported_too(service: Service) -> None:
    dataset = await new_dataset(service, [item(TEXT), item(TEXT, item_id="b")])

    done = await update(service, dataset.name, input_schema=TEXTS)

    assert (done.schema_report.checked_count, done.schema_report.failing_count) == (2, 0)


async def test_a_repeated_change_of_a_schema_returns_what_the_first_did(service: Service) -> None:
    dataset = await new_dataset(service, [item(NUMBER)])
    once = {"force": True, "request_id": "once"}

    first = await update(service, dataset.name, input_schema=TEXTS, more=once)
    again = await update(service, dataset.name, input_schema=TEXTS, more=once)

    assert again == first
    assert (await get(service, dataset.name)).version == 2


async def test_a_refused_schema_does_not_linger(service: Service) -> None:
    """Mastra goes on to check the next schema change against the one that it refused."""
    dataset = await new_dataset(service, [item(NUMBER)])
    assert (await refusal(update(service, dataset.name, input_schema=TEXTS))).reason

    done = await update(service, dataset.name, input_schema=NUMBERS)

    assert done.schema_report.failing_count == 0
    assert (await add_items(service, dataset.name, '{"q":6}')).version == 3


async def test_the_schema_of_an_empty_dataset_does_not_linger(service: Service) -> None:
    """Mastra goes on to check new items against the schema that an empty dataset had before."""
    dataset = await create(service, input_schema=TEXTS)
    assert (await refusal(add_items(service, dataset.name, NUMBER))).reason == "SCHEMA_VIOLATED"

    await update(service, dataset.name, input_schema=NUMBERS)

    assert (await add_items(service, dataset.name, NUMBER)).item_count == 1
    assert (await refusal(add_items(service, dataset.name, TEXT))).reason == "SCHEMA_VIOLATED"


async def test_a_schema_that_would_hold_up_the_service_is_bounded(service: Service) -> None:
    doubling = '{"$defs":{"d0":{"type":"string"}'
    for level in range(1, 26):
        below = f'{{"$ref":"#/$defs/d{level - 1}"}}'
        doubling += f',"d{level}":{{"allOf":[{below},{below}]}}'
    doubling += '},"$ref":"#/$defs/d25"}'
    dataset = await new_dataset(service)

    told = await refusal(update(service, dataset.name, input_schema=json(doubling)))

    assert told.reason == "INVALID_SCHEMA"


async def test_items_and_schemas_that_come_at_once_fit_in_the_end(service: Service) -> None:
    dataset = await new_dataset(service)

    async def try_to(call: Any) -> str:
        try:
            await call
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"

    calls = []
    for number in range(30):
        text = json('{"q":%d}' % number)  # noqa: UP031
        calls.append(try_to(add_items(service, dataset.name, text.json)))
        if number % 10 == 5:
            calls.append(try_to(update(service, dataset.name, input_schema=TEXTS)))
    told = await asyncio.gather(*calls)

    now = await get(service, dataset.name)
    assert set(told) <= {"OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "ABORTED"}
    assert not (now.settings.HasField("input_schema") and now.item_count), "one excludes the other"


async def test_runs_take_the_default_scorers_of_their_version(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    await new_worker(service, hosts_scorer("tone"))
    await update(service, dataset.name, default_scorers=[scorer("tone"), scorer("levenshtein")])
    bare = await new_experiment(service, dataset.name)
    before = await new_experiment(service, f"{dataset.name}/versions/1")
    own = await new_experiment(service, dataset.name, scorer("exact_match"))

    found = [
        [spec.alias for spec in (await get_run(service, run.name)).scorers]
        for run in [await start_run(service, name.name) for name in (bare, before, own)]
    ]

    assert found == [["tone", "levenshtein"], [], ["exact_match"]]


async def test_settings_wait_for_an_import_as_items_do(service: Service) -> None:
    dataset = await new_dataset(service)
    first, last = requests(dataset.name, [[item()], [item("2")]])
    call = service.datasets.ImportItems()
    await call.write(first)

    async def reason() -> str:
        try:
            await update(service, dataset.name, tags=[str(asyncio.get_running_loop().time())])
        except grpc.aio.AioRpcError as error:
            return read_refusal(error).reason
        return ""

    assert await eventually(reason) == "IMPORT_IN_PROGRESS"
    described = Dataset(name=dataset.name, description="meanwhile")
    await service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=described))
    await call.write(last)
    await call.done_writing()

    assert (await call).dataset.description == "meanwhile"


async def test_a_large_dataset_is_looked_at_page_by_page(service: Service) -> None:
    dataset = await new_dataset(service)
    rows = [item(TEXT, item_id=f"i{n}") for n in range(1999)]
    await add(service, dataset.name, [*rows, item(NUMBER, item_id="last")])

    told = await refusal(update(service, dataset.name, input_schema=TEXTS))

    assert "last: input.q" in told.message
