"""What is evaluated: cases from Python values or a file, as a dataset of the service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import msgspec

from trialbook.client.asynchronous import AsyncClient
from trialbook.client.errors import NotFound, invalid_field
from trialbook.client.models.codec import json_of
from trialbook.client.models.dataset import Dataset
from trialbook.client.models.item import DatasetItem, Item, item_from
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.models.tool_mock import ToolMock, UnmockedToolPolicy
from trialbook.client.payload import Json, decode
from trialbook.v1 import dataset_pb2

LONGEST_STEM: Final = 54
"""What an id of 63 characters leaves beside a hyphen and the eight digits of a digest."""

Data: TypeAlias = str | Path | Iterable[object]
"""A path of a JSON Lines file, or cases: mappings with a key `input`, `Item`s, or bare inputs."""


def load(data: Data) -> list[Item]:
    """Return the cases. Raises `InvalidArgument` for bad ones, and for none at all."""
    if isinstance(data, str | Path):
        items = list(_read_lines(Path(data)))
    else:
        items = [_case(value, f"data[{index}]") for index, value in enumerate(data)]
    if not items:
        raise invalid_field("data", "there are no cases to evaluate")
    return items


def _case(value: object, path: str) -> Item:
    if isinstance(value, Item):
        return value
    if isinstance(value, Mapping) and "input" in value:
        return item_from(value, path)
    return Item(input=value)


def _read_lines(path: Path) -> Iterator[Item]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _read_line(line, f"{path}:{number}")


def _read_line(line: str, path: str) -> Item:
    try:
        value = decode(line)
    except msgspec.DecodeError as error:
        raise invalid_field(path, f"is not JSON: {error}", reason="INVALID_JSON") from error
    if not isinstance(value, dict) or "input" not in value:
        return Item(input=Json(line.strip()))
    # Raw keeps the texts of the values byte for byte.
    raw = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    exact = {key: Json(bytes(raw[key]).decode()) for key in ("input", "expected") if key in raw}
    return _case({**value, **exact}, path)


async def as_dataset(client: AsyncClient, dataset_id: str, items: list[Item]) -> Dataset:
    """Return a dataset that holds just these items.

    That is the one of this id, or if it holds others, one that is named after the content too.
    Either is made if it does not exist, and used again if it does.
    """
    messages = [item.to_message(f"data[{index}]") for index, item in enumerate(items)]
    wanted = [_Case(_Content.of_message(m), _Extras.of_message(m)) for m in messages]
    digest = hashlib.sha256(_text(wanted).encode()).hexdigest()[:8]
    for candidate in (dataset_id, f"{dataset_id[:LONGEST_STEM]}-{digest}"):
        dataset = await _get_or_create(client, candidate)
        if dataset.version == 0:
            imported = await client.datasets.import_items(dataset, items, expected_version=0)
            return imported.dataset
        if dataset.item_count == len(wanted) and await _holds(client, dataset, wanted):
            return dataset
    raise invalid_field("dataset", f"{dataset_id} holds other cases; give another name")


class _Content(NamedTuple):
    """What makes two items the same."""

    item_id: str
    input: str
    expected: str | None
    context: str | None
    metadata: str | None
    tags: tuple[str, ...]
    split: str

    @classmethod
    def of_message(cls, item: dataset_pb2.Item) -> _Content:
        return cls(
            item.item_id,
            item.input.json,
            json_of(item.expected),
            json_of(item.context),
            json_of(item.metadata),
            tuple(item.tags),
            item.split,
        )

    def fits(self, item: DatasetItem) -> bool:
        """Tell whether a stored item is this one; its id matters only if one was given."""
        return self == _Content(
            item.id if self.item_id else "",
            item.input_json,
            item.expected_json,
            item.context_json,
            item.metadata_json,
            item.tags,
            item.split,
        )


class _Extras(NamedTuple):
    """What few items have, and makes two items the same too."""

    external_id: str = ""
    expected_trajectory: str | None = None
    start_options: str | None = None
    tool_mocks: tuple[ToolMock, ...] = ()
    denies_unmocked_tools: bool = False
    scorers: tuple[tuple[str | None, ...], ...] = ()

    @classmethod
    def of_message(cls, item: dataset_pb2.Item) -> _Extras:
        return cls.of_item(DatasetItem.from_message(item))

    @classmethod
    def of_item(cls, item: DatasetItem) -> _Extras:
        return cls(
            item.external_id,
            item.expected_trajectory_json,
            item.start_options_json,
            item.tool_mocks,
            item.unmocked_tools is UnmockedToolPolicy.DENY,
            tuple(map(_parts, item.scorers)),
        )


def _parts(scorer: Scorer) -> tuple[str | None, ...]:
    """Return what an item says of a scorer; scopes and parts count where there are any."""
    parts = (scorer.step_id, scorer.output_pointer, scorer.expected_pointer)
    named = (scorer.name, scorer.alias or scorer.name, scorer.params_json)
    return named if not any(parts) else (*named, *parts)


class _Case(NamedTuple):
    content: _Content
    extras: _Extras

    def fits(self, item: DatasetItem) -> bool:
        """Tell whether a stored item is this one; its id matters only if one was given."""
        return self.content.fits(item) and self.extras == _Extras.of_item(item)


def _text(cases: list[_Case]) -> str:
    """Return what names the cases. Extras count where there are any: names stay what they were."""
    contents = repr([case.content for case in cases])
    extras = [case.extras for case in cases]
    return contents + repr(extras) if any(e != _Extras() for e in extras) else contents


async def _get_or_create(client: AsyncClient, dataset_id: str) -> Dataset:
    try:
        return await client.datasets.get(dataset_id)
    except NotFound:
        return await client.datasets.create(dataset_id)


async def _holds(client: AsyncClient, dataset: Dataset, wanted: list[_Case]) -> bool:
    index = 0
    async for item in client.datasets.items(dataset, version=dataset.version, page_size=1_000):
        if index >= len(wanted) or not wanted[index].fits(item):
            return False
        index += 1
    return index == len(wanted)
