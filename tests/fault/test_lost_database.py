"""The PostgreSQL server goes away under a server of ours, and comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Server, run_command
from tests.fault.scene import (
    LEASE,
    Plan,
    Watcher,
    Workers,
    all_events,
    reconnect,
    server_address,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from tests.postgres import PostgresServer, terminate_backends, throwaway_server
from trialbook.client import Client, Unavailable

ITEMS = 600
FACTS = 2 + 4 * ITEMS


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may be stopped."""
    with throwaway_server() as started:
        yield started


@pytest.fixture
def server(tmp_path: Path, postgres: PostgresServer) -> Iterator[Server]:
    """A server on it."""
    running = Server(
        tmp_path, lease_duration=LEASE, address=server_address(), postgres=postgres.url
    )
    yield running.start()
    running.kill()


@pytest.fixture
def watcher(client: Client, workers: Workers, server: Server) -> Watcher:
    """Watches a run that is under way."""
    workers.start("a")
    workers.start("b")
    start_run(client, Plan("steady", range(ITEMS), concurrency=12))
    watching = Watcher(server.address)
    watching.start()
    return watching


def assert_all_is_there(client: Client, watcher: Watcher) -> None:
    told = watcher.finish()
    assert wait_for_end(client).status == "completed"
    assert told == all_events(client)
    assert len(told) == FACTS
    results = assert_recorded_once(client, ITEMS)
    assert {result.status for result in results} == {"succeeded"}


def test_calls_are_refused_while_the_database_is_away_and_answered_when_it_is_back(
    server: Server, client: Client, postgres: PostgresServer
) -> None:
    client.datasets.create("before")
    postgres.stop()

    with pytest.raises(Unavailable) as written:
        client.datasets.create("meanwhile")
    with pytest.raises(Unavailable) as read:
        client.datasets.get("before")
    for refused in (written.value, read.value):
        assert refused.reason == "STORE_UNAVAILABLE"
        assert refused.retry_delay is not None
    postgres.start()

    reconnect(client)
    client.datasets.create("after")
    assert [dataset.id for dataset in client.datasets.list()] == ["after", "before"]
    assert not server.process_ended()


@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_run_outlives_its_database(
    *,
    server: Server,
    client: Client,
    postgres: PostgresServer,
    watcher: Watcher,
    chance: random.Random,
    way: str,
) -> None:
    for place in sorted(chance.randrange(1, FACTS * 3 // 4) for _ in range(2)):
        watcher.reach(place)
        if way == "kill":
            postgres.kill()
        else:
            postgres.stop()
        # Longer than a lease, now and then: nobody could hear the workers meanwhile.
        time.sleep(chance.uniform(0, 2))
        postgres.start()
        reconnect(client)

    assert_all_is_there(client, watcher)
    assert not server.process_ended()


def test_a_run_outlives_each_of_its_connections(
    server: Server,
    client: Client,
    postgres: PostgresServer,
    watcher: Watcher,
    chance: random.Random,
) -> None:
    for place in sorted(chance.randrange(1, FACTS * 3 // 4) for _ in range(6)):
        watcher.reach(place)
        kind = chance.choice(["writer", "reader", "listener", ""])
        terminate_backends(postgres.url, application=f"trialbook%{kind}")

    assert_all_is_there(client, watcher)
    assert not server.process_ended()


def test_a_server_cannot_start_while_the_database_is_away(
    server: Server, postgres: PostgresServer
) -> None:
    server.stop()
    postgres.stop()

    refused = run_command("serve", *server.place, "--address", server.address)

    assert refused.code == 1
    assert refused.err.startswith("error: postgresql://")
    assert "Traceback" not in refused.err
    postgres.start()
    server.start()
