"""Kill -9 in the middle of a run: nothing is lost, nothing is recorded twice."""

from __future__ import annotations

import signal
import subprocess
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import (
    COMMAND_LINE,
    Server,
    environment,
    stop_process,
    wait_until,
    write_lines,
)
from trialbook.client import Client

ITEMS = 200
SLOW_WORKER = textwrap.dedent(
    """
    import asyncio
    from trialbook.client import Worker

    worker = Worker(max_concurrent_tasks=20)

    @worker.target("slow")
    async def slow(number):
        await asyncio.sleep(0.05)
        return number

    @worker.scorer("is_even", version=1, minimum=0, maximum=1)
    def is_even(output):
        return output % 2 == 0
    """
)
StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that gives up on a silent worker after a second."""
    running = Server(tmp_path, lease_duration="1s").start()
    yield running
    running.stop()


def start_run(server: Server, tmp_path: Path) -> None:
    rows = [{"id": f"n{number}", "input": number, "expected": number} for number in range(ITEMS)]
    server.succeed("dataset", "import", str(write_lines(tmp_path / "numbers.jsonl", rows)))

    def scorer_is_known() -> bool:
        return server.run("scorer", "show", "is_even").code == 0

    wait_until(scorer_is_known, what="the worker registers")
    server.succeed(
        "experiment", "create", "numbers", "--dataset", "numbers", "--target", "slow",
        "--scorer", "exact_match", "--scorer", "is_even", "--concurrency", "4",
    )  # fmt: skip
    server.succeed("run", "start", "numbers", "--id", "killed")


def wait_for_the_middle(server: Server, *, succeeded: int = 5) -> None:
    with Client(server.address) as client:

        def is_under_way() -> bool:
            return client.runs.get("killed").counts.succeeded >= succeeded

        wait_until(is_under_way, what="some results")
        run = client.runs.get("killed")
    assert run.counts.succeeded < ITEMS, "the run was too quick to be killed in its middle"


def start_watch(server: Server, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "watch.out").open("wb") as out, (folder / "watch.err").open("wb") as err:
        return subprocess.Popen(
            [*COMMAND_LINE, "run", "watch", "killed", "--format", "jsonl"],
            stdout=out,
            stderr=err,
            env=environment(TRIALBOOK_ADDRESS=server.address),
        )


def assert_complete(server: Server) -> None:
    """Every item once, each with both scores, and the history without a gap or a repetition."""
    waited = server.run("run", "wait", "killed", "--format", "json")
    assert waited.code == 0, waited
    run = waited.json()
    assert run["counts"] == {"planned": ITEMS, "succeeded": ITEMS, "failed": 0, "skipped": 0}
    assert [(score["scorer"], score["scored"], score["passed"]) for score in run["scores"]] == [
        ("exact_match", ITEMS, ITEMS),
        ("is_even", ITEMS, ITEMS // 2),
    ]
    results = server.succeed("run", "results", "killed", "--format", "jsonl").lines()
    assert [result["item_id"] for result in results] == [f"n{number}" for number in range(ITEMS)]
    assert all(result["output"] == number for number, result in enumerate(results))
    facts = server.succeed("run", "watch", "killed", "--format", "jsonl").lines()
    assert [fact["position"] for fact in facts] == list(range(1, len(facts) + 1))
    kinds = Counter(fact["kind"] for fact in facts)
    assert kinds["result"] == ITEMS
    assert kinds["result_scored"] == 2 * ITEMS
    scored = Counter(
        (fact["number"], fact["score"]["scorer"])
        for fact in facts
        if fact["kind"] == "result_scored"
    )
    assert set(scored.values()) == {1}


def test_a_killed_server_goes_on_with_the_run_when_it_is_started_again(
    server: Server, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker(server, SLOW_WORKER)
    start_run(server, tmp_path)
    for succeeded in (5, 60):
        wait_for_the_middle(server, succeeded=succeeded)
        server.kill()
        server.start()
    assert_complete(server)


def test_a_killed_worker_is_replaced_by_another(
    server: Server, start_worker: StartWorker, tmp_path: Path
) -> None:
    first = start_worker(server, SLOW_WORKER)
    start_run(server, tmp_path)
    wait_for_the_middle(server)
    stop_process(first, signal.SIGKILL)
    start_worker(server, SLOW_WORKER)
    assert_complete(server)


def test_server_and_worker_killed_together(
    server: Server, start_worker: StartWorker, tmp_path: Path
) -> None:
    first = start_worker(server, SLOW_WORKER)
    start_run(server, tmp_path)
    wait_for_the_middle(server)
    server.kill()
    stop_process(first, signal.SIGKILL)
    server.start()
    start_worker(server, SLOW_WORKER)
    assert_complete(server)


def test_a_watcher_goes_on_over_a_killed_server_without_a_gap(
    server: Server, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker(server, SLOW_WORKER)
    start_run(server, tmp_path)
    watching = start_watch(server, tmp_path)
    wait_for_the_middle(server)
    server.kill()
    server.start()
    assert watching.wait(60) == 0, (tmp_path / "watch.err").read_text()
    told = (tmp_path / "watch.out").read_text()
    assert told == server.succeed("run", "watch", "killed", "--format", "jsonl").out
