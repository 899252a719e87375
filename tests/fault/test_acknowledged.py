"""Whatever a killed server has acknowledged is there afterwards, once, and nothing by halves."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import ROOT, Server, environment, stop_process, wait_until
from tests.fault.scene import kill_and_restart, reconnect
from tests.fault.writing import DATASETS, Change, item_ids, perform, until_answered
from trialbook.client import Client, DatasetItem

KILLS = 4


class Journal:
    """What the writing process has written down."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun: dict[int, Change] = {}
        self.answers: dict[int, dict[str, Any]] = {}

    def lines(self) -> list[str]:
        """The whole lines, as there are now."""
        text = self.path.read_text() if self.path.exists() else ""
        return text.split("\n")[:-1]

    def read(self) -> None:
        """Take in what is written."""
        for line in map(json.loads, self.lines()):
            if "begun" in line:
                change = Change(**line["begun"])
                self.begun[change.number] = change
            else:
                self.answers[line["acknowledged"]] = line["answer"]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def writing(
    server: Server, journal: Journal, chance: random.Random
) -> Iterator[subprocess.Popen[bytes]]:
    """The process that writes."""
    arguments = [server.address, str(journal.path), str(chance.randrange(10**9))]
    with (server.folder / "writing.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.writing", *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env=environment(),
        )
    yield process
    stop_process(process, signal.SIGKILL)


def wait_for_progress(
    process: subprocess.Popen[bytes], journal: Journal, server: Server, lines: int
) -> None:
    wanted = len(journal.lines()) + lines

    def there() -> bool:
        log = server.folder / "writing.log"
        assert process.poll() is None, log.read_text()
        return len(journal.lines()) >= wanted

    wait_until(there, what="the writing process goes on")


def assert_whole(client: Client, dataset: str, journal: Journal) -> None:
    """All or nothing of each change, all of what was acknowledged, each version as it says."""
    items = list(client.datasets.items(dataset, page_size=1000))
    assert len({item.id for item in items}) == len(items)
    present = Counter(int(item.id[1:].partition("-")[0]) for item in items if item.id != "again")
    for change in journal.begun.values():
        if change.dataset != dataset or change.kind == "create":
            continue
        found = present.pop(change.number, 0)
        if change.number in journal.answers:
            assert found == change.items, change
            assert_brought(items, change, journal.answers[change.number]["version"])
        else:
            assert found in (0, change.items), change
    assert not present
    assert_versions(client, dataset, items)


def assert_nothing_half_way(client: Client, dataset: str) -> None:
    """While others write: a version holds as many items as it says."""
    current = client.datasets.get(dataset)
    if current.version:
        items = client.datasets.items(dataset, version=current.version, page_size=1000)
        assert sum(1 for _ in items) == current.item_count


def assert_brought(items: list[DatasetItem], change: Change, version: int) -> None:
    own = [item for item in items if item.id.startswith(f"c{change.number}-")]
    assert [item.id for item in own] == list(item_ids(change))
    assert {item.added_version for item in own} == {version}


def assert_versions(client: Client, dataset: str, items: list[DatasetItem]) -> None:
    current = client.datasets.get(dataset)
    versions = sorted(client.datasets.versions(dataset), key=lambda version: version.version)
    added = Counter(item.added_version for item in items)
    assert [version.version for version in versions] == list(range(1, current.version + 1))
    assert [version.added_count for version in versions] == [
        added[version.version] for version in versions
    ]
    assert [version.item_count for version in versions] == list(
        accumulate(version.added_count for version in versions)
    )
    assert current.item_count == len(items)


def test_what_was_acknowledged_is_there_and_repeating_it_changes_nothing(
    server: Server,
    client: Client,
    journal: Journal,
    writing: subprocess.Popen[bytes],
    chance: random.Random,
) -> None:
    for _ in range(KILLS):
        wait_for_progress(writing, journal, server, lines=6)
        time.sleep(chance.uniform(0, 0.3))
        kill_and_restart(server, chance)
        reconnect(client)
        assert_nothing_half_way(client, f"d{chance.randrange(DATASETS)}")
    wait_for_progress(writing, journal, server, lines=4)
    time.sleep(chance.uniform(0, 0.3))
    stop_process(writing, signal.SIGKILL)
    journal.read()
    datasets = {change.dataset for change in journal.begun.values()}

    # The process was in the middle of something: that is dropped, and its dataset is free again.
    again = {"id": "again", "input": 0}
    for dataset in datasets:
        until_answered(partial(client.datasets.add_items, dataset, [again]))
    kill_and_restart(server, chance)
    reconnect(client)
    for number, answer in journal.answers.items():
        assert perform(client, journal.begun[number]) == answer
    for dataset in datasets:
        assert_whole(client, dataset, journal)


def test_an_import_cut_off_by_a_kill_leaves_nothing_and_the_dataset_writable(
    server: Server, client: Client, chance: random.Random
) -> None:
    client.datasets.create("cut")
    client.datasets.add_items("cut", [{"id": "before", "input": 0}])
    enough = chance.randrange(1, 20_000)

    def endless() -> Iterator[dict[str, object]]:
        for number in range(10**9):
            if number == enough:
                server.kill()
            yield {"id": f"n{number}", "input": number}

    with pytest.raises(Exception, match="No Trialbook server answers"):
        client.datasets.import_items("cut", endless())
    server.start()
    reconnect(client)

    assert [item.id for item in client.datasets.items("cut")] == ["before"]
    # Where servers share the database, the killed one is given some seconds to come back.
    after = [{"id": "after", "input": 1}]
    added = until_answered(lambda: client.datasets.add_items("cut", after))
    assert (added.dataset.version, added.dataset.item_count) == (2, 2)
