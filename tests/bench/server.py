"""A server process without workers, for what datasets and events cost."""

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
def serving(database: str, folder: Path, *, profile: bool = False) -> Iterator[Served]:
    """Run a server on a database. `folder` takes its log; several may share a database."""
    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "address"
    port_file.unlink(missing_ok=True)
    with running(
        "server",
        "trialbook.services.cli",
        *("serve", "--database", database, "--address", "127.0.0.1:0"),
        *("--port-file", str(port_file)),
        folder=folder,
        profile=profile,
    ) as process:
        wait_until(lambda: port_file.exists() or not process.is_running(), "the server starts")
        address = port_file.read_text().strip()
        with Client(address) as client:
            yield Served(address, process, client)
