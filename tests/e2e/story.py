"""A server with what the stories of CI need: an experiment, a baseline, candidates, a worker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.processes import COMMAND_LINE, Server, environment, write_lines
from trialbook.services.cli.entry import run_command

WORKER = r"""
import threading
from trialbook.client import FinalError, Worker

worker = Worker()

def host(revision, wrong, broken=()):
    @worker.target("adder", revision=revision)
    def adder(input):
        n = input["n"]
        if n in broken:
            raise FinalError("no\n::error::answer ]]> | \x1b[31m")
        return -n if n in wrong else n + 1

host("main", {1})
host("worse", range(1, 9), {9})
host("better", ())

@worker.target("endless")
def endless(input):
    threading.Event().wait()
"""
ITEMS = [{"id": f"case-{n:02}", "input": {"n": n}, "expected": n + 1} for n in range(1, 21)]


@contextmanager
def story_server(folder: Path) -> Iterator[Server]:
    """Run a server with the experiments `adds` and `endless`, the run `base`, and a worker."""
    running = Server(folder).start()
    module = folder / "worker.py"
    module.write_text(WORKER)
    worker = subprocess.Popen(
        [*COMMAND_LINE, "worker", "run", f"{module}:worker"],
        env=environment(TRIALBOOK_ADDRESS=running.address),
        stderr=subprocess.DEVNULL,
    )
    items = write_lines(folder / "adds.jsonl", ITEMS)
    for arguments in (
        ["dataset", "import", str(items)],
        ["experiment", "create", "adds", "--dataset", "adds", "--target", "adder",
         "--revision", "main", "--scorer", "exact_match"],
        ["experiment", "create", "endless", "--dataset", "adds@1", "--target", "endless",
         "--scorer", "exact_match"],
        ["run", "start", "adds", "--id", "base", "--wait", "--wait-for-worker"],
    ):  # fmt: skip
        assert run_command([*arguments, "--address", running.address]) == 0
    yield running
    worker.kill()
    worker.wait()
    running.stop()
