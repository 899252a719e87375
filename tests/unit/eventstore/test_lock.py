from __future__ import annotations

import os
from pathlib import Path

import pytest

from trialbook.eventstore import DatabaseLock, DatabaseLocked

pytestmark = pytest.mark.unit


def test_a_second_holder_learns_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with DatabaseLock(path) as lock:
        lock.set_address("127.0.0.1:50051")

        with pytest.raises(DatabaseLocked) as caught:
            DatabaseLock(path)

    assert (caught.value.path, caught.value.pid) == (path, os.getpid())
    assert caught.value.address == "127.0.0.1:50051"
    assert f"process {os.getpid()}" in str(caught.value)
    assert "connect there" in str(caught.value)


def test_a_shorter_address_replaces_a_longer_one_wholly(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with DatabaseLock(path, address="a-very-long-name.example:50051") as lock:
        lock.set_address("b:1")

        with pytest.raises(DatabaseLocked) as caught:
            DatabaseLock(path)

    assert caught.value.address == "b:1"


def test_a_holder_without_address_is_told_to_be_stopped(tmp_path: Path) -> None:
    with DatabaseLock(tmp_path / "a.db"), pytest.raises(DatabaseLocked, match="Stop it first"):
        DatabaseLock(tmp_path / "a.db")


def test_a_holder_that_said_nothing_yet_is_just_another_process(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with DatabaseLock(path):
        (tmp_path / "a.db.lock").write_bytes(b"")

        with pytest.raises(DatabaseLocked, match="in use by another process"):
            DatabaseLock(path)


def test_a_released_lock_can_be_taken(tmp_path: Path) -> None:
    lock = DatabaseLock(tmp_path / "a.db")
    lock.release()
    lock.release()

    DatabaseLock(tmp_path / "a.db").release()


def test_two_databases_in_a_folder_have_two_locks(tmp_path: Path) -> None:
    with DatabaseLock(tmp_path / "a.db"), DatabaseLock(tmp_path / "b.db"):
        pass


def test_a_link_to_a_database_has_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")

    with DatabaseLock(tmp_path / "a.db"), pytest.raises(DatabaseLocked):
        DatabaseLock(tmp_path / "link.db")


def test_the_lock_file_is_private(tmp_path: Path) -> None:
    with DatabaseLock(tmp_path / "a.db"):
        assert (tmp_path / "a.db.lock").stat().st_mode & 0o077 == 0
