"""The people of the play: servers that die, workers in their turn, watchers that outlive both."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.processes import (
    COMMAND_LINE,
    ROOT,
    Server,
    environment,
    stop_process,
    wait_until,
)
from trialbook.client import (
    Client,
    Run,
    RunEvent,
    RunSettings,
    Scorer,
    Target,
    Unavailable,
)

HOSTED = ROOT / "tests" / "fault" / "hosted.py"
LEASE = "1s"
RUN_GRACE = 120.0
RUN = "the-run"
DATASET = "numbers"
HOSTED_SCORERS = frozenset({"is_even", "tally"})


def server_address() -> str:
    """An address below the ports that the system lends to clients.

    A client that looks for a dead server in that range can be given the server's own port, connect
    to itself, and so keep the server from coming back.
    """
    while True:
        port = random.SystemRandom().randint(20_000, 31_000)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{port}"


def die_while_starting(server: Server, seconds: float) -> None:
    """Start a server and kill it so soon that it may not have come to anything."""
    arguments = ["serve", *server.place, "--address", server.address]
    with server.log.open("ab") as log:
        process = subprocess.Popen(
            [*COMMAND_LINE, *arguments], stdout=log, stderr=log, env=environment()
        )
    time.sleep(seconds)
    stop_process(process, signal.SIGKILL)


def kill_and_restart(server: Server, chance: random.Random) -> None:
    """Kill a server, or now and then stop it; sometimes kill its successor before it is up."""
    if chance.random() < 0.2:
        assert server.stop() == 0
    else:
        server.kill()
    if chance.random() < 0.4:
        die_while_starting(server, chance.uniform(0.1, 1.5))
    server.start()


def reconnect(client: Client) -> None:
    """Wait until a client has noticed that its server is back."""

    def answered() -> bool:
        try:
            next(client.datasets.list(page_size=1), None)
        except Unavailable:
            return False
        return True

    wait_until(answered, what="the client finds the server again")


class Workers:
    """Worker processes, by default on `hosted.py`, by name, which may be killed and replaced."""

    def __init__(self, folder: Path, server: Server, hosted: Path = HOSTED) -> None:
        self._folder = folder
        self._server = server
        self._hosted = hosted
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker; extra keywords become its environment."""
        variables = environment(
            TRIALBOOK_ADDRESS=self._server.address, FAULT_WORKER_ID=name, **more
        )
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [*COMMAND_LINE, "worker", "run", f"{self._hosted}:worker"],
                stdout=log,
                stderr=log,
                env=variables,
            )
        self.processes[name] = process
        return process

    def log(self, name: str) -> Path:
        """Where a worker writes."""
        return self._folder / f"worker-{name}.log"

    def kill(self, name: str) -> None:
        """Kill a worker as a power cut would."""
        stop_process(self.processes[name], signal.SIGKILL)

    def replace_the_dead(self) -> int:
        """Start a worker in the place of each that has died; return how many those were."""
        dead = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in dead:
            self.start(name)
        return len(dead)

    def stop(self) -> None:
        """End all."""
        for process in self.processes.values():
            stop_process(process, signal.SIGKILL)


class Watcher(threading.Thread):
    """Watches a run over everything that happens to the server, and keeps what it is told."""

    def __init__(self, address: str, run: str = RUN, after_position: int = 0) -> None:
        super().__init__(daemon=True)
        self._address = address
        self._run = run
        self._after = after_position
        self.events: list[RunEvent] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with Client(self._address) as client:
                for update in client.runs.watch(
                    self._run, after_position=self._after, patience=RUN_GRACE
                ):
                    self.events.extend(update.events)
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            self.error = error

    @property
    def position(self) -> int:
        """How far it has come."""
        return self.events[-1].position if self.events else 0

    def reach(self, position: int) -> None:
        """Wait until it has come so far, or to the end."""
        wait_until(
            lambda: self.position >= position or not self.is_alive(),
            what=f"position {position} of the run",
            timeout=RUN_GRACE,
        )

    def finish(self) -> list[RunEvent]:
        """Wait for the end of the run and return what was told."""
        self.join(RUN_GRACE)
        assert self.error is None, self.error
        assert not self.is_alive(), f"the watch stands at position {self.position}"
        return self.events


@dataclass(frozen=True)
class Plan:
    """What is run."""

    target: str | Target
    inputs: Sequence[Any]
    scorers: tuple[str | Scorer, ...] = ("exact_match", "levenshtein", "is_even")
    concurrency: int = 50
    max_retries: int = 2
    trials: int = 1

    @property
    def hosted(self) -> set[str]:
        """Which of the scorers run in workers."""
        names = {one if isinstance(one, str) else one.name for one in self.scorers}
        return names & HOSTED_SCORERS


def start_run(client: Client, plan: Plan) -> Run:
    """Import the inputs as a dataset and start a run on it once a worker is there."""
    client.datasets.create(DATASET)
    items = ({"id": f"i{n}", "input": i, "expected": i} for n, i in enumerate(plan.inputs))
    client.datasets.import_items(DATASET, items)
    wait_until(
        lambda: {s.id for s in client.scorers.list()} >= plan.hosted, what="a worker registers"
    )
    client.experiments.create(
        "experiment",
        dataset=DATASET,
        target=plan.target,
        scorers=plan.scorers,
        settings=RunSettings(
            concurrency=plan.concurrency,
            max_retries=plan.max_retries,
            trials=plan.trials,
            initial_backoff=0.05,
            max_backoff=0.2,
        ),
    )
    return client.runs.start("experiment", run_id=RUN, wait_for_worker=True)


def wait_for_end(client: Client, run: str = RUN) -> Run:
    """Wait until a run has ended, over a server that comes and goes."""

    def ended() -> Run | None:
        try:
            found = client.runs.get(run)
        except Unavailable:
            return None
        return found if found.ended else None

    found: Run = wait_until(ended, what="the run ends", timeout=RUN_GRACE)
    return found


def all_events(client: Client, run: str = RUN) -> list[RunEvent]:
    """The facts of a run as they are read afterwards."""
    return [event for update in client.runs.watch(run) for event in update.events]
