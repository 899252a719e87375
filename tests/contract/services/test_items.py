"""DatasetService: items, their versions and their pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    add,
    invalid,
    item,
    items,
    json,
    new_dataset,
    refusal,
    summary,
)
from trialbook.v1.dataset_pb2 import Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    AddItemsResponse,
    DeleteDatasetRequest,
    GetDatasetRequest,
    GetItemRequest,
    ListItemsRequest,
    ListVersionsRequest,
)

MIB = 1024 * 1024
EXACT_TEXTS = [
    "123456789012345678901234567890",
    "-0.10e+5",
    '{"b":1,"a":2,"b":3}',
    ' \t\r\n{ "a" :\n[ 1 , 2 ] } ',
    '"\\u00e4\\ud83d\\ude00\\/\\n"',
    '"ä\N{GRINNING FACE}\u2028\u2029\u0000"'.replace("\u0000", "\\u0000"),
    "null",
    "true",
    '""',
    "[]",
    "[" * 128 + "]" * 128,
    '"' + "[" * 500 + '"',
    '"' + "\N{GRINNING FACE}" * 400 + '"',
]


async def add_items(service: Service, parent: str, *rows: Item, **more: object) -> AddItemsResponse:
    request = AddItemsRequest(parent=parent, items=rows, **more)  # type: ignore[arg-type]
    return await service.datasets.AddItems(request)


async def get_item(service: Service, dataset: str, item_id: str, version: int = 0) -> Item:
    request = GetItemRequest(name=f"{dataset}/items/{item_id}", version=version)
    return (await service.datasets.GetItem(request)).item


async def pages(
    service: Service, parent: str, version: int = 0, page_size: int = 0
) -> AsyncIterator[list[Item]]:
    token = ""
    while True:
        page = await service.datasets.ListItems(
            ListItemsRequest(parent=parent, version=version, page_size=page_size, page_token=token)
        )
        yield list(page.items)
        token = page.next_page_token
        if not token:
            return


async def list_items(service: Service, parent: str, version: int = 0) -> list[Item]:
    return [row async for page in pages(service, parent, version) for row in page]


async def version_of(service: Service, dataset: str) -> tuple[int, int]:
    found = (await service.datasets.GetDataset(GetDatasetRequest(name=dataset))).dataset
    return found.version, found.item_count


async def test_added_items_come_back_whole(service: Service) -> None:
    dataset = await new_dataset(service, dataset_id="d")
    sent = Item(
        item_id="Case_1.a:b-c",
        input=json("1"),
        expected=json("null"),
        context=json('{"user":"u"}'),
        metadata=json('{"source":"s"}'),
        tags=["x", "ä" * 64],
        split="s" * 64,
    )

    answer = await add_items(service, dataset.name, sent)

    found = await get_item(service, dataset.name, sent.item_id)
    assert list(answer.item_ids) == [sent.item_id]
    assert (answer.dataset.version, answer.dataset.item_count) == (1, 1)
    assert found.name == f"{dataset.name}/items/{sent.item_id}"
    assert (found.ordinal, found.added_version) == (1, 1)
    assert found.create_time.seconds > 0
    for output_only in (
        "name",
        "ordinal",
        "added_version",
        "create_time",
        "version",
        "update_time",
    ):
        found.ClearField(output_only)
    assert found == sent


async def test_absent_bodies_stay_absent(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a")])

    found = await get_item(service, dataset.name, "a")

    assert not any(found.HasField(name) for name in ("expected", "context", "metadata"))


@pytest.mark.parametrize("text", EXACT_TEXTS, ids=lambda text: ascii(text)[:24])
async def test_json_is_kept_byte_for_byte(service: Service, text: str) -> None:
    dataset = await new_dataset(service, [item(text, text, item_id="a")])

    found = await get_item(service, dataset.name, "a")

    assert found.input.json == text
    assert found.expected.json == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{'a':1}",
        "[1,]",
        '{"a":1,}',
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "0x1",
        "NaN",
        "Infinity",
        "-",
        "nul",
        "True",
        "1 2",
        "{}x",
        "// 1",
        '"\t"',
        '"\\q"',
        '"\\u12"',
        # RFC 8259 allows it, but no text can hold half a character.
        '"\\ud800"',
        '"a',
        "\ufeff1",
        '{"a" 1}',
        "{1:2}",
        "\u00a01",
    ],
    ids=ascii,
)
async def test_what_is_no_json_is_refused(service: Service, text: str) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add_items(service, dataset.name, item(text)))

    assert summary(told) == invalid("items[0].input.json", reason="INVALID_JSON")
    assert await version_of(service, dataset.name) == (0, 0)


@pytest.mark.parametrize("field", ["input", "expected", "context", "metadata"])
async def test_the_path_names_the_body(service: Service, field: str) -> None:
    dataset = await new_dataset(service)
    bad = item()
    getattr(bad, field).json = "{"

    told = await refusal(add_items(service, dataset.name, item(), bad))

    assert summary(told) == invalid(f"items[1].{field}.json", reason="INVALID_JSON")


@pytest.mark.parametrize("field", ["context", "metadata"])
async def test_context_and_metadata_must_be_objects(service: Service, field: str) -> None:
    dataset = await new_dataset(service)
    bad, good = item(), item()
    getattr(bad, field).json = " [1] "
    getattr(good, field).json = " \n{} "

    told = await refusal(add_items(service, dataset.name, bad))

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.paths == [f"items[0].{field}.json"]
    await add_items(service, dataset.name, good)


async def test_an_input_is_required(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add_items(service, dataset.name, item(), Item(item_id="a")))

    assert summary(told) == invalid("items[1].input")


@pytest.mark.parametrize("letter", ["x", "ä", "\N{GRINNING FACE}"])
async def test_a_payload_may_have_a_mebibyte_of_utf_8(service: Service, letter: str) -> None:
    dataset = await new_dataset(service)
    room = MIB - 2
    fits = letter * (room // len(letter.encode()))
    text = '"' + fits + "x" * (room - len(fits.encode())) + '"'

    await add_items(service, dataset.name, item(text, item_id="a"))

    assert len(text.encode()) == MIB
    assert (await get_item(service, dataset.name, "a")).input.json == text
    told = await refusal(add_items(service, dataset.name, item(text + " ")))
    assert summary(told) == invalid("items[0].input.json", reason="INVALID_JSON")


async def test_metadata_may_have_64_kib(service: Service) -> None:
    dataset = await new_dataset(service)
    text = '{"k":"' + "x" * (64 * 1024 - 8) + '"}'

    await add_items(service, dataset.name, item(metadata=json(text)))
    told = await refusal(add_items(service, dataset.name, item(metadata=json(text + " "))))

    assert told.paths == ["items[0].metadata.json"]


@pytest.mark.parametrize("brackets", ["[]", '{"a":0}'])
@pytest.mark.parametrize("depth", [129, 2000, 100_000])
async def test_nesting_beyond_the_limit_is_refused(
    service: Service, brackets: str, depth: int
) -> None:
    dataset = await new_dataset(service)
    opening, closing = (brackets[:-2], brackets[-1]) if brackets != "[]" else ("[", "]")
    text = opening * depth + ("0" if opening != "[" else "") + closing * depth

    told = await refusal(add_items(service, dataset.name, item(text)))

    assert summary(told) == invalid("items[0].input.json", reason="INVALID_JSON")
    assert "128" in told.message


async def test_a_message_beyond_the_transports_limit_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    text = '"' + "x" * (MIB - 2) + '"'

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await add_items(service, dataset.name, *[item(text)] * 9)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await version_of(service, dataset.name) == (0, 0)


@pytest.mark.parametrize("item_id", ["a b", "ä", "a/b", "x" * 129, "a\n"])
async def test_an_item_id_of_another_form_is_refused(service: Service, item_id: str) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add_items(service, dataset.name, item(item_id=item_id)))

    assert summary(told) == invalid("items[0].item_id")


async def test_labels_beyond_their_limits_are_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    await add_items(service, dataset.name, item(tags=["t"] * 32, split="s" * 64))

    told = await refusal(
        add_items(
            service,
            dataset.name,
            item(tags=["t"] * 33),
            item(tags=["t", "", "t" * 65]),
            item(split="s" * 65),
        )
    )

    assert summary(told) == invalid(
        "items[0].tags", "items[1].tags[1]", "items[1].tags[2]", "items[2].split"
    )


async def test_the_first_bad_fields_are_named(service: Service) -> None:
    dataset = await new_dataset(service)

    # The transport loses an answer that is a little too large not always, but often.
    for _ in range(5):
        told = await refusal(add_items(service, dataset.name, *(item("{") for _ in range(150))))

        assert 20 <= len(told.paths) <= 100
        assert told.paths == [f"items[{n}].input.json" for n in range(len(told.paths))]
    assert await version_of(service, dataset.name) == (0, 0)


async def test_many_long_bad_fields_still_arrive_as_an_error(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(
        add_items(
            service, dataset.name, *(item(item_id="\N{OWL}" * 128 + str(n)) for n in range(150))
        )
    )

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.paths[:10] == [f"items[{n}].item_id" for n in range(10)]


async def test_a_thousand_items_fit_in_a_call_and_no_more(service: Service) -> None:
    dataset = await new_dataset(service)

    answer = await add_items(service, dataset.name, *items(1000))
    told = await refusal(add_items(service, dataset.name, *items(1001, first=2000)))

    assert answer.dataset.item_count == 1000
    assert list(answer.item_ids) == [f"i{n}" for n in range(1, 1001)]
    assert summary(told) == invalid("items")


async def test_no_items_make_no_version(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    answer = await add_items(service, dataset.name)

    assert answer.dataset == dataset


async def test_items_without_an_id_get_one_that_is_free(service: Service) -> None:
    dataset = await new_dataset(service, [item(item_id="item-3"), item()])

    answer = await add_items(service, dataset.name, item(), item(item_id="item-5"), item(), item())

    listed = await list_items(service, dataset.name)
    assert len({row.item_id for row in listed}) == 6
    assert [row.item_id for row in listed[2:]] == list(answer.item_ids)
    assert answer.item_ids[1] == "item-5"


async def test_an_item_id_that_is_taken_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, 2)

    told = await refusal(add_items(service, dataset.name, item(item_id="new"), item(item_id="i2")))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ITEM_CONFLICT")
    assert told.paths == ["items[1].item_id"]
    assert told.metadata == {"resource": f"{dataset.name}/items/i2"}
    assert await version_of(service, dataset.name) == (1, 2)


async def test_an_item_id_twice_in_a_call_with_other_content_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    rows = item(item_id="a"), item(item_id="b"), item("2", item_id="a")

    told = await refusal(add_items(service, dataset.name, *rows))

    assert (told.reason, told.paths) == ("ITEM_CONFLICT", ["items[2].item_id"])
    assert await version_of(service, dataset.name) == (0, 0)


async def test_the_same_item_id_in_another_dataset_is_free(service: Service) -> None:
    await new_dataset(service, 1)

    assert (await new_dataset(service, 1)).item_count == 1


async def test_an_expected_version_must_be_the_current_one(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    added = await add_items(service, dataset.name, item(), expected_version=1)
    told = await refusal(add_items(service, dataset.name, item(), expected_version=1))
    zero = await refusal(add_items(service, dataset.name, item(), expected_version=0))

    assert added.dataset.version == 2
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert zero.reason == "STALE_VERSION"
    assert await version_of(service, dataset.name) == (2, 2)


async def test_version_zero_can_be_expected(service: Service) -> None:
    dataset = await new_dataset(service)

    assert (await add_items(service, dataset.name, item(), expected_version=0)).dataset.version == 1


async def test_repeated_items_are_added_once(service: Service) -> None:
    dataset = await new_dataset(service)
    first = await add_items(service, dataset.name, item(), item(), request_id="r-1")

    again = await add_items(service, dataset.name, item(), item(), request_id="r-1")
    told = await refusal(add_items(service, dataset.name, item(), request_id="r-1"))

    assert again == first
    assert told.reason == "REQUEST_ID_REUSED"
    assert await version_of(service, dataset.name) == (1, 2)


async def test_calls_at_the_same_time_make_versions_one_after_the_other(service: Service) -> None:
    dataset = await new_dataset(service)

    answers = await asyncio.gather(
        *(add_items(service, dataset.name, item(), item()) for _ in range(20))
    )

    assert sorted(answer.dataset.version for answer in answers) == list(range(1, 21))
    listed = await list_items(service, dataset.name)
    assert [row.ordinal for row in listed] == list(range(1, 41))
    for answer in answers:
        own = [row for row in listed if row.added_version == answer.dataset.version]
        assert [row.item_id for row in own] == list(answer.item_ids)


async def test_items_for_a_dataset_that_is_not_there_are_refused(service: Service) -> None:
    told = await refusal(add_items(service, f"{PROJECT}/datasets/none", item()))

    assert told.reason == "RESOURCE_NOT_FOUND"


async def test_every_version_can_be_read_for_ever(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    await add(service, dataset.name, items(3, first=3))
    await add(service, dataset.name, items(1, first=6))

    counts = [len(await list_items(service, dataset.name, version)) for version in (1, 2, 3, 0)]
    by_name = [len(await list_items(service, f"{dataset.name}/versions/{n}")) for n in (1, 2, 3)]

    assert counts == [2, 5, 6, 6]
    assert by_name == [2, 5, 6]
    assert (await get_item(service, dataset.name, "i3", 2)).added_version == 2
    told = await refusal(get_item(service, dataset.name, "i3", 1))
    assert told.reason == "RESOURCE_NOT_FOUND"
    assert told.metadata == {"resource": f"{dataset.name}/items/i3"}


async def test_the_name_wins_over_the_version_field(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    await add(service, dataset.name, items(1, first=2))

    listed = await service.datasets.ListItems(
        ListItemsRequest(parent=f"{dataset.name}/versions/1", version=2)
    )

    assert listed.version == 1
    assert len(listed.items) == 1


@pytest.mark.parametrize("version", [2, 2**31, 2**62])
async def test_a_version_that_was_never_made_is_not_found(service: Service, version: int) -> None:
    dataset = await new_dataset(service, 1)
    request = ListItemsRequest(parent=dataset.name, version=version)

    for call in (
        service.datasets.ListItems(request),
        service.datasets.ListItems(ListItemsRequest(parent=f"{dataset.name}/versions/{version}")),
        get_item(service, dataset.name, "i1", version),
    ):
        told = await refusal(call)
        assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND")
        assert told.metadata == {"resource": dataset.name, "current_version": "1"}


async def test_a_negative_version_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    listing = await refusal(
        service.datasets.ListItems(ListItemsRequest(parent=dataset.name, version=-1))
    )
    single = await refusal(get_item(service, dataset.name, "i1", -1))

    assert summary(listing) == summary(single) == invalid("version")


@pytest.mark.parametrize("version", ["0", "-1", "X", "", "1/items/i1", "9" * 30, "\u0661"])
async def test_a_version_name_of_another_form_is_refused(service: Service, version: str) -> None:
    dataset = await new_dataset(service, 1)

    told = await refusal(
        service.datasets.ListItems(ListItemsRequest(parent=f"{dataset.name}/versions/{version}"))
    )

    assert summary(told) == invalid("parent")


async def test_an_item_that_is_not_there_is_not_found(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    told = await refusal(get_item(service, dataset.name, "none"))
    elsewhere = await refusal(get_item(service, f"{PROJECT}/datasets/none", "i1"))

    assert told.reason == elsewhere.reason == "RESOURCE_NOT_FOUND"


async def test_an_empty_dataset_lists_no_items(service: Service) -> None:
    dataset = await new_dataset(service)

    listed = await service.datasets.ListItems(ListItemsRequest(parent=dataset.name))

    assert (list(listed.items), listed.next_page_token, listed.version) == ([], "", 0)


@pytest.mark.parametrize("page_size", [1, 3, 10, 11])
async def test_pages_come_in_the_order_of_insertion(service: Service, page_size: int) -> None:
    dataset = await new_dataset(service, items(10)[::-1])

    found = [page async for page in pages(service, dataset.name, page_size=page_size)]

    assert [row.item_id for page in found for row in page] == [f"i{n}" for n in range(10, 0, -1)]
    assert [row.ordinal for page in found for row in page] == list(range(1, 11))
    assert {len(page) for page in found[:-1]} <= {page_size}


async def test_a_listing_stays_at_the_version_that_it_began_with(service: Service) -> None:
    dataset = await new_dataset(service, 3)
    listing = pages(service, dataset.name, page_size=2)

    first = await anext(listing)
    await add(service, dataset.name, items(5, first=4))
    rest = [row async for page in listing for row in page]

    assert [row.item_id for row in first + rest] == ["i1", "i2", "i3"]


async def test_an_items_token_of_another_listing_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, 3)
    other = await new_dataset(service, 3)
    first = await service.datasets.ListItems(ListItemsRequest(parent=dataset.name, page_size=1))

    for request in (
        ListItemsRequest(parent=other.name, page_token=first.next_page_token),
        ListItemsRequest(parent=dataset.name, version=1, page_token=first.next_page_token),
    ):
        told = await refusal(service.datasets.ListItems(request))
        assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
async def test_large_items_make_a_page_end_early(service: Service, letter: str) -> None:
    text = '"' + letter * (600_000 // len(letter.encode())) + '"'
    dataset = await new_dataset(service, [item(text) for _ in range(10)])

    found = [page async for page in pages(service, dataset.name)]

    assert [row.ordinal for page in found for row in page] == list(range(1, 11))
    assert all(0 < page_bytes(page) <= 3 * MIB for page in found)


async def test_many_small_bodies_make_a_page_end_early_too(service: Service) -> None:
    object_text = '{"k":"' + "x" * 1000 + '"}'
    rows = [
        item(object_text, object_text, context=json(object_text), metadata=json(object_text))
        for _ in range(1000)
    ]
    dataset = await new_dataset(service, rows)

    found = [page async for page in pages(service, dataset.name, page_size=1000)]

    assert sum(map(len, found)) == 1000
    assert all(page_bytes(page) <= 3 * MIB for page in found)


async def test_a_page_brings_its_first_item_whatever_its_size(service: Service) -> None:
    large = '"' + "x" * (MIB - 2) + '"'
    row = item(large, large, context=json('{"k":' + "1" * (MIB - 6) + "}"))
    dataset = await new_dataset(service, [row, item()])

    found = [page async for page in pages(service, dataset.name)]

    assert [len(page) for page in found] == [1, 1]


async def test_equal_large_bodies_are_stored_once_and_read_many_times(service: Service) -> None:
    text = '"' + "x" * 5000 + '"'
    dataset = await new_dataset(service, [item(text, text) for _ in range(50)])

    assert {row.input.json for row in await list_items(service, dataset.name)} == {text}


async def test_versions_are_listed_newest_first(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    metadata = (("trialbook-author", "ada"),)
    for count in (1, 3):
        rows = items(count, first=10 * count)
        request = AddItemsRequest(parent=dataset.name, items=rows)
        await service.datasets.AddItems(request, metadata=metadata)

    first = await service.datasets.ListVersions(
        ListVersionsRequest(parent=dataset.name, page_size=2)
    )
    rest = await service.datasets.ListVersions(
        ListVersionsRequest(parent=dataset.name, page_size=2, page_token=first.next_page_token)
    )

    assert [
        (row.version, row.item_count, row.added_count, row.author)
        for row in [*first.versions, *rest.versions]
    ] == [(3, 6, 3, "ada"), (2, 3, 1, "ada"), (1, 2, 2, "anonymous")]
    assert first.versions[0].name == f"{dataset.name}/versions/3"
    assert first.versions[0].create_time.seconds > 0
    assert not rest.next_page_token


async def test_the_versions_of_an_empty_dataset_are_none(service: Service) -> None:
    dataset = await new_dataset(service)

    answer = await service.datasets.ListVersions(ListVersionsRequest(parent=dataset.name))

    assert list(answer.versions) == []


async def test_a_token_does_not_outlive_its_dataset(service: Service) -> None:
    dataset = await new_dataset(service, 3, dataset_id="d")
    first = await service.datasets.ListItems(ListItemsRequest(parent=dataset.name, page_size=1))
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=dataset.name))

    told = await refusal(
        service.datasets.ListItems(
            ListItemsRequest(parent=dataset.name, page_token=first.next_page_token)
        )
    )

    assert told.reason == "RESOURCE_NOT_FOUND"


def page_bytes(page: list[Item]) -> int:
    return sum(row.ByteSize() for row in page)
