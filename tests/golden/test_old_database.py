"""A database file of the first release opens, with everything in it.

`v1/trialbook.db.gz` was copied from a running server of that release: with a finished, a cancelled
and an open run, and an import under way.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    QUICK,
    alive,
    facts,
    get_run,
    hosts_scorer,
    hosts_target,
    item,
    new_worker,
    query,
    read_models,
    rebuilt,
    results,
    settings_in,
    started,
)
from trialbook.services import bootstrap, maintenance
from trialbook.services.projections.migrations import MIGRATIONS
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    GetDatasetRequest,
    ListItemsRequest,
    ListVersionsRequest,
)
from trialbook.v1.run_pb2 import RUN_STATUS_CANCELLED, RUN_STATUS_COMPLETED

FILE = Path(__file__).parent / "v1" / "trialbook.db.gz"
LARGE = '"' + "ä" * 3000 + '"'


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with a database of the first release."""
    (tmp_path / "trialbook.db").write_bytes(gzip.decompress(FILE.read_bytes()))
    return tmp_path


def test_it_is_brought_forward_once(old: Path) -> None:
    with bootstrap.open_database(settings_in(old)) as database:
        assert list(database.migrated) == list(MIGRATIONS)

    assert maintenance.migrate(settings_in(old)) == []


def test_it_is_sound_afterwards(old: Path) -> None:
    log, tables = maintenance.verify_database(settings_in(old), read_models=True)

    assert (log.findings, tables.findings) == ((), [])
    assert log.events == 39


def test_a_rebuild_changes_nothing_more(old: Path) -> None:
    query(old, "SELECT 1")
    lived = read_models(old)

    assert rebuilt(old) == (lived, 39)


async def test_its_datasets_read_as_they_were(old: Path) -> None:
    async with started(old) as service:
        name = f"{PROJECT}/datasets/numbers"
        dataset = (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset
        versions = await service.datasets.ListVersions(ListVersionsRequest(parent=name))
        second = await service.datasets.ListItems(ListItemsRequest(parent=f"{name}/versions/2"))

    assert (dataset.version, dataset.item_count) == (3, 305)
    assert dataset.description == "of the first release"
    assert [(row.version, row.added_count) for row in versions.versions] == [
        (3, 300),
        (2, 2),
        (1, 3),
    ]
    assert [row.item_id for row in second.items] == ["i1", "i2", "i3", "large", "item-5"]
    large, last = second.items[3:]
    assert (large.input.json, large.expected.json) == (LARGE, LARGE)
    assert (large.context.json, large.metadata.json) == ('{"c":1}', '{"m":1}')
    assert (last.input.json, last.expected.json, last.split) == ("1.50", "null", "test")


async def test_its_runs_read_as_they_were(old: Path) -> None:
    async with started(old) as service:
        finished = await get_run(service, f"{PROJECT}/runs/finished")
        cancelled = await get_run(service, f"{PROJECT}/runs/cancelled")
        listed = await results(service, finished.name, include_items=True)
        told = await facts(service, finished.name)

    assert (finished.status, cancelled.status) == (RUN_STATUS_COMPLETED, RUN_STATUS_CANCELLED)
    assert (finished.counts.succeeded, cancelled.counts.skipped) == (5, 301)
    assert [summary.scored for summary in finished.scorer_summaries] == [5, 5]
    assert listed[3].output.json == listed[3].input.json == LARGE
    assert [event.position for event in told] == list(range(1, 18))


async def test_its_open_run_goes_on(old: Path) -> None:
    """As soon as the leases of the workers of that time are over."""
    async with started(old, engine=QUICK) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        async with alive(worker):
            over = await worker.finish(f"{PROJECT}/runs/going-on")

        assert (over.counts.planned, over.counts.succeeded) == (305, 305)
        assert [summary.scored for summary in over.scorer_summaries] == [305]
        told = await facts(service, over.name)
        assert [event.position for event in told] == list(range(1, 2 + 2 * 305 + 1))


async def test_its_open_import_is_dropped(old: Path) -> None:
    async with started(old) as service:
        name = f"{PROJECT}/datasets/half-imported"
        before = (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset
        added = await service.datasets.AddItems(AddItemsRequest(parent=name, items=[item()]))

    assert (before.version, before.item_count) == (1, 2)
    assert (added.dataset.version, added.dataset.item_count) == (2, 3)
