"""Whatever happened to a dataset: every version, difference and history reads as a model says."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service import (
    BACKENDS,
    Service,
    database_of,
    item,
    new_dataset,
    read_models,
    rebuilt,
    started,
)
from trialbook.v1.dataset_diff_pb2 import ItemChangeKind
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    DiffVersionsRequest,
    FindDuplicatesRequest,
    ItemUpdate,
    ListItemRevisionsRequest,
    ListItemsRequest,
    PurgeItemsRequest,
    RemoveDuplicatesRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    UpdateItemsRequest,
)

RELAXED = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
PURGED = "purged"
STEPS = 25

State = dict[int, str]
"""The inputs of a version's items by their number, which is also their place."""


class Book:
    """A dataset under random commands, and what each of its versions must be."""

    def __init__(self, service: Service, name: str, seed: int) -> None:
        self._calls = service.datasets
        self._random = random.Random(seed)
        self.name = name
        self.versions: list[State] = [{}]
        self._last: State = {}
        self._purged: set[int] = set()

    async def go_on(self, steps: int) -> None:
        doings = [self._add, self._change, self._remove, self._restore, self._purge, self._dedupe]
        for _ in range(steps):
            await self._random.choices(doings, weights=[5, 5, 4, 3, 1, 1])[0]()

    def _made(self, state: State) -> None:
        if state != self.versions[-1]:
            self.versions.append(state)
            self._last |= state

    def _some(self, numbers: list[int]) -> list[int]:
        return sorted(self._random.sample(numbers, min(len(numbers), self._random.randint(1, 4))))

    def _text(self) -> str:
        return str(self._random.randint(1, 5))

    async def _add(self) -> None:
        first = len(self._last) + 1
        rows = {number: self._text() for number in range(first, first + self._random.randint(1, 5))}
        items = [item(text, item_id=f"i{number}") for number, text in rows.items()]
        await self._calls.AddItems(AddItemsRequest(parent=self.name, items=items))
        self._made(self.versions[-1] | rows)

    async def _change(self) -> None:
        rows = {number: self._text() for number in self._some(list(self.versions[-1]))}
        updates = [
            ItemUpdate(item=item(text, item_id=f"i{number}")) for number, text in rows.items()
        ]
        await self._calls.UpdateItems(UpdateItemsRequest(parent=self.name, updates=updates))
        self._made(dict(sorted((self.versions[-1] | rows).items())))

    async def _remove(self) -> None:
        gone = self._some(list(self.versions[-1]))
        ids = [f"i{number}" for number in gone]
        await self._calls.RemoveItems(RemoveItemsRequest(parent=self.name, item_ids=ids))
        self._without(gone)

    async def _restore(self) -> None:
        removed = [number for number in self._last if number not in self.versions[-1]]
        back = self._some([number for number in removed if number not in self._purged])
        ids = [f"i{number}" for number in back]
        await self._calls.RestoreItems(RestoreItemsRequest(parent=self.name, item_ids=ids))
        state = self.versions[-1] | {number: self._last[number] for number in back}
        self._made(dict(sorted(state.items())))

    async def _purge(self) -> None:
        gone = self._some(list(self._last))
        if not gone:
            return
        ids = [f"i{number}" for number in gone]
        await self._calls.PurgeItems(PurgeItemsRequest(parent=self.name, item_ids=ids))
        self._without(gone)
        self._purged.update(gone)
        for state in self.versions:
            state.update({number: PURGED for number in gone if number in state})
        self._last |= dict.fromkeys(gone, PURGED)

    async def _dedupe(self) -> None:
        await self._calls.RemoveDuplicates(RemoveDuplicatesRequest(parent=self.name))
        self._without([number for same in groups(self.versions[-1]) for number in same[1:]])

    def _without(self, gone: list[int]) -> None:
        now = self.versions[-1]
        self._made({number: text for number, text in now.items() if number not in gone})

    async def check(self) -> None:
        for version in range(1, len(self.versions)):
            assert await self._items(version) == self.versions[version], version
        for _ in range(12):
            await self._check_difference(
                self._random.randrange(len(self.versions)),
                self._random.randrange(len(self.versions)),
            )
        for number in self._some(list(self._last)):
            await self._check_life(number)
        await self._check_duplicates()

    async def _items(self, version: int) -> State:
        token, found, first = "", State(), True
        size = self._random.randint(1, 9)
        while token or first:
            page = await self._calls.ListItems(
                ListItemsRequest(
                    parent=self.name, version=version, page_size=size, page_token=token
                )
            )
            for row in page.items:
                number = int(row.item_id[1:])
                assert row.ordinal == number
                found[number] = PURGED if row.purged else row.input.json
            token, first = page.next_page_token, False
        assert list(found) == sorted(found)
        return found

    async def _check_difference(self, base: int, head: int) -> None:
        old, new = self.versions[base], self.versions[head]
        wanted = {
            number: "CHANGED"
            if number in old and number in new
            else ("ADDED" if number in new else "REMOVED")
            for number in sorted(old.keys() | new.keys())
            if old.get(number) != new.get(number)
        }
        token, told, first = "", dict[int, str](), True
        while token or first:
            page = await self._calls.DiffVersions(
                DiffVersionsRequest(
                    parent=self.name,
                    base=str(base),
                    head=str(head) if head else "0",
                    page_size=3,
                    page_token=token,
                )
            )
            if first:
                kinds = list(wanted.values())
                assert page.added_count == kinds.count("ADDED")
                assert page.changed_count == kinds.count("CHANGED")
                assert page.removed_count == kinds.count("REMOVED")
            for one in page.differences:
                kind = ItemChangeKind.Name(one.kind).removeprefix("ITEM_CHANGE_KIND_")
                told[int(one.item_id[1:])] = kind
            token, first = page.next_page_token, False
        assert told == wanted, (base, head)
        assert list(told) == sorted(told)

    async def _check_life(self, number: int) -> None:
        wanted, been = list[tuple[int, str]](), False
        for version, (old, new) in enumerate(
            zip(self.versions, self.versions[1:], strict=False), 1
        ):
            if number in new and number not in old:
                wanted.append((version, "RESTORED" if been else "ADDED"))
                been = True
            elif number in old and number not in new:
                wanted.append((version, "REMOVED"))
            elif number in new and new[number] != old[number]:
                wanted.append((version, "CHANGED"))
        token, told, first = "", list[tuple[int, str]](), True
        while token or first:
            page = await self._calls.ListItemRevisions(
                ListItemRevisionsRequest(
                    parent=f"{self.name}/items/i{number}", page_size=2, page_token=token
                )
            )
            told += [
                (one.version, ItemChangeKind.Name(one.kind).removeprefix("ITEM_CHANGE_KIND_"))
                for one in page.revisions
            ]
            token, first = page.next_page_token, False
        if number in self._purged:
            # Changes between contents that nobody knows any more are steps nevertheless.
            told = [step for step in told if step[1] != "CHANGED"]
        assert told == wanted[::-1], number

    async def _check_duplicates(self) -> None:
        for fields in ((), ("input",)):
            found = await self._calls.FindDuplicates(
                FindDuplicatesRequest(parent=self.name, fields=fields)
            )
            told = [
                [int(one[1:]) for one in (group.item_id, *group.duplicate_ids)]
                for group in found.groups
            ]
            assert told == groups(self.versions[-1])


def groups(state: State) -> list[list[int]]:
    same: dict[str, list[int]] = {}
    for number, text in state.items():
        same.setdefault(text, []).append(number)
    return sorted(numbers for numbers in same.values() if len(numbers) > 1)


async def history(folder: Path, seed: int) -> None:
    async with started(folder) as service:
        book = Book(service, (await new_dataset(service)).name, seed)
        await book.go_on(STEPS)
        await book.check()
    lived = read_models(folder)
    assert rebuilt(folder)[0] == lived
    async with started(folder) as service:
        book._calls = service.datasets
        await book.check()


@pytest.mark.parametrize("backend", BACKENDS)
@RELAXED
@given(seed=st.integers(0, 2**32))
def test_every_version_reads_as_the_model_says(backend: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name, database_of(Path(name), backend):
        asyncio.run(history(Path(name), seed))
