"""Several server processes on one PostgreSQL database, which are killed in mid-run."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.processes import Server, wait_until
from tests.fault.scene import (
    LEASE,
    Plan,
    Watcher,
    Workers,
    all_events,
    die_while_starting,
    reconnect,
    server_address,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from tests.postgres import fresh_namespace, postgres_url
from trialbook.client import Aborted, Client, Unavailable

ITEMS = 1500
KILLS = 4


@pytest.fixture
def backend() -> str:
    """Only PostgreSQL can be shared."""
    return "postgres"


@pytest.fixture
def other(server: Server, tmp_path: Path) -> Iterator[Server]:
    """Another server on the database of the first."""
    folder = tmp_path / "other"
    folder.mkdir()
    running = Server(
        folder,
        lease_duration=LEASE,
        address=server_address(),
        postgres=server.postgres,
        namespace=server.namespace,
    )
    yield running.start()
    running.kill()


@pytest.fixture
def other_workers(tmp_path: Path, other: Server) -> Iterator[Workers]:
    """Workers of the other server, none at first."""
    folder = tmp_path / "other-workers"
    folder.mkdir()
    started = Workers(folder, other)
    yield started
    started.stop()


def test_a_run_goes_on_at_one_server_while_the_other_is_killed_again_and_again(
    *,
    server: Server,
    other: Server,
    client: Client,
    workers: Workers,
    other_workers: Workers,
    chance: random.Random,
) -> None:
    workers.start("a")
    other_workers.start("b")
    start_run(client, Plan("steady", range(ITEMS), concurrency=20))
    watcher = Watcher(other.address)
    watcher.start()
    facts = 2 + 4 * ITEMS

    for place in sorted(chance.randrange(1, facts * 9 // 10) for _ in range(KILLS)):
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.05))
        server.kill()
        if chance.random() < 0.5:
            die_while_starting(server, chance.uniform(0.1, 1.5))
        server.start()

    told = watcher.finish()
    reconnect(client)
    assert wait_for_end(client).status == "completed"
    assert told == all_events(client)
    assert len(told) == facts
    results = assert_recorded_once(client, ITEMS)
    assert {result.status for result in results} == {"succeeded"}
    server.admin("verify", "--read-models")


def test_servers_that_start_at_once_on_an_empty_database_all_serve(tmp_path: Path) -> None:
    with fresh_namespace() as namespace, ExitStack() as stack:
        servers = []
        for number in range(4):
            folder = tmp_path / str(number)
            folder.mkdir()
            running = Server(
                folder, address=server_address(), postgres=postgres_url(), namespace=namespace
            )
            stack.callback(running.kill)
            servers.append(running)

        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(Server.start, servers))

        for number, running in enumerate(servers):
            with Client(running.address) as client:
                client.datasets.create(f"d{number}")
                assert len(list(client.datasets.list())) == number + 1


def test_a_run_that_one_server_started_is_finished_by_the_other(
    server: Server, other: Server, client: Client, other_workers: Workers
) -> None:
    other_workers.start("b")
    start_run(client, Plan("steady", range(300), concurrency=4))
    watcher = Watcher(other.address)
    watcher.start()
    watcher.reach(50)

    server.kill()

    told = watcher.finish()
    with Client(other.address) as survivor:
        assert told == all_events(survivor)
        assert_recorded_once(survivor, 300)


def test_what_a_killed_server_was_importing_is_dropped_by_the_other(
    server: Server, other: Server, client: Client
) -> None:
    dataset = client.datasets.create("numbers")

    def endless() -> Iterator[dict[str, int]]:
        number = 0
        while True:
            number += 1
            if number == 3000:
                server.kill()
            yield {"input": number}

    with pytest.raises(Unavailable):
        client.datasets.import_items("numbers", endless())

    with Client(other.address) as survivor:

        def is_taken() -> bool:
            try:
                survivor.datasets.add_items("numbers", [{"input": 1}])
            except Aborted:  # the import counts as under way until its server counts as dead
                return False
            return True

        wait_until(is_taken, what="the other server drops the import")
        found = survivor.datasets.get("numbers")
    assert (dataset.version, found.version, found.item_count) == (0, 1, 1)
