"""Two servers, two clients, two minds about one run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.e2e.processes import Server, run_command
from tests.fault.scene import (
    RUN,
    Plan,
    Watcher,
    Workers,
    all_events,
    server_address,
    start_run,
)
from trialbook.client import AlreadyExists, Client, Run, RunCancelRequested, RunEnded


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_second_server_on_the_file_is_refused_and_told_where_the_first_is(
    server: Server, client: Client
) -> None:
    second = run_command("serve", *server.place, "--address", server_address())

    assert server.process is not None
    assert second.code == 1
    assert f"in use by process {server.process.pid}" in second.err
    assert f"answers at {server.address}" in second.err
    assert "Traceback" not in second.err
    client.datasets.create("still-there")


def test_a_second_server_on_the_port_is_refused(
    server: Server, client: Client, tmp_path: Path
) -> None:
    second = run_command(
        "serve", "--database", str(tmp_path / "other.db"), "--address", server.address
    )

    assert second.code == 1
    assert f"cannot listen on {server.address}" in second.err
    assert "Traceback" not in second.err
    client.datasets.create("still-there")


def at_once(address: str, *calls: Callable[[Client], Run]) -> list[Run | Exception]:
    """Make calls at the same moment, each over a connection of its own."""
    barrier = Barrier(len(calls))

    def make(call: Callable[[Client], Run]) -> Run | Exception:
        with Client(address) as client:
            client.runs.list()
            barrier.wait()
            try:
                return call(client)
            except AlreadyExists as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def prepare(client: Client) -> None:
    client.datasets.create("d")
    client.datasets.add_items("d", [{"input": number} for number in range(10)])
    client.experiments.create("e", dataset="d", target="steady", scorers=["exact_match"])


def test_of_two_clients_that_start_the_same_run_one_is_told_that_it_exists(
    server: Server, client: Client
) -> None:
    prepare(client)

    def start(own: Client) -> Run:
        return own.runs.start("e", run_id=RUN, wait_for_worker=True)

    answers = at_once(server.address, start, start)

    assert sum(isinstance(answer, Run) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyExists) for answer in answers) == 1
    assert [run.id for run in client.runs.list()] == [RUN]


def test_two_calls_of_one_request_id_start_one_run(server: Server, client: Client) -> None:
    prepare(client)

    def start(own: Client) -> Run:
        return own.runs.start("e", run_id=RUN, wait_for_worker=True, request_id="one")

    answers = at_once(server.address, start, start, start)

    assert all(isinstance(answer, Run) for answer in answers)
    assert answers == answers[:1] * 3
    assert [run.id for run in client.runs.list()] == [RUN]


def test_one_client_cancels_while_others_watch(
    server: Server, client: Client, workers: Workers
) -> None:
    workers.start("a")
    start_run(client, Plan("steady", range(2000), concurrency=4))
    watchers = [Watcher(server.address) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    watchers[0].reach(20)
    client.runs.cancel(RUN, reason="enough")

    told = [watcher.finish() for watcher in watchers]
    assert told[0] == told[1] == all_events(client)
    facts = [event.fact for event in told[0]]
    assert sum(isinstance(fact, RunCancelRequested) for fact in facts) == 1
    ended = facts[-1]
    assert isinstance(ended, RunEnded)
    assert ended.status == "cancelled"
    assert ended.counts.done == ended.counts.planned == 2000
    assert ended.counts.skipped > 0
