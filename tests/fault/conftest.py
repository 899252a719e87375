"""Rounds, chance, servers and workers of the fault tests.

TRIALBOOK_FAULT_ROUNDS says how often each test draws its moments (default 5);
TRIALBOOK_FAULT_SEED repeats the draws of a run that printed it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.processes import Server
from tests.fault.scene import LEASE, Workers, server_address
from tests.postgres import fresh_namespace, postgres_url
from trialbook.client import Client

ROUNDS = int(os.environ.get("TRIALBOOK_FAULT_ROUNDS") or 5)
SEED = os.environ.get("TRIALBOOK_FAULT_SEED") or str(random.SystemRandom().randrange(10**9))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat what depends on chance, for each round."""
    if "round_number" in metafunc.fixturenames:
        metafunc.parametrize("round_number", range(1, ROUNDS + 1), ids="round{}".format)


@pytest.fixture
def chance(request: pytest.FixtureRequest, round_number: int) -> random.Random:
    """The source of all moments of a test; a failed test shows the seed."""
    print(f"TRIALBOOK_FAULT_SEED={SEED} TRIALBOOK_FAULT_ROUNDS={round_number} repeats the draws")  # noqa: T201
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture(params=("sqlite", "postgres"))
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the server has."""
    return str(request.param)


@pytest.fixture
def server(tmp_path: Path, backend: str) -> Iterator[Server]:
    """A running server on an empty database, which soon gives up on silent workers."""
    with ExitStack() as stack:
        running = Server(tmp_path, lease_duration=LEASE, address=server_address())
        if backend == "postgres":
            running.postgres = postgres_url()
            running.namespace = stack.enter_context(fresh_namespace())
        stack.callback(running.kill)
        yield running.start()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected


@pytest.fixture
def workers(tmp_path: Path, server: Server) -> Iterator[Workers]:
    """None at first."""
    started = Workers(tmp_path, server)
    yield started
    started.stop()
