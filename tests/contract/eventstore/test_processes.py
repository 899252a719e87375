"""What is promised when processes die, and when two want the same file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.contract.eventstore.appending_process import MARKS
from tests.unit.eventstore.toy import SCHEMA, TABLES, open_database, read_models
from trialbook.eventstore import DatabaseLocked, Reader, SQLiteDatabase

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


def acknowledged_before_kill(path: Path, name: str, after_lines: int) -> set[str]:
    with process("appending_process", str(path), name) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after_lines)]
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
    assert len(lines) >= after_lines
    return {line.strip() for line in lines if line.endswith("\n")}


def parts(view: Reader) -> dict[str, list[Any]]:
    """What each command must have left, by command."""
    return {
        "remembered": [name for (name,) in view.query("SELECT id FROM command")],
        "blobs": [text for (text,) in view.query("SELECT content FROM blob")],
        "notes": [text for (text,) in view.query("SELECT text FROM note")],
        "marks": [
            stream.removeprefix("n-")
            for stream, count in view.query("SELECT stream, COUNT(*) FROM mark GROUP BY stream")
            if count == MARKS
        ],
        "events": [
            stream.removeprefix("n-")
            for stream, count in view.query("SELECT stream, COUNT(*) FROM event GROUP BY stream")
            if count == 2
        ],
    }


def require_whole(database: SQLiteDatabase, acknowledged: set[str]) -> None:
    found = database.read_now(parts)
    for names in found.values():
        assert sorted(names) == sorted(found["remembered"])
    assert acknowledged <= set(found["remembered"])
    marks = database.read_now(lambda view: view.query("SELECT COUNT(*) FROM mark"))
    assert marks == [(len(found["remembered"]) * MARKS,)]
    lived = database.read_now(read_models)
    database.rebuild(tables=TABLES, schema=SCHEMA)
    assert database.read_now(read_models) == lived


def test_a_killed_process_loses_nothing_acknowledged_and_leaves_nothing_half(
    tmp_path: Path,
) -> None:
    random = Random()
    path = tmp_path / "a.db"
    acknowledged: set[str] = set()
    for killing in range(5):
        acknowledged |= acknowledged_before_kill(path, f"p{killing}", random.randrange(1, 1_500))
        with open_database(path) as database:
            require_whole(database, acknowledged)


def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    with process("appending_process", str(tmp_path / "a.db"), "holder") as child:
        assert child.stdout is not None
        child.stdout.readline()

        with pytest.raises(DatabaseLocked) as caught:
            open_database(tmp_path / "a.db")

    assert (caught.value.pid, caught.value.address) == (child.pid, "address of holder")
    open_database(tmp_path / "a.db").close()


def test_a_write_that_fails_at_the_commit_fails_its_batch_and_the_next_succeeds(
    tmp_path: Path,
) -> None:
    with process("full_disk_process", str(tmp_path / "a.db")) as child:
        report, _ = child.communicate()

    assert report.splitlines() == ["before: 1", "while full: 20 unavailable", "after: 21"]
