"""What the client promises, kept with a real server."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.client.conftest import GRACE, ServerProcess, wait_until
from trialbook.client import (
    Aborted,
    AlreadyExists,
    AsyncClient,
    Client,
    FailedPrecondition,
    FinalError,
    InvalidArgument,
    Item,
    Json,
    NotEvaluable,
    NotFound,
    Result,
    ResultScored,
    ResultStatus,
    RunEnded,
    RunSettings,
    RunStatus,
    Scorer,
    ScoreStatus,
    TaskContext,
    TaskErrorCode,
    TrialbookError,
    UnavailableError,
    Worker,
)

StartWorker = Callable[[Worker], None]
QUICK = RunSettings(concurrency=20, max_retries=1, initial_backoff=0.01, max_backoff=0.01)


def capital_worker(server: ServerProcess) -> Worker:
    """Host a target that knows some answers, and a scorer."""
    worker = Worker(server.address, worker_id="capitals")

    @worker.target("capital")
    async def capital(country: str) -> str:
        await asyncio.sleep(0)
        if country == "Atlantis":
            raise FinalError("no such country")
        return {"France": "Paris", "Peru": "Lima"}.get(country, "Rome")

    @worker.scorer("short", minimum=0, maximum=1)
    def short(output: str, params: dict[str, Any]) -> object:
        """Whether an answer is short."""
        return NotEvaluable("empty") if not output else len(output) <= params.get("length", 4)

    return worker


def prepare(client: Client, **settings: Any) -> None:
    client.datasets.create("capitals", display_name="Capitals")
    client.datasets.add_items(
        "capitals",
        [
            {"input": "France", "expected": "Paris", "id": "fr"},
            {"input": "Peru", "expected": "Lima", "id": "pe", "tags": ["south"]},
            Item("Spain", "Madrid", id="es"),
            Item("Atlantis", id="at"),
        ],
    )
    client.experiments.create(
        "capitals",
        dataset="capitals",
        target="capital",
        scorers=["exact_match", Scorer("short", alias="brief", length=5)],
        settings=QUICK,
    )


def wait_for_scorer(client: Client, name: str) -> None:
    wait_until(lambda: any(scorer.id == name for scorer in client.scorers.list()))


def test_a_dataset_is_kept_as_it_was_given(client: Client) -> None:
    text = '{ "n" : 12345678901234567890123, "x": 1.0 }'
    client.datasets.create("d", metadata={"team": "a"})
    client.datasets.add_items("d", [Item(Json(text), Json("null"), context={"u": 1}, split="s")])
    client.datasets.add_items("d", [{"input": 2, "metadata": {"m": [1]}}], expected_version=1)

    first, second = client.datasets.items("d")
    dataset = client.datasets.get("d")

    assert (dataset.version, dataset.item_count, dataset.metadata) == (2, 2, {"team": "a"})
    assert (first.input_json, first.expected_json, first.context) == (text, "null", {"u": 1})
    assert first.input["n"] == 12345678901234567890123
    assert (second.metadata, second.has_expected) == ({"m": [1]}, False)
    assert [item.input for item in client.datasets.items("d", version=1)] == [first.input]
    assert [version.version for version in client.datasets.versions("d")] == [2, 1]


def test_a_large_import_is_one_version(client: Client) -> None:
    client.datasets.create("d")

    imported = client.datasets.import_items("d", ({"input": n} for n in range(12_345)))

    assert (imported.added_count, imported.dataset.version) == (12_345, 1)
    assert sum(1 for _ in client.datasets.items("d", page_size=1_000)) == 12_345


def test_an_import_that_breaks_off_leaves_nothing(client: Client) -> None:
    def broken() -> Iterator[dict[str, object]]:
        for number in range(2_500):
            yield {"input": number}
        raise RuntimeError("the disk is gone")

    for attempt in range(20):
        client.datasets.create(f"d{attempt}")
        with pytest.raises(RuntimeError):
            client.datasets.import_items(f"d{attempt}", broken())

    # Each import after it waits for the end of the broken one.
    for attempt in range(20):
        wait_until(lambda name=f"d{attempt}": can_import(client, name))  # type: ignore[misc]
        assert client.datasets.get(f"d{attempt}").item_count == 1


def can_import(client: Client, name: str) -> bool:
    try:
        client.datasets.add_items(name, [{"input": 1}], expected_version=0)
    except Aborted as error:
        return error.reason != "IMPORT_IN_PROGRESS"
    return True


Call = Callable[[Client], object]
REFUSALS: dict[str, tuple[Call, type[TrialbookError], str]] = {
    "unknown dataset": (lambda c: c.datasets.get("none"), NotFound, "RESOURCE_NOT_FOUND"),
    "unknown version": (
        lambda c: list(c.datasets.items("d", version=9)),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "taken id": (lambda c: c.datasets.create("d"), AlreadyExists, "RESOURCE_EXISTS"),
    "malformed id": (lambda c: c.datasets.create("No Id"), InvalidArgument, "INVALID_FIELD"),
    "malformed JSON": (
        lambda c: c.datasets.add_items("d", [{"input": Json("{")}]),
        InvalidArgument,
        "INVALID_JSON",
    ),
    "stale version": (
        lambda c: c.datasets.add_items("d", [{"input": 1}], expected_version=7),
        Aborted,
        "STALE_VERSION",
    ),
    "unknown scorer": (
        lambda c: c.experiments.create("e2", dataset="d", target="t", scorers=["none"]),
        InvalidArgument,
        "UNKNOWN_SCORER",
    ),
    "bad parameters": (
        lambda c: c.experiments.create(
            "e2", dataset="d", target="t", scorers=[Scorer("levenshtein", threshold="x")]
        ),
        InvalidArgument,
        "INVALID_SCORER_PARAMETERS",
    ),
    "empty dataset": (lambda c: c.runs.start("e"), FailedPrecondition, "EMPTY_DATASET"),
    "unknown run": (lambda c: list(c.runs.watch("none")), NotFound, "RESOURCE_NOT_FOUND"),
    "no such scorer": (lambda c: c.scorers.describe("none"), NotFound, "RESOURCE_NOT_FOUND"),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_refusals_come_as_errors_that_can_be_told_apart(client: Client, case: str) -> None:
    call, error_class, reason = REFUSALS[case]
    client.datasets.create("d")
    client.experiments.create("e", dataset="d", target="t", scorers=["exact_match"])

    with pytest.raises(error_class) as caught:
        call(client)

    assert caught.value.reason == reason
    assert str(caught.value)


def test_an_experiment_keeps_its_versions(client: Client) -> None:
    prepare_without_worker(client)

    changed = client.experiments.update("e", settings=RunSettings(concurrency=9, trials=2))
    same = client.experiments.update("e", settings=RunSettings(concurrency=9, trials=2))

    assert (changed.version, same.version) == (2, 2)
    assert changed.settings.concurrency == 9
    assert client.experiments.get("e", version=1).settings.trials == 1
    assert [version.version for version in client.experiments.versions("e")] == [2, 1]
    client.experiments.delete("e", etag=changed.etag)
    assert list(client.experiments.list()) == []


def prepare_without_worker(client: Client) -> None:
    client.datasets.create("d")
    client.datasets.add_items("d", [{"input": n} for n in range(3)])
    client.experiments.create("e", dataset="d", target="t", scorers=["exact_match"])


def test_a_run_from_dataset_to_scores(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    start_worker(capital_worker(server))
    wait_for_scorer(client, "short")
    prepare(client)

    started = client.runs.start("capitals", run_id="first")
    run = client.runs.wait(started, timeout=GRACE)

    assert (run.id, run.status, run.completed_with_errors) == ("first", RunStatus.COMPLETED, True)
    assert (run.counts.planned, run.counts.succeeded, run.counts.failed) == (4, 3, 1)
    exact, brief = run.scores
    assert (exact.scorer, exact.scored, exact.passed, exact.not_passed) == ("exact_match", 3, 2, 1)
    assert (brief.scorer, brief.scored, brief.passed) == ("brief", 3, 3)
    assert run.latency.p50 is not None
    results = {result.item_id: result for result in client.runs.results(run, include_items=True)}
    assert results["fr"].output == "Paris"
    assert results["fr"].input == "France"
    assert results["at"].status is ResultStatus.FAILED
    assert results["at"].error is not None
    assert results["at"].error.code is TaskErrorCode.INVALID
    assert results["at"].error.message == "no such country"
    assert [score.status for score in results["at"].scores] == [ScoreStatus.SKIPPED] * 2
    assert client.runs.result(run, 1).item_id == "fr"
    assert [r.item_id for r in client.runs.results(run, status="failed")] == ["at"]
    assert [listed.id for listed in client.runs.list(experiment="capitals")] == ["first"]


def test_a_watch_tells_each_fact_once_and_resumes(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    start_worker(capital_worker(server))
    wait_for_scorer(client, "short")
    prepare(client)
    run = client.runs.start("capitals")

    events = [event for update in client.runs.watch(run) for event in update.events]
    rest = [
        e.position for update in client.runs.watch(run, after_position=3) for e in update.events
    ]

    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert sum(isinstance(event.fact, Result) for event in events) == 4
    assert sum(isinstance(event.fact, ResultScored) for event in events) == 8
    assert isinstance(events[-1].fact, RunEnded)
    assert rest == list(range(4, len(events) + 1))


def test_the_async_client_watches_too(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    start_worker(capital_worker(server))
    wait_for_scorer(client, "short")
    prepare(client)

    async def watch() -> list[int]:
        async with AsyncClient(server.address) as opened:
            run = await opened.runs.start("capitals")
            positions = [e.position async for u in opened.runs.watch(run) for e in u.events]
            assert (await opened.runs.wait(run)).ended
            return positions

    positions = asyncio.run(watch())

    assert positions == list(range(1, len(positions) + 1))


def test_a_run_waits_for_a_worker_if_it_is_told_to(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    prepare_without_worker(client)
    with pytest.raises(FailedPrecondition) as caught:
        client.runs.start("e")
    assert caught.value.reason == "NOT_HOSTED"

    run = client.runs.start("e", wait_for_worker=True)
    worker = Worker(server.address)
    worker.target("t")(lambda number: number)
    start_worker(worker)

    assert client.runs.wait(run, timeout=GRACE).counts.succeeded == 3


def test_a_cancelled_run_stops_its_coroutines_and_skips_the_rest(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    stopped = threading.Event()
    worker = Worker(server.address)

    @worker.target("t")
    async def hang(number: int) -> int:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return number

    prepare_without_worker(client)
    run = client.runs.start("e", wait_for_worker=True)
    start_worker(worker)
    wait_until(lambda: not client.runs.get(run).waiting_for)

    client.runs.cancel(run, reason="enough")
    ended = client.runs.wait(run, timeout=GRACE)

    assert ended.status is RunStatus.CANCELLED
    assert ended.counts.skipped == 3
    assert stopped.wait(GRACE)


def test_errors_are_tried_again_with_the_same_task_id(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    attempts: list[tuple[str, int]] = []
    worker = Worker(server.address)

    @worker.target("t")
    def flaky(number: int, task: TaskContext) -> int:
        attempts.append((task.task_id, task.attempt))
        if task.attempt == 1:
            raise UnavailableError("try later")
        return number

    prepare_without_worker(client)
    client.experiments.update("e", settings=QUICK)
    run = client.runs.start("e", wait_for_worker=True)
    start_worker(worker)
    ended = client.runs.wait(run, timeout=GRACE)

    assert ended.counts.succeeded == 3
    assert len(attempts) == 6
    assert len({task_id for task_id, _ in attempts}) == 3
    assert {result.attempts for result in client.runs.results(run)} == {2}


def test_outputs_that_cannot_be_kept_fail_alone(
    server: ServerProcess, client: Client, start_worker: StartWorker
) -> None:
    worker = Worker(server.address)
    nested: Any = 1
    for _ in range(200):
        nested = [nested]

    @worker.target("t")
    async def answer(number: int) -> Any:
        return [nested, "x" * 2**21, number][number]

    prepare_without_worker(client)
    run = client.runs.start("e", wait_for_worker=True)
    start_worker(worker)
    ended = client.runs.wait(run, timeout=GRACE)

    assert (ended.counts.succeeded, ended.counts.failed) == (1, 2)
    errors = [r.error for r in client.runs.results(run, status="failed")]
    assert {error.code for error in errors if error} == {TaskErrorCode.INVALID}
    assert any(error and "nested" in error.message for error in errors)
    assert any(error and "bytes" in error.message for error in errors)


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_worker_and_watch_survive_a_restart_of_the_server(
    server: ServerProcess, client: Client, start_worker: StartWorker, how: str
) -> None:
    worker = Worker(server.address)

    @worker.target("t")
    async def slowly(number: int) -> int:
        await asyncio.sleep(0.01)
        return number

    client.datasets.create("d")
    client.datasets.import_items("d", ({"input": n, "expected": n} for n in range(300)))
    client.experiments.create(
        "e", dataset="d", target="t", scorers=["exact_match"], settings=RunSettings(concurrency=4)
    )
    start_worker(worker)
    run = client.runs.start("e", wait_for_worker=True)
    positions: list[int] = []
    restarted = False
    for update in client.runs.watch(run):
        positions.extend(event.position for event in update.events)
        if len(positions) > 50 and not restarted:
            restarted = True
            server.end(signal.Signals[how])
            server.start()

    ended = client.runs.get(run)
    assert restarted
    assert positions == list(range(1, len(positions) + 1))
    assert (ended.counts.succeeded, ended.scores[0].passed) == (300, 300)
    assert len(positions) == ended.last_position
