"""DatasetService: items erased for good, wherever they left something."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from tests.service import (
    PROJECT,
    QUICK,
    ScriptedWorker,
    Service,
    add,
    alive,
    answered,
    ended,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    items,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_models,
    rebuilt,
    refusal,
    results,
    scorer,
    settings_in,
    start_run,
    started,
    summary,
)
from trialbook.services import bootstrap, maintenance
from trialbook.services.application import purge as application
from trialbook.services.application.ports import CommandContext
from trialbook.services.application.purge import PurgedItems
from trialbook.services.projections.unit_of_work import SqlStore
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    DeleteDatasetRequest,
    GetDatasetRequest,
    GetItemRequest,
    ImportItemsRequest,
    ItemUpdate,
    ListItemsRequest,
    PurgeItemsRequest,
    PurgeItemsResponse,
    RemoveItemsRequest,
    RestoreItemsRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetSettings
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_RUN, ScorerSpec
from trialbook.v1.experiment_service_pb2 import DeleteExperimentRequest
from trialbook.v1.review_pb2 import Review
from trialbook.v1.review_service_pb2 import (
    ListReviewEntriesRequest,
    ReviewSubmission,
    SubmitReviewsRequest,
)
from trialbook.v1.run_pb2 import StepResult
from trialbook.v1.run_service_pb2 import CancelRunRequest, StartRunRequest

MARK = "X7-marker-of-a-person-X7"
SMALL = f'"{MARK}"'
LARGE = f'"{MARK * 100}"'
SHARED = '"' + "shared by two" * 200 + '"'


def telling(item_id: str, text: str) -> Item:
    """An item that holds a text wherever an item can."""
    return Item(
        item_id=item_id,
        external_id=f"external-{item_id}",
        input=json(text),
        expected=json(text),
        context=json(f'{{"c":{text}}}'),
        metadata=json(f'{{"m":{text}}}'),
        expected_trajectory=json(f'{{"t":{text}}}'),
        tags=[MARK],
        split=MARK,
    )


async def purge(service: Service, name: str, *item_ids: str, **more: str) -> PurgeItemsResponse:
    return await service.datasets.PurgeItems(
        PurgeItemsRequest(parent=name, item_ids=item_ids, **more)
    )


async def change(service: Service, name: str, row: Item) -> None:
    await service.datasets.UpdateItems(
        UpdateItemsRequest(parent=name, updates=[ItemUpdate(item=row)])
    )


async def current(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


async def much_told_of(service: Service) -> tuple[str, str]:
    """A dataset whose item `p` left its mark in all places, and the run that it was in."""
    name = (await new_dataset(service, [telling("p", SMALL), item("1", item_id="q")])).name
    await change(service, name, telling("p", LARGE))
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["p"]))
    await service.datasets.RestoreItems(RestoreItemsRequest(parent=name, item_ids=["p"]))
    await add(service, name, [item(SHARED, item_id="s1"), item(SHARED, item_id="s2")])
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    whole = ScorerSpec(scorer="agreement", scope=SCORER_SCOPE_RUN)
    experiment = await new_experiment(
        service, name, scorer("exact_match"), scorer("tone"), whole, trials=2, concurrency=20
    )
    run = await start_run(service, experiment.name)
    async with alive(worker):
        await tell_in_run(worker)
        await ended(service, run.name)
    await tell_in_reviews(service, run.name)
    await service.experiments.DeleteExperiment(DeleteExperimentRequest(name=experiment.name))
    return name, run.name


async def tell_in_run(worker: ScriptedWorker) -> None:
    tasks = await worker.lease_all(8)
    first, second = (task for task in tasks if task.target.item_id == "p")
    told = answered(first, LARGE)
    told.steps.append(StepResult(step_id="s", output=json(LARGE)))
    await worker.report(
        told,
        failed(second, "INVALID", message=MARK, kind=MARK, stack=MARK),
        *(answered(task, SHARED) for task in tasks if task.target.item_id != "p"),
    )
    await worker.report(
        *(
            judged(
                task,
                status="SCORE_STATUS_SCORED",
                value=0.5,
                label=MARK if task.scorer.item_id == "p" else "kept",
                reason=MARK if task.scorer.item_id == "p" else "kept",
                evidence={"json": LARGE if task.scorer.item_id == "p" else SHARED},
            )
            for task in await worker.lease_all(7)
        )
    )


async def tell_in_reviews(service: Service, run: str) -> None:
    for found in await results(service, run):
        text = MARK if found.item_id == "p" else "kept"
        review = Review(passed=True, label=text, comment=text)
        await service.reviews.SubmitReviews(
            SubmitReviewsRequest(
                parent=run,
                reviews=[ReviewSubmission(number=found.number, review=review)],
                request_id=f"review-{found.number}",
            )
        )


async def test_an_item_is_erased_in_every_version(service: Service) -> None:
    name, _ = await much_told_of(service)

    answer = await purge(service, name, "p", message="asked by the person")

    assert (answer.purged_count, answer.result_count) == (1, 2)
    assert answer.event_count >= 5
    assert (answer.dataset.version, answer.dataset.item_count) == (6, 3)
    for version in (1, 2, 4, 5):
        old = (
            await service.datasets.GetItem(GetItemRequest(name=f"{name}/items/p", version=version))
        ).item
        assert old.purged
        assert (old.external_id, list(old.tags), old.split) == ("external-p", [], "")
        assert not any(
            old.HasField(field)
            for field in ("input", "expected", "context", "metadata", "expected_trajectory")
        )
    now = await service.datasets.ListItems(ListItemsRequest(parent=name))
    assert [row.item_id for row in now.items] == ["q", "s1", "s2"]


async def test_results_and_scores_lose_what_they_told_and_keep_their_figures(
    service: Service,
) -> None:
    name, run = await much_told_of(service)
    before = await get_run(service, run)

    await purge(service, name, "p")

    assert await get_run(service, run) == before
    found = await results(service, run, include_items=True)
    erased = [one for one in found if one.item_id == "p"]
    assert [bool(one.error.code) for one in erased] == [False, True]
    for one in erased:
        assert MARK not in str(one)
        assert not any(one.HasField(field) for field in ("output", "input", "expected"))
        assert not one.steps
    assert [score.value for score in erased[0].scores] == [1.0, 0.5]
    for one in found:
        if one.item_id != "p":
            assert one.output.json == SHARED
            assert one.scores[1].reason == "kept"
    assert MARK not in str(await facts(service, run))


async def test_reviews_lose_their_words_and_keep_their_verdicts(service: Service) -> None:
    name, run = await much_told_of(service)

    await purge(service, name, "p")

    listed = await service.reviews.ListReviewEntries(ListReviewEntriesRequest(parent=run))
    told = {(entry.item_id, entry.reviews[0].comment) for entry in listed.entries}
    assert told == {("p", ""), ("q", "kept"), ("s1", "kept"), ("s2", "kept")}
    assert all(entry.reviews[0].passed for entry in listed.entries)
    assert MARK not in str(listed)


@pytest.mark.parametrize("again", ["p", "q"])
async def test_the_log_replays_to_the_same_tables_and_is_sound(tmp_path: Path, again: str) -> None:
    async with started(tmp_path, engine=QUICK) as service:
        name, _ = await much_told_of(service)
        await purge(service, name, "p")
        await purge(service, name, again, "s1")
    lived = read_models(tmp_path)

    anew, _ = rebuilt(tmp_path)

    for table, rows in lived.items():
        assert anew[table] == rows, table
    log, tables = maintenance.verify_database(settings_in(tmp_path), read_models=True)
    assert log.sound, log.findings
    assert log.blankings > 0
    assert tables.findings == []


async def test_nothing_of_it_is_left_in_the_database(tmp_path: Path) -> None:
    async with started(tmp_path, engine=QUICK) as service:
        name, _ = await much_told_of(service)
        await service.datasets.UpdateDataset(
            UpdateDatasetRequest(
                dataset=Dataset(
                    name=name, settings=DatasetSettings(input_schema=json('{"maxLength":9}'))
                ),
                force=True,
                request_id="a-report-of-what-does-not-fit",
            )
        )
    assert MARK in told_by(tmp_path)

    async with started(tmp_path) as service:
        await purge(service, name, "p")

    assert MARK not in told_by(tmp_path)
    # What was overwritten or deleted is not left in the free parts of the files either.
    assert [name for name, content in files(tmp_path) if MARK.encode() in content] == []


def files(folder: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in folder.iterdir()]


def told_by(folder: Path) -> str:
    """All that a database tells: the log, decoded, the bodies, what commands answered, all rows."""
    with bootstrap.open_database(settings_in(folder)) as database:
        told = database.read_now(
            lambda reader: [
                *reader.events(limit=10_000),
                *reader.stored_blobs(limit=10_000),
                *reader.query("SELECT result FROM command"),
            ]
        )
    return repr(told) + repr(read_models(folder))


async def test_bodies_that_others_refer_to_stay(service: Service) -> None:
    name, run = await much_told_of(service)

    await purge(service, name, "s1")

    kept = await service.datasets.GetItem(GetItemRequest(name=f"{name}/items/s2"))
    assert kept.item.input.json == SHARED
    outputs = {one.item_id: one.output.json for one in await results(service, run)}
    assert outputs["s2"] == outputs["q"] == SHARED


async def test_what_an_import_that_came_to_nothing_told_is_erased(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        name = (await new_dataset(service)).name
        broken = [
            ImportItemsRequest(parent=name, items=[telling("p", LARGE)]),
            ImportItemsRequest(items=[item("{")], last=True),
        ]
        await refusal(service.datasets.ImportItems(iter(broken)))
        await add(service, name, [telling("p", SMALL)])
        await purge(service, name, "p")

    assert MARK not in told_by(tmp_path)


async def test_what_is_written_while_the_log_is_searched_is_erased_too(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        name = (await new_dataset(service, [telling("p", SMALL)])).name
    dataset_id = name.rpartition("/")[2]
    with bootstrap.open_database(settings_in(tmp_path)) as database:
        store = SqlStore(database)
        traces = await store.read(
            lambda queries: application.search(queries, "default", dataset_id, ["p"])
        )
    async with started(tmp_path, engine=QUICK) as service:
        await change(service, name, telling("p", LARGE))
        worker = await new_worker(service)
        experiment = await new_experiment(service, name)
        run = await start_run(service, experiment.name)
        await worker.finish(run.name)
    with bootstrap.open_database(settings_in(tmp_path)) as database:
        store = SqlStore(database)
        done = await store.execute(
            CommandContext("ada"),
            lambda uow: application.purge(
                uow, "default", dataset_id, ["p"], traces=traces, message=""
            ),
            PurgedItems,
        )

    assert (done.purged_count, done.result_count, done.event_count) == (1, 1, 3)
    assert MARK not in told_by(tmp_path)


async def test_a_removed_item_is_purged_without_a_version(service: Service) -> None:
    name = (await new_dataset(service, 2)).name
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i1"]))

    answer = await purge(service, name, "i1")

    assert (answer.purged_count, answer.dataset.version, answer.dataset.item_count) == (1, 2, 1)


async def test_a_repeated_purge_makes_no_difference(service: Service) -> None:
    name = (await new_dataset(service, 3)).name
    first = await purge(service, name, "i1", "i2", request_id="r")

    same = await purge(service, name, "i1", "i2", request_id="r")
    another = await purge(service, name, "i1", "i2", "i1")

    assert first.purged_count == 2
    assert same == first
    assert (another.purged_count, another.result_count, another.event_count) == (0, 0, 0)
    assert another.dataset == first.dataset
    other = await refusal(purge(service, name, "i3", request_id="r"))
    assert other.reason == "REQUEST_ID_REUSED"


async def test_the_ids_of_a_purged_item_stay_taken(service: Service) -> None:
    name = (await new_dataset(service, [telling("p", SMALL)])).name
    await purge(service, name, "p")

    for row in (item("1", item_id="p"), item("1", external_id="external-p")):
        told = await refusal(service.datasets.AddItems(AddItemsRequest(parent=name, items=[row])))
        assert told.reason == "ITEM_CONFLICT"


async def test_a_run_that_goes_on_keeps_its_items(service: Service) -> None:
    run = await new_run(service, 3)
    name = run.dataset.partition("/versions/")[0]

    told = await refusal(purge(service, name, "i1"))

    assert (told.code, told.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "RUN_IN_PROGRESS",
    )
    assert told.metadata["run"] == run.name
    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    await ended(service, run.name)
    assert (await purge(service, name, "i1")).purged_count == 1


async def test_runs_of_old_versions_pass_over_purged_items(service: Service) -> None:
    name = (await new_dataset(service, 12)).name
    await purge(service, name, "i1", "i2", "i7", "i12")
    experiment = await new_experiment(
        service, f"{name}/versions/1", scorer("exact_match"), trials=3
    )

    run = await start_run(service, experiment.name)
    worker = await new_worker(service)
    over = await worker.finish(run.name)

    assert run.counts.planned == 24
    assert (over.counts.succeeded, over.counts.planned) == (24, 24)
    ran = [(one.item_id, one.trial) for one in await results(service, run.name)]
    left = ["i3", "i4", "i5", "i6", "i8", "i9", "i10", "i11"]
    assert sorted(ran) == sorted((one, trial) for one in left for trial in (1, 2, 3))


async def test_a_version_of_purged_items_only_has_nothing_to_run(service: Service) -> None:
    name = (await new_dataset(service, 2)).name
    await purge(service, name, "i1", "i2")
    experiment = await new_experiment(service, f"{name}/versions/1")

    told = await refusal(
        service.runs.StartRun(
            StartRunRequest(parent=PROJECT, experiment=experiment.name, wait_for_worker=True)
        )
    )

    assert told.reason == "EMPTY_DATASET"


async def test_an_import_under_way_must_end_first(service: Service) -> None:
    name = (await new_dataset(service, 2)).name
    before = await current(service, name)
    call = service.datasets.ImportItems()
    await call.write(ImportItemsRequest(parent=name, items=items(1, first=50)))
    while (await current(service, name)).etag == before.etag:
        continue

    told = await refusal(purge(service, name, "i1"))
    call.cancel()

    assert told.reason == "IMPORT_IN_PROGRESS"


async def test_bad_requests_are_refused(service: Service) -> None:
    name = (await new_dataset(service, 2)).name

    assert summary(await refusal(purge(service, name))) == invalid("item_ids")
    assert summary(await refusal(purge(service, name, *["i1"] * 1001))) == invalid("item_ids")
    assert summary(await refusal(purge(service, name, "i1", "a b"))) == invalid("item_ids[1]")
    long = await refusal(purge(service, name, "i1", message="x" * 501))
    assert summary(long) == invalid("message")
    gone = await refusal(purge(service, name, "i1", "none"))
    assert (gone.reason, gone.metadata["resource"]) == (
        "RESOURCE_NOT_FOUND",
        f"{name}/items/none",
    )
    assert (await refusal(purge(service, f"{name}x", "i1"))).reason == "RESOURCE_NOT_FOUND"
    assert (await current(service, name)).version == 1


async def test_an_item_of_a_deleted_dataset_is_erased_by_the_uid_of_the_dataset(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, [telling("p", SMALL), item("1", item_id="q")])
        await service.datasets.DeleteDataset(DeleteDatasetRequest(name=dataset.name))

        by_id = await refusal(purge(service, dataset.name, "p"))
        done = await purge(service, f"{PROJECT}/datasets/{dataset.uid}", "p")
        elsewhere = await refusal(purge(service, f"projects/other/datasets/{dataset.uid}", "q"))

    assert by_id.reason == elsewhere.reason == "RESOURCE_NOT_FOUND"
    assert (done.purged_count, done.dataset.version) == (1, 1)
    lived = read_models(tmp_path)
    assert MARK not in repr(lived)
    assert rebuilt(tmp_path)[0] == lived
