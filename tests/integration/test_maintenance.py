"""What is done to a whole database, of either kind: verify, rebuild, move."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import (
    Service,
    alive,
    database_of,
    done,
    ended,
    facts,
    get_run,
    hosts_scorer,
    hosts_target,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_models,
    results,
    scorer,
    settings_in,
    start_run,
    started,
)
from trialbook.eventstore import StoreError
from trialbook.eventstore.archive import LogNotEmpty
from trialbook.eventstore.archive_file import UnreadableArchive
from trialbook.services import bootstrap, maintenance
from trialbook.v1.run_pb2 import RUN_STATUS_CANCELLED, RUN_STATUS_COMPLETED, Run
from trialbook.v1.run_service_pb2 import CancelRunRequest

ITEMS = 40


async def open_run(service: Service) -> Run:
    """Start a run with results, a score, and tasks that are out with a worker."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    run = await new_run(
        service, ITEMS, scorer("exact_match"), scorer("tone"), concurrency=6, trials=2
    )
    await worker.report(*map(done, (await worker.lease_all(6))[1:5]))
    judging = [task for task in await worker.lease_all(4) if task.HasField("scorer")]
    await worker.report(*map(done, judging[:2]))
    return await get_run(service, run.name)


async def filled(folder: Path) -> Run:
    """Fill the database of a folder, and return a run that is under way in it."""
    async with started(folder) as service:
        worker = await new_worker(service)
        await worker.finish((await new_run(service, 5, scorer("levenshtein"))).name)
        return await open_run(service)


def damage(folder: Path, sql: str) -> None:
    with bootstrap.open_database(settings_in(folder)) as database:
        database.submit(lambda tx: tx.execute(sql)).result()


def verified(folder: Path, *, read_models: bool) -> tuple[int, list[str]]:
    """Return how much is wrong with the log, and what with the read models."""
    log, tables = maintenance.verify_database(settings_in(folder), read_models=read_models)
    return log.total, tables.findings


def exported(folder: Path) -> bytes:
    stream = io.BytesIO()
    maintenance.export_archive(settings_in(folder), stream)
    return stream.getvalue()


def imported(folder: Path, archive: bytes) -> None:
    maintenance.import_archive(settings_in(folder), io.BytesIO(archive))


@pytest.fixture
def other(tmp_path: Path, backend: str) -> Iterator[Path]:
    """A folder whose database is empty, and of the other kind."""
    folder = tmp_path / "other"
    folder.mkdir()
    with database_of(folder, "postgres" if backend == "sqlite" else "sqlite"):
        yield folder


async def test_a_sound_database_is_found_sound(tmp_path: Path) -> None:
    await filled(tmp_path)

    assert verified(tmp_path, read_models=True) == (0, [])


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ("DELETE FROM item WHERE ordinal = 3", "The item count of dataset "),
        ("UPDATE run SET last_position = 7", "The last position of run "),
        ("DELETE FROM dataset_version", "The version of dataset "),
        ("UPDATE run SET failed = 2", "The count of failed results of run "),
        ("UPDATE run_scorer SET scored = 99", "The count of scored scores of scorer 0 of run "),
        ("DELETE FROM experiment", "The experiment rows is 0"),
    ],
)
async def test_a_figure_that_is_wrong_is_found_at_once(tmp_path: Path, sql: str, part: str) -> None:
    await filled(tmp_path)
    damage(tmp_path, sql)

    log, tables = verified(tmp_path, read_models=False)

    assert log == 0
    assert any(problem.startswith(part) for problem in tables), tables


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE item SET input = '0' WHERE ordinal = 3", "wrong in input."),
        ("UPDATE result SET latency = 1, attempts = 9 WHERE number = 2", "latency."),
        ("DELETE FROM run_scorer WHERE scorer = 1", "run_scorer (run 2, scorer 1) is missing."),
        (
            "INSERT INTO dataset_settings (dataset, version, settings) VALUES (9, 1, '{}')",
            "dataset_settings (dataset 9, version 1) does not follow from the log.",
        ),
    ],
)
async def test_a_row_that_is_wrong_is_found_by_a_replay_and_mended_by_a_rebuild(
    tmp_path: Path, sql: str, problem: str
) -> None:
    await filled(tmp_path)
    damage(tmp_path, sql)

    _, tables = verified(tmp_path, read_models=True)
    maintenance.rebuild(settings_in(tmp_path))

    assert any(found.endswith(problem) for found in tables), tables
    assert verified(tmp_path, read_models=True) == (0, [])


async def test_of_many_findings_the_first_are_told_and_all_counted(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        await new_dataset(service, 250)
    damage(tmp_path, "UPDATE item SET split = 'wrong'")

    _, tables = maintenance.verify_database(settings_in(tmp_path), read_models=True)

    assert len(tables.findings) == maintenance.FINDINGS_KEPT
    assert tables.total == 250


async def test_a_log_that_was_altered_is_found(tmp_path: Path) -> None:
    await filled(tmp_path)
    damage(tmp_path, "UPDATE event SET topic = 'run.ended.v1' WHERE position = 2")

    log, _ = maintenance.verify_database(settings_in(tmp_path), read_models=False)

    assert not log.sound
    assert log.findings[0].position == 2


async def test_a_log_moves_to_the_other_kind_of_database_and_back(
    tmp_path: Path, other: Path, backend: str
) -> None:
    await filled(tmp_path)
    back = tmp_path / "back"
    back.mkdir()
    with database_of(back, backend):
        first = exported(tmp_path)
        imported(other, first)
        second = exported(other)
        imported(back, second)

        assert first == second == exported(back)
        assert read_models(tmp_path) == read_models(other) == read_models(back)
        assert verified(other, read_models=True) == (0, [])


async def test_an_open_run_goes_on_where_its_log_was_moved_to(tmp_path: Path, other: Path) -> None:
    run = await filled(tmp_path)
    imported(other, exported(tmp_path))

    async with started(tmp_path) as service:
        before = await results(service, run.name)
    async with started(other) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        async with alive(worker):
            over = await worker.finish(run.name)
        found = await results(service, run.name)
        told = await facts(service, run.name)

    assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 2 * ITEMS)
    assert [summary.scored for summary in over.scorer_summaries] == [2 * ITEMS, 2 * ITEMS]
    assert [result.number for result in found] == list(range(1, 2 * ITEMS + 1))
    assert [event.position for event in told] == list(range(1, 2 + 3 * 2 * ITEMS + 1))
    by_number = {result.number: result for result in found}
    assert [by_number[result.number].output for result in before] == [
        result.output for result in before
    ]


async def test_a_cancellation_goes_on_where_its_log_was_moved_to(
    tmp_path: Path, other: Path
) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, 900)
        run = await start_run(service, (await new_experiment(service, dataset.name)).name)
        await service.runs.CancelRun(CancelRunRequest(name=run.name))
    imported(other, exported(tmp_path))

    async with started(other) as service:
        over = await ended(service, run.name)

    assert (over.status, over.counts.skipped) == (RUN_STATUS_CANCELLED, 900)


async def test_a_log_is_not_imported_into_a_database_that_has_one(
    tmp_path: Path, other: Path
) -> None:
    await filled(tmp_path)
    archive = exported(tmp_path)
    imported(other, archive)

    with pytest.raises(LogNotEmpty, match="empty"):
        imported(other, archive)

    assert exported(other) == archive


async def test_an_archive_that_is_cut_off_leaves_the_database_empty(
    tmp_path: Path, other: Path
) -> None:
    await filled(tmp_path)
    archive = exported(tmp_path)

    with pytest.raises(UnreadableArchive):
        imported(other, archive[: len(archive) * 2 // 3])

    imported(other, archive)
    assert exported(other) == archive


async def test_a_database_that_servers_work_on_is_not_rebuilt(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, 3)

        with pytest.raises((maintenance.DatabaseInUse, StoreError), match="in use"):
            maintenance.rebuild(settings_in(tmp_path))

        assert dataset.item_count == 3
    assert maintenance.rebuild(settings_in(tmp_path)).facts == 6


async def test_a_rebuild_tells_how_far_it_has_come(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service)
        for _ in range(60):
            await new_dataset(service)
    signs: list[tuple[int, int]] = []

    report = maintenance.rebuild(settings_in(tmp_path), lambda *sign: signs.append(sign))

    assert dataset.version == 0
    assert (report.events, report.facts) == (61, 61)
    assert signs == [(50, 61)]
