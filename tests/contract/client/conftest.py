"""A real server process on a database of its own, and a worker of this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trialbook.client import Client, Dataset, Worker

ROOT = Path(__file__).resolve().parents[3]
GRACE = 30.0


def wait_until(condition: Callable[[], bool], timeout: float = GRACE) -> None:
    """Wait for a condition; fail if it does not come true."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        threading.Event().wait(0.01)


class ServerProcess:
    """A server that can be killed and started again on the same database and address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port_file = folder / "address"
        self.address = "127.0.0.1:0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._port_file.unlink(missing_ok=True)
        environment = {n: v for n, v in os.environ.items() if not n.startswith("TRIALBOOK_")}
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "trialbook.services.cli", "serve"),
                    *("--database", self._folder / "trialbook.db"),
                    *("--address", self.address),
                    *("--port-file", self._port_file),
                    *("--lease-duration", "2s"),
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: self._port_file.exists() or self.has_ended)
        assert not self.has_ended, (self._folder / "server.log").read_text()
        self.address = self._port_file.read_text().strip()

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(GRACE)
        self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path)
    process.start()
    try:
        yield process
    finally:
        process.end()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of one server for all tests of a module; each test has datasets of its own."""
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    try:
        with Client(process.address) as opened:
            yield opened
    finally:
        process.end()


@pytest.fixture
def dataset(shared_client: Client) -> Dataset:
    """A new dataset of the shared server."""
    return shared_client.datasets.create(f"d-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def start_worker() -> Iterator[Callable[[Worker], None]]:
    """Run workers in threads until the test ends; give them before the server is asked."""
    running: list[tuple[Worker, threading.Thread]] = []

    def start(worker: Worker) -> None:
        thread = threading.Thread(target=lambda: worker.run(drain_timeout=5), daemon=True)
        thread.start()
        running.append((worker, thread))

    yield start
    for worker, thread in running:
        worker.stop()
        thread.join(GRACE)
        assert not thread.is_alive()
