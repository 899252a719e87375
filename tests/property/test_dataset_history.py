"""Whatever changes come, and whatever is refused: every version stays what it was."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service import (
    PATIENCE,
    Service,
    item,
    new_dataset,
    read_models,
    rebuilt,
    requests,
    started,
)
from trialbook.v1.dataset_file_pb2 import IMPORT_MODE_ADD, IMPORT_MODE_UPSERT
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    ItemUpdate,
    ListItemsRequest,
    ListVersionsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    RestoreVersionRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
    UpsertItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetSettings

RELAXED = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
LARGE = '"' + "x" * 1500 + '"'
TEXTS = ("1", "2", '{"a":[1,2]}', LARGE)


class Refused(Exception):
    """What the model says of a command that must be refused."""


class Model:
    """What a dataset ought to be: its versions as plain dictionaries of inputs by item id."""

    def __init__(self) -> None:
        self.versions: list[dict[str, str]] = [{}]
        self._tags = [""]
        self._first: dict[str, str] = {}
        self._last: dict[str, str] = {}

    @property
    def live(self) -> dict[str, str]:
        return self.versions[-1]

    def add(self, rows: dict[str, str]) -> None:
        state = dict(self.live)
        for item_id, text in rows.items():
            if item_id not in self._first:
                state[item_id] = text
            elif item_id not in state or text not in (state[item_id], self._first[item_id]):
                raise Refused
        self._become(state)

    def upsert(self, rows: dict[str, str]) -> None:
        self._become(self.live | rows)

    def update(self, rows: dict[str, str]) -> None:
        if not rows.keys() <= self.live.keys():
            raise Refused
        self._become(self.live | rows)

    def remove(self, ids: list[str]) -> None:
        self._require_known(ids)
        self._become({key: text for key, text in self.live.items() if key not in ids})

    def restore(self, ids: list[str]) -> None:
        self._require_known(ids)
        gone = {key: self._last[key] for key in ids if key not in self.live}
        self._become(self.live | gone)

    def restore_from(self, ids: list[str], version: int) -> None:
        self._require_known(ids)
        then = self.versions[version]
        if not set(ids) <= then.keys():
            raise Refused
        self._become(self.live | {key: then[key] for key in ids})

    def restore_version(self, version: int) -> None:
        if version >= len(self.versions):
            raise Refused
        self._become(dict(self.versions[version]), self._tags[version])

    def tag(self, tag: str) -> None:
        self._become(self.live, tag)

    def _require_known(self, ids: list[str]) -> None:
        if not set(ids) <= self._first.keys():
            raise Refused

    def _become(self, state: dict[str, str], tag: str | None = None) -> None:
        tag = self._tags[-1] if tag is None else tag
        if (state, tag) != (self.live, self._tags[-1]):
            self.versions.append(state)
            self._tags.append(tag)
        for item_id, text in state.items():
            self._first.setdefault(item_id, text)
            self._last[item_id] = text


class RandomChanges:
    """Random commands, given to the service and to the model alike."""

    def __init__(self, service: Service, name: str, seed: int) -> None:
        self._datasets = service.datasets
        self._name = name
        self._random = random.Random(seed)
        self.model = Model()

    async def go_on(self, steps: int) -> None:
        """Take so many random steps."""
        doings: list[Callable[[], tuple[Callable[[], None], Awaitable[Any]]]] = [
            *[self._add, self._upsert, self._update, self._remove, self._restore] * 2,
            self._restore_from,
            self._restore_version,
            self._import,
            self._upserting_import,
            self._broken_import,
            self._tag,
        ]
        for doing in self._random.choices(doings, k=steps):
            await self._both(*doing())

    async def _both(self, expected: Callable[[], None], call: Awaitable[Any]) -> None:
        try:
            expected()
        except Refused:
            assert await refused(call)
            return
        await call

    def _rows(self) -> dict[str, str]:
        return {item_id: self._random.choice(TEXTS) for item_id in self._ids()}

    def _ids(self) -> list[str]:
        known = len(self.model.versions[-1]) + 2
        return [f"i{n}" for n in self._random.sample(range(known + 2), self._random.randrange(4))]

    def _version(self) -> int:
        return self._random.randrange(1, len(self.model.versions) + 1)

    def _add(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        rows = self._rows()
        request = AddItemsRequest(parent=self._name, items=messages(rows))
        return lambda: self.model.add(rows), self._datasets.AddItems(request)

    def _upsert(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        rows = self._rows()
        request = UpsertItemsRequest(parent=self._name, items=messages(rows))
        return lambda: self.model.upsert(rows), self._datasets.UpsertItems(request)

    def _update(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        rows = self._rows()
        updates = [ItemUpdate(item=row) for row in messages(rows)]
        request = UpdateItemsRequest(parent=self._name, updates=updates)
        return lambda: self.model.update(rows), self._datasets.UpdateItems(request)

    def _remove(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        ids = self._ids()
        request = RemoveItemsRequest(parent=self._name, item_ids=ids)
        return lambda: self.model.remove(ids), self._datasets.RemoveItems(request)

    def _restore(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        ids = self._ids()
        request = RestoreItemsRequest(parent=self._name, item_ids=ids)
        return lambda: self.model.restore(ids), self._datasets.RestoreItems(request)

    def _restore_from(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        ids, version = self._ids(), self._version()
        request = RestoreItemsRequest(parent=self._name, item_ids=ids, version=version)

        def expected() -> None:
            if version >= len(self.model.versions):
                raise Refused
            self.model.restore_from(ids, version)

        return expected, self._datasets.RestoreItems(request)

    def _restore_version(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        version = self._version()
        request = RestoreVersionRequest(name=f"{self._name}/versions/{version}")
        call = self._datasets.RestoreVersion(request)
        return lambda: self.model.restore_version(version), call

    def _import(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        rows = self._rows()
        stream = requests(self._name, [messages(rows)], mode=IMPORT_MODE_ADD)
        return lambda: self.model.add(rows), self._datasets.ImportItems(iter(stream))

    def _upserting_import(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        rows = self._rows()
        batches = [[row] for row in messages(rows)]
        stream = requests(self._name, batches, mode=IMPORT_MODE_UPSERT)
        return lambda: self.model.upsert(rows), self._datasets.ImportItems(iter(stream))

    def _broken_import(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        batches = [messages(self._rows()), [item("{")]]
        stream = requests(self._name, batches, mode=IMPORT_MODE_UPSERT)

        def expected() -> None:
            raise Refused

        return expected, self._datasets.ImportItems(iter(stream))

    def _tag(self) -> tuple[Callable[[], None], Awaitable[Any]]:
        tag = self._random.choice("ab")
        change = Dataset(name=self._name, settings=DatasetSettings(tags=[tag]))
        call = self._datasets.UpdateDataset(UpdateDatasetRequest(dataset=change))
        return lambda: self.model.tag(tag), call


def messages(rows: dict[str, str]) -> list[Item]:
    return [item(text, item_id=item_id) for item_id, text in rows.items()]


async def refused(call: Awaitable[Any]) -> bool:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code() not in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
    return False


async def check(service: Service, name: str, model: Model) -> None:
    """Check that every version is what the model says, and says so of itself."""
    listed = await service.datasets.ListVersions(ListVersionsRequest(parent=name, page_size=1000))
    counts = {row.version: row.item_count for row in listed.versions}
    for version in range(1, len(model.versions)):
        page = await service.datasets.ListItems(
            ListItemsRequest(parent=name, version=version, page_size=1000)
        )
        assert {row.item_id: row.input.json for row in page.items} == model.versions[version]
        assert counts.pop(version) == len(page.items)
        assert [row.ordinal for row in page.items] == sorted(row.ordinal for row in page.items)
    assert not counts


async def live(folder: Path, seed: int, steps: int) -> None:
    async with asyncio.timeout(PATIENCE * 3), started(folder) as service:
        name = (await new_dataset(service)).name
        changes = RandomChanges(service, name, seed)
        await changes.go_on(steps)
        await check(service, name, changes.model)


@RELAXED
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
def test_every_version_stays_what_it_was_and_can_be_replayed(seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(live(folder, seed, steps))
        lived = read_models(folder)

        anew, _ = rebuilt(folder)

    for table, rows in lived.items():
        assert anew[table] == rows, table
