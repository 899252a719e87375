"""Real processes: servers that can be killed, and the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND_LINE = [sys.executable, "-m", "trialbook.services.cli"]
GRACE = 30.0


def wait_until(condition: Callable[[], Any], *, what: str, timeout: float = GRACE) -> Any:
    """Wait until a condition gives something true and return that."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"waited {timeout:g} s in vain: {what}")


@dataclass
class Finished:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What stdout holds."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """The JSON lines that stdout holds."""
        return [json.loads(line) for line in self.out.splitlines()]


Trialbook = Callable[..., Finished]
"""Runs a command line and tells how it ended."""


@dataclass
class Server:
    """A server process on a database of its own; it can be killed and started again.

    The database is a file in its folder, or a namespace of the PostgreSQL server at a URL.
    """

    folder: Path
    lease_duration: str = "30s"
    address: str = "127.0.0.1:0"
    postgres: str = ""
    namespace: str = "trialbook"
    command: list[str] = field(default_factory=lambda: COMMAND_LINE)
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def database(self) -> Path:
        return self.folder / "trialbook.db"

    @property
    def place(self) -> list[str]:
        """The options that say where the database is."""
        if self.postgres:
            return ["--database", self.postgres, "--namespace", self.namespace]
        return ["--database", str(self.database)]

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> Server:
        """Start, and wait until calls are accepted. A second start takes the same port."""
        port_file = self.folder / "address"
        port_file.unlink(missing_ok=True)
        arguments = ["serve", *self.place, "--address", self.address]
        arguments += ["--lease-duration", self.lease_duration, "--port-file", str(port_file)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, *arguments],
                stdout=log,
                stderr=log,
                env=environment(**self.variables),
            )
        wait_until(lambda: port_file.exists() or self.process_ended(), what="the server starts")
        assert port_file.exists(), self.log.read_text()
        self.address = port_file.read_text().strip()
        return self

    def process_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """As a power cut would."""
        stop_process(self.process, signal.SIGKILL)

    def stop(self) -> int:
        """As an operator would; returns the exit code."""
        return stop_process(self.process, signal.SIGTERM)

    def run(self, *arguments: str, stdin: str | None = None, cwd: Path | None = None) -> Finished:
        """Run the command line against this server."""
        return run_command(*arguments, address=self.address, stdin=stdin, cwd=cwd)

    def admin(self, *arguments: str) -> Finished:
        """Run an admin verb on this server's database and expect exit code 0."""
        finished = run_command("admin", *arguments, *self.place)
        assert finished.code == 0, finished
        return finished

    def succeed(self, *arguments: str, stdin: str | None = None) -> Finished:
        """Run the command line and expect exit code 0."""
        finished = self.run(*arguments, stdin=stdin)
        assert finished.code == 0, finished
        return finished


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change how the command line behaves."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRIALBOOK_") and name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    # A server's own choice for HTTP is the port after its other one, which a neighbour may have.
    return {**kept, "PYTHONUNBUFFERED": "1", "TRIALBOOK_HTTP_ADDRESS": "127.0.0.1:0", **more}


@contextmanager
def interruptible() -> Iterator[None]:
    """Let processes that are started in it heed Ctrl-C, also where the tests' own shell does not.

    What a shell puts into the background ignores SIGINT, and so does what it starts.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def stop_process(process: subprocess.Popen[bytes] | None, kind: signal.Signals) -> int:
    """Signal a process and wait for its end."""
    if process is None:
        return 0
    if process.poll() is None:
        process.send_signal(kind)
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"process {process.pid} did not end on {kind.name}")


def run_command(
    *arguments: str,
    address: str | None = None,
    stdin: str | None = None,
    cwd: Path | None = None,
    timeout: float = 120,
) -> Finished:
    """Run the command line to its end."""
    more = {"TRIALBOOK_ADDRESS": address} if address else {}
    done = subprocess.run(
        [*COMMAND_LINE, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=environment(**more),
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write a file of JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
