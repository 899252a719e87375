from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.client.fake_service import FakeService
from trialbook.client import (
    MISSING,
    AlreadyExists,
    AsyncClient,
    Client,
    InvalidArgument,
    Item,
    Json,
)
from trialbook.client.models.item import item_message
from trialbook.client.requests.item import IMPORT_BATCH_BYTES, import_messages


def numbers(count: int) -> Iterator[dict[str, object]]:
    return ({"input": number} for number in range(count))


def test_pages_are_followed_to_the_end(client: Client) -> None:
    client.datasets.import_items("d", numbers(250))

    assert [item.input for item in client.datasets.items("d")] == list(range(250))


async def test_pages_are_followed_by_the_async_client(async_client: AsyncClient) -> None:
    await async_client.datasets.import_items("d", numbers(250))

    found = [item.input async for item in async_client.datasets.items("d", page_size=7)]

    assert found == list(range(250))


def test_short_ids_full_names_and_models_name_the_same(fake: FakeService, client: Client) -> None:
    dataset = client.datasets.create("d")

    for reference in ("d", "projects/default/datasets/d", dataset):
        assert client.datasets.get(reference).name == "projects/default/datasets/d"


def test_an_import_tells_its_progress_and_sends_batches(fake: FakeService, client: Client) -> None:
    told: list[int] = []

    imported = client.datasets.import_items("d", numbers(2_500), progress=told.append)

    assert imported.added_count == 2_500
    assert told == [1_000, 2_000, 2_500]
    first, *others = fake.requests["ImportItems"]
    assert first.parent == "projects/default/datasets/d"
    assert first.request_id
    assert [request.parent for request in others] == ["", ""]


def test_an_import_of_large_items_stays_below_the_size_of_a_message() -> None:
    text = Json('"' + "x" * 400_000 + '"')
    items = [Item(text) for _ in range(5)]

    messages = import_messages(
        "p", "d", items, upsert=False, expected_version=None, note="", request_id=None
    )

    assert [len(message.items) for message in messages] == [2, 2, 1]
    assert IMPORT_BATCH_BYTES < 2**22


def test_what_the_items_raise_ends_the_import_and_stores_nothing(
    fake: FakeService, client: Client
) -> None:
    def broken() -> Iterator[dict[str, object]]:
        yield from numbers(1_500)
        raise RuntimeError("the file is broken")

    with pytest.raises(RuntimeError, match="the file is broken"):
        client.datasets.import_items("d", broken())

    assert fake.items == {}


async def test_the_async_import_ends_likewise(fake: FakeService, async_client: AsyncClient) -> None:
    items: list[dict[str, object]] = [*numbers(1_500), {"expected": 1}]

    with pytest.raises(InvalidArgument, match=r"items\[1500\]\.input: is required"):
        await async_client.datasets.import_items("d", items)

    assert fake.items == {}


def test_a_refusal_in_mid_import_is_told_without_reading_on(client: Client) -> None:
    read = 0

    def endless() -> Iterator[dict[str, object]]:
        nonlocal read
        while True:
            read += 1
            yield {"input": read, "id": "taken" if read == 1 else str(read)}

    with pytest.raises(AlreadyExists):
        client.datasets.import_items("d", endless())

    assert read > 0


async def test_the_async_import_tells_a_refusal_too(async_client: AsyncClient) -> None:
    items = ({"input": n, "id": "taken" if n == 0 else str(n)} for n in range(100_000))

    with pytest.raises(AlreadyExists):
        await async_client.datasets.import_items("d", items)


def test_null_is_an_expected_value_and_absence_is_none(client: Client) -> None:
    client.datasets.add_items("d", [{"input": 1, "expected": None}, Item(2), Item(3, MISSING)])

    assert [item.has_expected for item in client.datasets.items("d")] == [True, False, False]


def test_texts_of_items_are_kept_byte_for_byte(client: Client) -> None:
    client.datasets.add_items("d", [Item(Json('{ "n": 1.0 }'), Json("[ ]"))])

    (item,) = client.datasets.items("d")

    assert (item.input_json, item.expected_json) == ('{ "n": 1.0 }', "[ ]")
    assert item.input == {"n": 1.0}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "item.input: is required"),
        ({"question": 1}, r"the keys are \['question'\]"),
        ({"input": 1, "inputs": 2}, r"unknown keys \['inputs'\]"),
        ({"input": 1, "tags": "one"}, "item.tags: give a list"),
        ({"input": 1, "id": 7}, "item.id: give a string"),
        (7, "give an Item or a mapping, not int"),
    ],
)
def test_bad_items_are_refused_with_their_field(value: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        item_message(value)  # type: ignore[arg-type]


def test_an_update_names_what_it_changes(client: Client) -> None:
    with pytest.raises(InvalidArgument, match="give display_name"):
        client.datasets.update("d")
