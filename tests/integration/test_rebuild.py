"""Read models made anew from the log equal those that were written live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    QUICK,
    Service,
    add,
    alive,
    answered,
    done,
    ended,
    eventually,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    item,
    items,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    query,
    read_models,
    rebuilt,
    refusal,
    requests,
    scorer,
    settings_in,
    start_run,
    started,
)
from trialbook.services import bootstrap, maintenance
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.settings import InvalidSettings, Settings
from trialbook.v1.dataset_file_pb2 import IMPORT_MODE_UPSERT
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2 import (
    DeleteDatasetRequest,
    DeleteLabelRequest,
    GetDatasetRequest,
    ImportItemsRequest,
    ItemUpdate,
    PurgeItemsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    RestoreVersionRequest,
    SetLabelRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
    UpsertItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel, DatasetSettings
from trialbook.v1.experiment_pb2 import Experiment
from trialbook.v1.experiment_service_pb2 import DeleteExperimentRequest, UpdateExperimentRequest
from trialbook.v1.gate_pb2 import GATE_METRIC_FAILED_RESULTS, Gate, GateCondition
from trialbook.v1.review_pb2 import Review
from trialbook.v1.review_service_pb2 import (
    CloseReviewsRequest,
    RequestReviewsRequest,
    ResultFilter,
    ReviewSubmission,
    SubmitReviewsRequest,
)
from trialbook.v1.run_pb2 import StepResult, Usage
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    FinishRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.trace_pb2 import TraceViewer
from trialbook.v1.trace_service_pb2 import SetTraceViewersRequest

LARGE = '"' + "ä" * 3000 + '"'
LARGE_TRAJECTORY = '[{"role": "user", "content": ' + LARGE + "}]"


async def datasets_and_imports(service: Service) -> None:
    """Described, deleted, and imported into: wholly, in vain, and by a client that goes away."""
    dataset = await new_dataset(service, 3, dataset_id="d")
    described = Dataset(name=dataset.name, description="new", metadata=json('{"a":1}'))
    await service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=described))
    row = item(LARGE, LARGE, context=json('{"c":1}'), metadata=json('{"m":1}'), tags=["t"])
    await add(service, dataset.name, [row, item("1", "null", split="test")])
    await add(service, dataset.name, items(600, first=10))
    await refusal(
        service.datasets.ImportItems(
            iter(requests(dataset.name, [items(300, first=2000), [item("{")]]))
        )
    )
    before = await current(service, dataset.name)
    call = service.datasets.ImportItems()
    await call.write(ImportItemsRequest(parent=dataset.name, items=items(300, first=3000)))

    async def begun() -> bool:
        return (await current(service, dataset.name)).etag != before.etag

    await eventually(begun)
    call.cancel()

    async def abandoned() -> bool:
        return int((await current(service, dataset.name)).etag) == int(before.etag) + 2

    await eventually(abandoned)
    for dataset_id in ("gone", "gone"):
        gone = await new_dataset(service, 2, dataset_id=dataset_id)
        await service.datasets.DeleteDataset(DeleteDatasetRequest(name=gone.name))


async def changes(service: Service) -> None:
    """Items and settings changed in every way, labels set and deleted, an item purged."""
    dataset = await new_dataset(service, 5, dataset_id="changed")
    name, datasets = dataset.name, service.datasets
    large = ItemUpdate(item=item(LARGE, item_id="i1"))
    await datasets.UpdateItems(UpdateItemsRequest(parent=name, updates=[large], message="why"))
    rows = [item("7", item_id="i2"), item(external_id="new", expected_trajectory=json("{}"))]
    await datasets.UpsertItems(UpsertItemsRequest(parent=name, items=rows))
    await datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i1", "i3"]))
    await datasets.RestoreItems(RestoreItemsRequest(parent=name, item_ids=["i1"]))
    settings = DatasetSettings(tags=["a"], input_schema=json("true"))
    await datasets.UpdateDataset(
        UpdateDatasetRequest(dataset=Dataset(name=name, settings=settings))
    )
    vain = [[item("8", item_id="i4"), item(item_id="i3"), item("9")], [item("{")]]
    await refusal(datasets.ImportItems(iter(requests(name, vain, mode=IMPORT_MODE_UPSERT))))
    await datasets.ImportItems(iter(requests(name, vain[:1], mode=IMPORT_MODE_UPSERT)))
    for label, version in (("golden", 1), ("golden", 2), ("gone", 1)):
        named = DatasetLabel(label_id=label, version=version)
        await datasets.SetLabel(SetLabelRequest(parent=name, label=named))
    await datasets.DeleteLabel(DeleteLabelRequest(name=f"{name}/labels/gone"))
    await datasets.RestoreVersion(RestoreVersionRequest(name=f"{name}/versions/golden"))
    await datasets.PurgeItems(PurgeItemsRequest(parent=name, item_ids=["i1"], message="asked"))


async def current(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


async def experiments(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match"))
    changed = Experiment(name=experiment.name, description="changed")
    await service.experiments.UpdateExperiment(UpdateExperimentRequest(experiment=changed))
    await service.experiments.DeleteExperiment(DeleteExperimentRequest(name=experiment.name))
    await new_experiment(service, dataset.name, experiment_id=experiment.name.rpartition("/")[2])


async def runs(service: Service) -> None:
    """Retried, failed, judged by a worker, large, lost, cancelled, and still going on."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    async with alive(worker):
        run = await new_run(
            service,
            [item("1"), item("2", LARGE), *items(8)],
            scorer("exact_match"),
            scorer("levenshtein"),
            scorer("tone"),
            concurrency=10,
            max_retries=1,
        )
        tasks = await worker.lease_all(10)
        await worker.report(
            failed(tasks[0], kind="ValueError", stack="at line 1"),
            failed(tasks[1], "INVALID"),
            answered(tasks[2], LARGE),
            *map(answered, tasks[3:9]),
        )
        judgements = [task for task in await worker.lease_all(3) if task.HasField("scorer")]
        await worker.report(
            *(
                judged(
                    task,
                    status="SCORE_STATUS_SCORED",
                    value=number / 7,
                    passed=bool(number % 2),
                    evidence={"json": LARGE},
                )
                for number, task in enumerate(judgements)
            )
        )
        await finish_lost_and_all(service, run.name)
        await cancelled_run(service)
    await start_run(service, (await new_experiment(service, run.dataset)).name)


async def finish_lost_and_all(service: Service, name: str) -> None:
    """Answer what is left, as soon as the leases of the tasks that were kept are lost."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    async with alive(worker):
        await worker.finish(name)


async def cancelled_run(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    async with alive(worker):
        run = await new_run(service, 300, scorer("tone"), trials=3, concurrency=4)
        await worker.report(*map(done, await worker.lease_all(4)))
        await service.runs.CancelRun(CancelRunRequest(name=run.name, reason="enough"))
        await ended(service, run.name)


async def reworked_run(service: Service) -> None:
    """Begun when a worker came, retried, rescored, with a verdict, and reviewed."""
    dataset = await new_dataset(service, 3)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match"))
    gate = Gate(conditions=[GateCondition(metric=GATE_METRIC_FAILED_RESULTS, at_most=0)])
    answer = await service.runs.StartRun(
        StartRunRequest(parent=PROJECT, experiment=experiment.name, gate=gate, wait_for_worker=True)
    )
    run = answer.run
    worker = await new_worker(service)
    async with alive(worker):
        tasks = await worker.lease_all(3)
        told = answered(tasks[0])
        told.usage.CopyFrom(Usage(input_tokens=3, cost=0.5))
        told.steps.append(StepResult(step_id="s", output=json(LARGE)))
        await worker.report(told, answered(tasks[1]), failed(tasks[2], "INVALID"))
        await ended(service, run.name)
        await service.runs.RetryRun(RetryRunRequest(name=run.name))
        await worker.report(*map(answered, await worker.lease_all(1)))
        await ended(service, run.name)
        again = [scorer("exact_match"), scorer("levenshtein")]
        await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=again, force=True))
        await ended(service, run.name)
    await reviews(service, run.name)


async def reviews(service: Service, run: str) -> None:
    """Asked for, given, changed, closed, and asked for again."""
    stub = service.reviews
    await stub.RequestReviews(RequestReviewsRequest(parent=run, reviewers_wanted=2, note="look"))
    for verdict in (True, False):
        review = Review(passed=verdict, label="l", comment="c", value=0.1)
        submitted = [ReviewSubmission(number=number, review=review) for number in (1, 2)]
        await stub.SubmitReviews(SubmitReviewsRequest(parent=run, reviews=submitted))
    await stub.CloseReviews(CloseReviewsRequest(parent=run, numbers=[1, 3]))
    await stub.RequestReviews(
        RequestReviewsRequest(parent=run, filter=ResultFilter(numbers=[1]), reviewers_wanted=3)
    )


async def driven_run(service: Service) -> None:
    """Driven by its caller, and finished before all is submitted."""
    dataset = await new_dataset(service, 3)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match"))
    answer = await service.runs.StartRun(
        StartRunRequest(parent=PROJECT, experiment=experiment.name, caller_driven=True)
    )
    name = answer.run.name
    told = SubmittedResult(item_id="i2", output=json("2"), trajectory=json(LARGE_TRAJECTORY))
    told.trace_id, told.trace.span_count = "ab" * 16, 3
    submitted = [told]
    await service.runs.SubmitResults(SubmitResultsRequest(parent=name, results=submitted))
    await service.runs.FinishRun(FinishRunRequest(name=name))
    await ended(service, name)


async def test_rebuilt_tables_equal_those_that_lived(tmp_path: Path) -> None:
    async with started(tmp_path, engine=QUICK) as service:
        await datasets_and_imports(service)
        await changes(service)
        await experiments(service)
        await driven_run(service)
        await reworked_run(service)
        await runs(service)
        viewers = [TraceViewer(name="Jaeger", url_template="https://jaeger.example/{trace}")]
        await service.traces.SetTraceViewers(
            SetTraceViewersRequest(parent=PROJECT, viewers=viewers)
        )
    lived = read_models(tmp_path)

    anew, events = rebuilt(tmp_path)

    topics = {row[0] for row in query(tmp_path, "SELECT DISTINCT topic FROM event")}
    assert topics == set(EVENT_TYPES), "the history has everything in it"
    assert [(events,)] == query(tmp_path, "SELECT COUNT(*) FROM event")
    assert all(lived.values()), "no table is empty"
    for table, rows in lived.items():
        assert anew[table] == rows, table


async def test_a_run_goes_on_after_a_rebuild(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await new_run(service, 20, scorer("exact_match"), concurrency=4)
        held = await worker.lease_all(4)
        await worker.answer(*held[:2])

    rebuilt(tmp_path)

    async with started(tmp_path) as service:
        again = await new_worker(service)
        again.token = worker.token
        assert await again.answer(*held) == ["ALREADY_RECORDED"] * 2 + ["RECORDED"] * 2
        over = await again.finish(run.name)
        assert (over.counts.succeeded, over.scorer_summaries[0].scored) == (20, 20)


async def test_damaged_tables_are_mended(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await worker.finish((await new_run(service, 5, scorer("exact_match"))).name)
    lived = read_models(tmp_path)
    damage(tmp_path, "UPDATE run SET succeeded = 99")
    damage(tmp_path, "DELETE FROM result WHERE number = 2")
    damage(tmp_path, "DROP TABLE score")

    assert rebuilt(tmp_path)[0] == lived

    async with started(tmp_path) as service:
        assert await get_run(service, run.name) == run


def test_a_database_that_is_not_there_cannot_be_rebuilt(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="no database"):
        maintenance.rebuild(Settings(database=tmp_path / "none.db"))


def damage(folder: Path, sql: str) -> None:
    with bootstrap.open_database(settings_in(folder)) as database:
        database.submit(lambda tx: tx.execute(sql)).result()
