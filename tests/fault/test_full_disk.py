"""The file system takes no more, and later it does again."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.e2e.processes import COMMAND_LINE, Server, environment
from tests.fault.scene import (
    RUN,
    Plan,
    Watcher,
    Workers,
    all_events,
    reconnect,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client, Unavailable

ITEMS = 400
UNLIMITED = resource.RLIM_INFINITY
LARGE = "x" * 20_000


@pytest.fixture
def backend() -> str:
    """The limit is on the server's own files."""
    return "sqlite"


def let_files_grow(server: Server, *, to: int = UNLIMITED) -> None:
    """Limit the server's files from outside; what they hold already may be overwritten."""
    assert server.process is not None
    # Python ignores SIGXFSZ, so that the write fails instead of ending the process.
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (to, UNLIMITED))


def largest_file(server: Server) -> int:
    return max(path.stat().st_size for path in server.folder.glob("trialbook.db*"))


def write_until_refused(client: Client) -> Unavailable:
    """Add items until the server takes no more."""
    for number in count():
        try:
            client.datasets.add_items("filling", [{"id": f"f{number}", "input": LARGE}])
        except Unavailable as error:
            return error
    raise AssertionError("unreachable")


def assert_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(Unavailable) as refused:
        call()
    assert refused.value.reason == "STORE_UNAVAILABLE"
    assert refused.value.retry_delay is not None


def test_a_full_disk_refuses_writes_answers_reads_and_goes_on_when_there_is_room(
    server: Server, client: Client, workers: Workers
) -> None:
    workers.start("a")
    client.datasets.create("filling")
    start_run(client, Plan("steady", range(ITEMS), concurrency=4))
    watcher = Watcher(server.address)
    watcher.start()
    watcher.reach(50)

    let_files_grow(server, to=largest_file(server) + 100_000)
    error = write_until_refused(client)
    assert error.reason == "STORE_UNAVAILABLE"
    assert error.retry_delay is not None
    assert_refused(lambda: client.datasets.create("another"))

    kept = client.datasets.get("filling").item_count
    assert [item.id for item in client.datasets.items("filling")] == [f"f{n}" for n in range(kept)]
    assert not client.runs.get(RUN).ended
    assert len(list(client.runs.results(RUN))) == client.runs.get(RUN).counts.done

    let_files_grow(server)
    added = client.datasets.add_items("filling", [{"id": "after", "input": LARGE}])
    assert added.dataset.item_count == kept + 1
    client.datasets.create("another")
    told = watcher.finish()
    assert wait_for_end(client).counts.succeeded == ITEMS
    assert told == all_events(client)
    assert_recorded_once(client, ITEMS)


def serve_with_little_room(server: Server, room: int) -> subprocess.CompletedProcess[str]:
    """Start a server whose files may not grow beyond `room` bytes, and wait for its end."""
    limited = (
        "import os, resource, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {UNLIMITED})); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    serve = [*COMMAND_LINE[1:], "serve", "--database", str(server.database)]
    return subprocess.run(
        [sys.executable, "-c", limited, *serve, "--address", server.address],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )


def test_a_server_that_finds_no_room_at_its_start_says_so(server: Server, client: Client) -> None:
    client.datasets.create("filling")
    client.datasets.add_items("filling", [{"input": LARGE}] * 20)
    server.kill()

    done = serve_with_little_room(server, 4096)

    assert done.returncode == 1
    assert f"{server.database}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    server.start()
    reconnect(client)
    assert client.datasets.get("filling").item_count == 20
