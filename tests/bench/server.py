"""A server process, and a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.processes import running, wait_until
from trialbook.client import Client


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and a client of it."""

    address: str
    process: psutil.Process
    client: Client


@contextmanager
def serving(
    database: str,
    folder: Path,
    *,
    profile: bool = False,
    address: str = "127.0.0.1:0",
    code: int = 0,
) -> Iterator[Served]:
    """Run a server on a database. `folder` takes its log; several may share a database.

    Raises BenchFailure unless it ends with this code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "address"
    port_file.unlink(missing_ok=True)
    with running(
        "server",
        "trialbook.services.cli",
        *("serve", "--database", database, "--address", address),
        *("--port-file", str(port_file)),
        folder=folder,
        profile=profile,
        code=code,
    ) as process:
        wait_until(lambda: port_file.exists() or not process.is_running(), "the server starts")
        bound = port_file.read_text().strip()
        with Client(bound) as client:
            yield Served(bound, process, client)


@contextmanager
def working(
    address: str,
    folder: Path,
    *,
    profile: bool = False,
    module: str = "tests.bench.hosted",
    traces: str = "",
) -> Iterator[psutil.Process]:
    """Run a worker of the server that listens there, or will. `folder` takes its log.

    `traces` is what TRIALBOOK_TRACES says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with running(
        "worker",
        module,
        folder=folder,
        profile=profile,
        TRIALBOOK_ADDRESS=address,
        TRIALBOOK_TRACES=traces,
    ) as process:
        yield process


def http_address(folder: Path) -> str:
    """Return where a running server answers HTTP, as it says in its log in this folder."""
    log = folder / "server.log"
    word = "HTTP         http://"

    def told() -> list[str]:
        lines = log.read_text(encoding="utf-8").splitlines()
        return [line.removeprefix(word) for line in lines if line.startswith(word)]

    wait_until(lambda: bool(told()), "the server says where it answers HTTP")
    return told()[-1]
