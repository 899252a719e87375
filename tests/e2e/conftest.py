"""Fixtures of the end-to-end tests: real servers and real workers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import COMMAND_LINE, Server, environment
from tests.postgres import fresh_namespace, postgres_url


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Whatever is put into it is stopped at the end of the test."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A running server on an empty database: "sqlite", or what a test's parameter says."""
    running = Server(tmp_path)
    if getattr(request, "param", "sqlite") == "sqlite":
        yield running.start()
        running.stop()
        return
    with fresh_namespace() as namespace:
        running.postgres, running.namespace = postgres_url(), namespace
        yield running.start()
        running.stop()


@pytest.fixture
def start_worker(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts `trialbook worker run` on a source text; extra keywords become its environment."""

    def start(server: Server, source: str, **more: str) -> subprocess.Popen[bytes]:
        number = len(processes)
        module = tmp_path / f"worker_{number}.py"
        module.write_text(source)
        with (tmp_path / f"worker_{number}.log").open("ab") as log:
            process = subprocess.Popen(
                [*COMMAND_LINE, "worker", "run", f"{module}:worker"],
                stdout=log,
                stderr=log,
                env=environment(TRIALBOOK_ADDRESS=server.address, **more),
            )
        processes.append(process)
        return process

    return start
