"""A copy that SQLite makes of its file is the same database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.unit.eventstore.toy import open_database
from trialbook.eventstore.conformance.archive import everything, fill_all
from trialbook.eventstore.conformance.notebook import (
    note_once,
    read_models,
    write,
    write_at_random,
    write_note,
)
from trialbook.eventstore.verification import verify


def copy(path: Path, to: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(to),))
    return to


def test_a_copy_holds_the_same_log_at_the_same_positions(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        fill_all(database, 600)
        copied = copy(database.path, tmp_path / "b.db")
        with open_database(copied) as restored:
            assert everything(restored) == everything(database)
            assert restored.read_now(read_models) == database.read_now(read_models)
            assert verify(restored).sound
            for one in (database, restored):
                assert write(one, partial(note_once, command_id="c-0", stream="größe")) == 601
                assert write(one, lambda tx: write_note(tx, "n", "on")).position == 643


def test_a_copy_made_while_others_write_is_whole(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        writers = [
            threading.Thread(target=write_at_random, args=(database, str(number), 60))
            for number in range(4)
        ]
        for writer in writers:
            writer.start()
        copies = [copy(database.path, tmp_path / f"copy-{number}.db") for number in range(5)]
        for writer in writers:
            writer.join()

    for copied in copies:
        with open_database(copied) as restored:
            lived = restored.read_now(read_models)
            assert verify(restored).sound
            assert restored.read_now(lambda view: view.head())[0] == len(lived[0])


def test_a_file_that_is_made_compact_keeps_its_positions(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        fill_all(database, 600)
        before = everything(database)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("VACUUM")

    with open_database(tmp_path / "a.db") as database:
        assert everything(database) == before
        assert verify(database).sound
