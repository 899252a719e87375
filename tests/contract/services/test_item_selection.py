"""DatasetService: some of the items of a version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service import Service, add, invalid, item, json, new_dataset, refusal, summary
from trialbook.v1.dataset_pb2 import Item
from trialbook.v1.dataset_service_pb2 import ListItemsRequest, RemoveItemsRequest
from trialbook.v1.item_selection_pb2 import ItemSample, ItemSelection


def row(number: int) -> Item:
    """Every second one is a test, every third one tagged, every fifth one hard."""
    return item(
        f'{{"n":{number}}}',
        item_id=f"i{number}",
        split="test" if number % 2 == 0 else ("train" if number % 4 == 1 else ""),
        tags=[tag for tag, step in (("third", 3), ("fifth", 5)) if number % step == 0],
        metadata=json('{"difficulty":"hard"}') if number % 5 == 0 else None,
    )


async def select(
    service: Service, name: str, page_size: int = 0, version: int = 0, **parts: Any
) -> list[int]:
    """Return the numbers of the selected items, page by page."""
    token, found, first = "", list[int](), True
    while token or first:
        page = await service.datasets.ListItems(
            ListItemsRequest(
                parent=name,
                version=version,
                page_size=page_size,
                page_token=token,
                selection=ItemSelection(**parts),
            )
        )
        found += [int(one.item_id[1:]) for one in page.items]
        assert not page_size or len(page.items) <= page_size
        token, first = page.next_page_token, False
    return found


async def sixty(service: Service) -> str:
    return (await new_dataset(service, map(row, range(1, 61)))).name


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ({"item_ids": ["i7", "i3", "none", "i3", "i60"]}, [3, 7, 60]),
        ({"splits": ["test"]}, list(range(2, 61, 2))),
        ({"splits": ["", "train"]}, list(range(1, 61, 2))),
        ({"splits": [""]}, list(range(3, 61, 4))),
        ({"tags": ["third"]}, list(range(3, 61, 3))),
        ({"tags": ["third", "fifth"]}, [15, 30, 45, 60]),
        ({"filter": "input.n > 57"}, [58, 59, 60]),
        ({"filter": "metadata.difficulty = hard AND split = test"}, list(range(10, 61, 10))),
        ({"item_ids": ["i30", "i31"], "splits": ["test"], "tags": ["third"]}, [30]),
        ({"item_ids": ["i30", "i31"], "filter": "input.n = 31"}, [31]),
        ({"tags": ["no such"]}, []),
        ({}, list(range(1, 61))),
        ({"filter": "  "}, list(range(1, 61))),
    ],
)
async def test_every_part_must_hold(
    service: Service, parts: dict[str, Any], wanted: list[int]
) -> None:
    name = await sixty(service)

    assert await select(service, name, **parts) == wanted
    assert await select(service, name, page_size=3, **parts) == wanted


async def test_a_selection_is_of_its_version(service: Service) -> None:
    name = await sixty(service)
    gone = ["i2", "i4", "i6", "i60"]
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=gone))
    await add(service, name, [row(62)])

    assert (await select(service, name, splits=["test"]))[-2:] == [58, 62]
    assert await select(service, name, version=1, splits=["test"]) == list(range(2, 61, 2))
    assert await select(service, name, version=1, item_ids=["i60", "i62"]) == [60]


async def test_a_sample_by_count_has_so_many_whatever_the_pages(service: Service) -> None:
    name = await sixty(service)
    sample = ItemSample(count=13, seed=5)

    whole = await select(service, name, sample=sample)

    assert len(whole) == 13
    assert whole == sorted(whole)
    assert await select(service, name, page_size=4, sample=sample) == whole
    assert await select(service, name, sample=ItemSample(count=13, seed=6)) != whole
    assert set(await select(service, name, sample=ItemSample(count=12, seed=5))) < set(whole)


async def test_a_sample_is_of_what_the_other_parts_select(service: Service) -> None:
    name = await sixty(service)
    sample = ItemSample(count=4, seed=1)

    by_tag = await select(service, name, tags=["third"], sample=sample)
    by_filter = await select(service, name, filter="tags:third", sample=sample, page_size=1)
    by_id = await select(service, name, item_ids=["i1", "i2"], sample=sample)

    assert by_tag == by_filter
    assert len(by_tag) == 4
    assert all(number % 3 == 0 for number in by_tag)
    assert by_id == [1, 2]


async def test_a_sample_by_fraction_is_about_that_much(service: Service) -> None:
    name = (await new_dataset(service, map(row, range(1, 1001)))).name

    tenth = await select(service, name, sample=ItemSample(fraction=0.1, seed=3), page_size=1000)

    assert 60 <= len(tenth) <= 140
    half = await select(service, name, sample=ItemSample(fraction=0.5, seed=3), page_size=1000)
    assert set(tenth) < set(half)
    assert len(await select(service, name, sample=ItemSample(fraction=1.0))) == 1000


async def test_an_added_item_changes_a_sample_by_itself_only(service: Service) -> None:
    name = await sixty(service)
    sample = ItemSample(fraction=0.3, seed=8)
    before = set(await select(service, name, sample=sample))
    await add(service, name, map(row, range(61, 121)))
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i1"]))

    after = set(await select(service, name, sample=sample))

    assert {number for number in after if number <= 60} == before - {1}


async def test_pages_of_large_items_end_early(service: Service) -> None:
    rows = [
        item('"' + "x" * 900_000 + '"', item_id=f"i{number}", tags=["t"]) for number in range(1, 6)
    ]
    name = (await new_dataset(service, rows)).name

    page = await service.datasets.ListItems(
        ListItemsRequest(parent=name, selection=ItemSelection(tags=["t"]))
    )

    assert len(page.items) == 2
    assert await select(service, name, tags=["t"]) == [1, 2, 3, 4, 5]


async def test_a_token_belongs_to_its_selection(service: Service) -> None:
    name = await sixty(service)
    first = await service.datasets.ListItems(
        ListItemsRequest(parent=name, page_size=2, selection=ItemSelection(splits=["test"]))
    )

    told = await refusal(
        service.datasets.ListItems(
            ListItemsRequest(
                parent=name,
                page_token=first.next_page_token,
                selection=ItemSelection(splits=["train"]),
            )
        )
    )

    assert told.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"item_ids": ["i"] * 10_001}, "selection.item_ids"),
        ({"splits": ["s"] * 33}, "selection.splits"),
        ({"tags": ["s"] * 33}, "selection.tags"),
        ({"splits": ["a", "\x00"]}, "selection.splits[1]"),
        ({"sample": ItemSample(seed=1)}, "selection.sample"),
        ({"sample": ItemSample(count=0)}, "selection.sample.count"),
        ({"sample": ItemSample(count=1_000_001)}, "selection.sample.count"),
        ({"sample": ItemSample(fraction=0)}, "selection.sample.fraction"),
        ({"sample": ItemSample(fraction=1.5)}, "selection.sample.fraction"),
        ({"sample": ItemSample(fraction=float("nan"))}, "selection.sample.fraction"),
    ],
)
async def test_a_bad_selection_is_refused(
    service: Service, parts: dict[str, Any], path: str
) -> None:
    name = (await new_dataset(service, 1)).name

    assert summary(await refusal(select(service, name, **parts))) == invalid(path)


async def test_a_bad_filter_is_refused_with_its_column(service: Service) -> None:
    name = (await new_dataset(service, 1)).name

    told = await refusal(select(service, name, filter="split = test OR"))

    assert summary(told) == invalid("selection.filter", reason="INVALID_FILTER")
    assert "column 16" in told.message
