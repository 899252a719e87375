"""Fixtures of the end-to-end tests: real servers and real workers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import COMMAND_LINE, Finished, Server, Trialbook, environment
from tests.e2e.story import story_server
from tests.postgres import fresh_namespace, postgres_url
from trialbook.services.cli.entry import run_command


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


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of the stories of CI; tests leave the run `base` as it is."""
    with story_server(tmp_path_factory.mktemp("story")) as running:
        yield running


@pytest.fixture
def trialbook(story: Server, capfd: pytest.CaptureFixture[str]) -> Trialbook:
    """Runs a command in this process, against that server."""

    def run(*arguments: str) -> Finished:
        capfd.readouterr()
        code = run_command([*arguments, "--address", story.address])
        said = capfd.readouterr()
        return Finished(code, said.out, said.err)

    return run


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
