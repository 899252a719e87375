"""Runs the cases that were taken from Mastra's datasets; what differs on purpose stands below."""

from __future__ import annotations

import json as stdlib_json
from pathlib import Path
from typing import Any

import pytest

from tests.service import Refusal, Service, item, json, new_dataset, refusal
from trialbook.v1.dataset_diff_pb2 import ITEM_CHANGE_KIND_REMOVED
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    GetDatasetRequest,
    GetItemRequest,
    ItemUpdate,
    ListItemRevisionsRequest,
    ListItemsRequest,
    ListItemsResponse,
    ListVersionsRequest,
    RemoveItemsRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetSettings

CASES_FILE = Path(__file__).parents[4] / "shared" / "conformance" / "mastra_cases.json"

DIFFERENCES = {
    "items_at_version 99": "A version above the current one is an error: whoever asks for it has "
    "mistaken something, and current items under another version's number would hide that.",
    "items_at_version 0": "In a request, version 0 is the current one; the empty dataset is what a "
    "time before its first version shows.",
    "errors": "Reasons and paths are ours: ITEM_CONFLICT with items[0].external_id, and "
    "SCHEMA_VIOLATED with items[0].input.q, which tell the same.",
    "order": "Items are listed in the order of insertion; Mastra's listing has the newest first, "
    "and mixes up those that were added together.",
    "page": "Pages go on from a token, not from a number, so no page is negative: a bad token is "
    "refused. Listings have no total; the dataset's item_count has it.",
    "perPage0": "A page size of 0 is the default of 100, as in Google's AIPs; a negative one is "
    "refused.",
    "deleted": "A removal repeats no content: the history tells it as a step of its own kind.",
}
"""What we do otherwise, and why."""


def load_cases() -> dict[str, dict[str, Any]]:
    if not CASES_FILE.exists():
        return {}
    cases: list[dict[str, Any]] = stdlib_json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return {case["name"]: case for case in cases if case["area"].startswith("dataset.")}


CASES = load_cases()
pytestmark = pytest.mark.skipif(not CASES, reason=f"{CASES_FILE.name} is not beside the project")


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = CASES[name]["expected"]
    return found


def text(value: object) -> str:
    return stdlib_json.dumps(value)


async def add(service: Service, parent: str, *rows: Item) -> list[str]:
    request = AddItemsRequest(parent=parent, items=rows)
    return list((await service.datasets.AddItems(request)).item_ids)


async def remove(service: Service, parent: str, *ids: str) -> None:
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=parent, item_ids=ids))


async def page(service: Service, parent: str, **more: Any) -> ListItemsResponse:
    return await service.datasets.ListItems(ListItemsRequest(parent=parent, **more))


async def inputs(service: Service, parent: str, version: int) -> list[Any]:
    found = await page(service, parent, version=version)
    return [stdlib_json.loads(row.input.json) for row in found.items]


async def version_of(service: Service, name: str) -> int:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset.version


def test_every_case_has_a_test() -> None:
    assert set(CASES) == {
        "SCD-2 history rows and time travel",
        "bulk delete: 2 items, one version",
        "externalId idempotency and conflict",
        "input schema violation",
        "pagination edge values",
    }


async def lived(service: Service) -> str:
    """Return a dataset that has gone through the case's commands."""
    name = (await new_dataset(service)).name
    await add(service, name, item('"a"', item_id="a"))
    await add(service, name, item('"b"', item_id="b"), item('"c"', item_id="c"))
    change = ItemUpdate(item=item('"a2"', item_id="a"))
    await service.datasets.UpdateItems(UpdateItemsRequest(parent=name, updates=[change]))
    await remove(service, name, "b")
    return name


async def test_every_version_reads_as_it_was(service: Service) -> None:
    wanted = expected("SCD-2 history rows and time travel")
    name = await lived(service)

    at = {version: await inputs(service, name, version) for version in range(1, 5)}
    b_then = await service.datasets.GetItem(GetItemRequest(name=f"{name}/items/b", version=3))
    b_now = await refusal(service.datasets.GetItem(GetItemRequest(name=f"{name}/items/b")))
    above = await refusal(page(service, name, version=99))
    versions = await service.datasets.ListVersions(ListVersionsRequest(parent=name))

    assert {str(version): rows for version, rows in at.items()} == {
        version: rows
        for version, rows in wanted["items_at_version"].items()
        if f"items_at_version {version}" not in DIFFERENCES
    }
    assert stdlib_json.loads(b_then.item.input.json) == wanted["getItem_b_at_3"]
    assert (wanted["getItem_b_now"], b_now.reason) == (None, "RESOURCE_NOT_FOUND")
    assert [row.version for row in versions.versions] == wanted["versions"]
    assert above.reason == "VERSION_NOT_FOUND", DIFFERENCES["items_at_version 99"]


@pytest.mark.parametrize("item_id", ["a", "b"])
async def test_an_item_tells_its_history(service: Service, item_id: str) -> None:
    name = await lived(service)

    found = await service.datasets.ListItemRevisions(
        ListItemRevisionsRequest(parent=f"{name}/items/{item_id}")
    )

    told = [
        [row.version, row.kind == ITEM_CHANGE_KIND_REMOVED, stdlib_json.loads(row.item.input.json)]
        for row in found.revisions
    ]
    wanted = expected("SCD-2 history rows and time travel")[f"history_{item_id}"]
    assert told == [[row[0], row[2], row[3]] for row in wanted]


async def test_items_that_are_removed_together_make_one_version(service: Service) -> None:
    wanted = expected("bulk delete: 2 items, one version")
    name = (await new_dataset(service)).name
    await add(service, name, *(item(text(i), item_id=i) for i in "abc"))

    await remove(service, name, "a", "b")

    assert await version_of(service, name) == wanted["version"]
    assert await inputs(service, name, 0) == wanted["items"]


async def test_an_external_id_is_known_again(service: Service) -> None:
    wanted = expected("externalId idempotency and conflict")
    name = (await new_dataset(service)).name
    first = await add(service, name, item('{"q":1}', external_id="k1"))

    again = await add(service, name, item('{"q":1}', "null", external_id="k1"))
    version = await version_of(service, name)
    changed = await refusal(add(service, name, item('{"q":2}', external_id="k1")))
    await remove(service, name, *first)
    gone = await refusal(add(service, name, item('{"q":1}', external_id="k1")))

    assert (first == again) is wanted["same_id"]
    assert version == wanted["version_after_second_add"]
    assert_conflict(changed, wanted["conflict_changed_payload"], "other content")
    assert_conflict(gone, wanted["conflict_after_delete"], "removed item")


def assert_conflict(told: Refusal, wanted: dict[str, Any], sentence: str) -> None:
    ((index, external_id, _),) = wanted["reasons"]
    assert told.reason == "ITEM_CONFLICT", DIFFERENCES["errors"]
    assert told.paths == [f"items[{index}].external_id"]
    assert external_id in told.message
    assert sentence in told.message


async def test_an_input_that_does_not_fit_is_refused(service: Service) -> None:
    case = CASES["input schema violation"]
    schema = json(text(case["given"]["inputSchema"]))
    name = (await new_dataset(service)).name
    settings = Dataset(name=name, settings=DatasetSettings(input_schema=schema))
    await service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=settings))
    bad, good = item(text(case["given"]["addItem"]["input"])), item('{"q":"a"}')
    before = await version_of(service, name)

    single = await refusal(add(service, name, bad))
    bulk = await refusal(add(service, name, good, bad))

    (problem,) = case["expected"]["single"]["errors"]
    field = problem["path"].replace("/", ".")
    assert (single.reason, single.paths) == ("SCHEMA_VIOLATED", [f"items[0].input{field}"]), (
        DIFFERENCES["errors"]
    )
    assert bulk.paths == [f"items[1].input{field}"]
    assert await version_of(service, name) == before


async def test_pages_have_their_edges(service: Service) -> None:
    wanted = expected("pagination edge values")
    name = (await new_dataset(service, 3)).name

    two = await page(service, name, page_size=wanted["p"]["perPage"])
    default = await page(service, name, page_size=0)
    negative = await refusal(page(service, name, page_size=-1))

    assert (len(two.items), bool(two.next_page_token)) == (2, wanted["p"]["hasMore"])
    assert len(default.items) == wanted["p"]["total"], DIFFERENCES["perPage0"]
    assert negative.paths == ["page_size"], DIFFERENCES["page"]
