"""DatasetService: what happened to an item."""

from __future__ import annotations

from tests.service import Service, add, eventually, item, items, new_dataset, refusal
from trialbook.v1.dataset_diff_pb2 import ItemChangeKind, ItemRevision
from trialbook.v1.dataset_service_pb2 import (
    GetDatasetRequest,
    ImportItemsRequest,
    ItemUpdate,
    ListItemRevisionsRequest,
    PurgeItemsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    UpdateItemsRequest,
)

ADA = (("trialbook-author", "ada"),)


async def revisions(
    service: Service, name: str, item_id: str = "i1", page_size: int = 0
) -> list[ItemRevision]:
    token, found, first = "", list[ItemRevision](), True
    while token or first:
        page = await service.datasets.ListItemRevisions(
            ListItemRevisionsRequest(
                parent=f"{name}/items/{item_id}", page_size=page_size, page_token=token
            )
        )
        found += page.revisions
        token, first = page.next_page_token, False
    return found


def told(found: list[ItemRevision]) -> list[tuple[int, str, str]]:
    return [
        (
            one.version,
            ItemChangeKind.Name(one.kind).removeprefix("ITEM_CHANGE_KIND_"),
            one.item.input.json,
        )
        for one in found
    ]


async def change(service: Service, name: str, text: str, message: str = "") -> None:
    await service.datasets.UpdateItems(
        UpdateItemsRequest(
            parent=name, updates=[ItemUpdate(item=item(text, item_id="i1"))], message=message
        ),
        metadata=ADA,
    )


async def remove(service: Service, name: str) -> None:
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i1"]))


async def eventful(service: Service) -> str:
    """An item added at 1, changed, removed at 5, restored at 7, changed, and gone at 9."""
    name = (await new_dataset(service, [item('{"a":1}', item_id="i1")])).name
    await add(service, name, items(1, first=50))
    await change(service, name, '{"a":2}', "better")
    await change(service, name, '{"a":3}')
    await remove(service, name)
    await add(service, name, items(1, first=60))
    await service.datasets.RestoreItems(RestoreItemsRequest(parent=name, item_ids=["i1"]))
    await change(service, name, '{"a":4}')
    await remove(service, name)
    return name


LIFE = [
    (9, "REMOVED", '{"a":4}'),
    (8, "CHANGED", '{"a":4}'),
    (7, "RESTORED", '{"a":3}'),
    (5, "REMOVED", '{"a":3}'),
    (4, "CHANGED", '{"a":3}'),
    (3, "CHANGED", '{"a":2}'),
    (1, "ADDED", '{"a":1}'),
]


async def test_a_life_is_told_newest_first(service: Service) -> None:
    name = await eventful(service)

    assert told(await revisions(service, name)) == LIFE


async def test_every_page_size_tells_the_same(service: Service) -> None:
    name = await eventful(service)

    for size in range(1, 8):
        assert told(await revisions(service, name, page_size=size)) == LIFE, size


async def test_a_step_tells_who_why_and_what(service: Service) -> None:
    name = await eventful(service)

    found = {one.version: one for one in await revisions(service, name)}

    assert (found[3].author, found[3].message) == ("ada", "better")
    assert found[3].create_time.seconds > 0
    (changed,) = found[3].changes
    assert (changed.path, changed.before.json, changed.after.json) == ("input.a", "1", "2")
    assert [len(found[version].changes) for version in (1, 5, 7, 9)] == [0, 0, 0, 0]


async def test_what_was_restored_with_other_content_tells_what_differs(service: Service) -> None:
    name = (await new_dataset(service, 1)).name
    await change(service, name, "10")
    await remove(service, name)
    await service.datasets.RestoreItems(
        RestoreItemsRequest(parent=name, item_ids=["i1"], version=1)
    )

    newest = (await revisions(service, name))[0]

    assert told([newest]) == [(4, "RESTORED", "1")]
    assert [(one.before.json, one.after.json) for one in newest.changes] == [("10", "1")]


async def test_pages_end_early_when_contents_are_large(service: Service) -> None:
    texts = ['"' + letter * 900_000 + '"' for letter in "abcd"]
    name = (await new_dataset(service, [item(texts[0], item_id="i1")])).name
    for text in texts[1:]:
        await change(service, name, text)

    page = await service.datasets.ListItemRevisions(
        ListItemRevisionsRequest(parent=f"{name}/items/i1")
    )

    assert page.next_page_token
    assert [row[0] for row in told(await revisions(service, name))] == [4, 3, 2, 1]


async def test_two_contents_that_fill_more_than_a_page_are_compared(service: Service) -> None:
    whole = '"' + "x" * 1_048_000 + '"'
    rows = [item(whole, whole, item_id="i1")]
    name = (await new_dataset(service, rows)).name
    await change(service, name, "1")
    await change(service, name, whole)

    assert [row[0] for row in told(await revisions(service, name))] == [3, 2, 1]


async def test_a_purged_item_shows_its_steps_and_nothing_else(service: Service) -> None:
    name = await eventful(service)
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=name, item_ids=["i1"]))

    found = await revisions(service, name)

    assert [row[:2] for row in told(found)] == [row[:2] for row in LIFE]
    assert all(one.item.purged and not one.item.HasField("input") for one in found)
    assert not any(one.changes for one in found)


async def current(service: Service, name: str) -> str:
    got = await service.datasets.GetDataset(GetDatasetRequest(name=name))
    return got.dataset.etag


async def test_an_import_under_way_is_not_told(service: Service) -> None:
    name = (await new_dataset(service, 1)).name
    before = await current(service, name)
    call = service.datasets.ImportItems()
    await call.write(
        ImportItemsRequest(parent=name, items=[item("10", item_id="i1")], mode="IMPORT_MODE_UPSERT")
    )
    await call.write(ImportItemsRequest(items=items(1, first=7)))

    async def begun() -> bool:
        return await current(service, name) != before

    await eventually(begun)
    told_of_new = await refusal(
        service.datasets.ListItemRevisions(ListItemRevisionsRequest(parent=f"{name}/items/i7"))
    )
    during = told(await revisions(service, name))
    call.cancel()

    assert told_of_new.reason == "RESOURCE_NOT_FOUND"
    assert during == [(1, "ADDED", "1")]


async def test_an_item_that_never_was_is_not_found(service: Service) -> None:
    name = (await new_dataset(service, 1)).name

    told_so = await refusal(
        service.datasets.ListItemRevisions(ListItemRevisionsRequest(parent=f"{name}/items/none"))
    )

    assert told_so.reason == "RESOURCE_NOT_FOUND"
    assert told_so.metadata["resource"] == f"{name}/items/none"
