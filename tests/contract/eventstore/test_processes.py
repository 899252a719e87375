"""What is promised when two want the same SQLite file, and when the kernel lets it grow no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.eventstore.holding_process import ADDRESS
from tests.unit.eventstore.toy import open_database
from trialbook.eventstore import DatabaseLocked

ROOT = Path(__file__).parents[3]


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-m", f"tests.contract.eventstore.{module}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    with process("holding_process", str(tmp_path / "a.db")) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"

        with pytest.raises(DatabaseLocked) as caught:
            open_database(tmp_path / "a.db")

    assert (caught.value.pid, caught.value.address) == (child.pid, ADDRESS)
    open_database(tmp_path / "a.db").close()


def test_a_write_that_fails_at_the_commit_fails_its_batch_and_the_next_succeeds(
    tmp_path: Path,
) -> None:
    with process("full_disk_process", str(tmp_path / "a.db")) as child:
        report, _ = child.communicate()

    assert report.splitlines() == ["before: 1", "while full: 20 unavailable", "after: 21"]
