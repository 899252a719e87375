"""Requests that share a commit have the effect that they would have one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialbook.eventstore import Database, StoreError, Transaction
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import writer_held
from trialbook.eventstore.conformance.notebook import (
    NoteWritten,
    Undone,
    commands,
    digest,
    give_marks,
    metadata,
    read_models,
)
from trialbook.eventstore.verification import verify

Step = Callable[[Transaction], object]

STREAMS = st.sampled_from(["a", "b", "größe"])
NAMES = st.sampled_from(["x", "X", "y", "z"])
SMALL = st.integers(0, 3)

ADD_MARK = "INSERT INTO mark (stream, name, value, position) VALUES (?, ?, ?, 0)"
COUNT_UP = "ON CONFLICT (stream, name) DO UPDATE SET value = mark.value + excluded.value"


def append(tx: Transaction, stream: str, count: int, expected: int | None) -> object:
    notes = [NoteWritten(f"note {number}") for number in range(count)]
    recorded = tx.append(stream, notes, expected_version=expected, metadata=metadata())
    return [(one.position, one.version) for one in recorded]


def mark_by_event(tx: Transaction, stream: str, names: Sequence[str]) -> object:
    return give_marks(tx, stream, *names).position


def insert_marks(tx: Transaction, stream: str, names: Sequence[str], clause: str) -> None:
    rows = [(stream, name, 1.0, 0) for name in names]
    tx.insert("mark", ("stream", "name", "value", "position"), rows, on_conflict=clause)


def add_mark(tx: Transaction, stream: str, name: str) -> object:
    return tx.execute(ADD_MARK, (stream, name, 0.5))


def change_notes(tx: Transaction, stream: str, text: str) -> object:
    return tx.execute("UPDATE note SET text = ? WHERE stream = ?", (text, stream))


def drop_marks(tx: Transaction, name: str) -> object:
    return tx.execute("DELETE FROM mark WHERE name = ?", (name,))


def look(tx: Transaction, stream: str) -> object:
    return (
        tx.query("SELECT name, value FROM mark WHERE stream = ? ORDER BY name", (stream,)),
        tx.query("SELECT COUNT(*), MAX(version) FROM note"),
        [one.version for one in tx.load(stream)],
        tx.head(),
    )


def remember(tx: Transaction, name: str) -> None:
    tx.remember(f"c-{name}", b"f", name.encode(), 1)


def recall(tx: Transaction, name: str) -> object:
    return tx.recall(f"c-{name}")


def put_blob(tx: Transaction, name: str) -> None:
    tx.put_blobs({digest(name): name})


def delete_blob(tx: Transaction, name: str) -> object:
    return tx.delete_blobs([digest(name)])


def blank(tx: Transaction, position: int) -> None:
    tx.blank(position + 1, NoteWritten(""), metadata("c-purge"))


def give_wrong_sql(tx: Transaction) -> object:
    return tx.query("SELEKT")


def give_wrong_text(tx: Transaction, stream: str) -> None:
    insert_marks(tx, stream, ["fine", "not\x00fine"], "")


CLAUSES = st.sampled_from(["", "ON CONFLICT DO NOTHING", COUNT_UP])
SOME_NAMES = st.lists(NAMES, max_size=3)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(partial, st.just(append), stream=STREAMS, count=SMALL, expected=st.none() | SMALL),
    st.builds(partial, st.just(mark_by_event), stream=STREAMS, names=SOME_NAMES),
    st.builds(partial, st.just(insert_marks), stream=STREAMS, names=SOME_NAMES, clause=CLAUSES),
    st.builds(partial, st.just(add_mark), stream=STREAMS, name=NAMES),
    st.builds(partial, st.just(change_notes), stream=STREAMS, text=NAMES),
    st.builds(partial, st.just(drop_marks), name=NAMES),
    st.builds(partial, st.just(look), stream=STREAMS),
    st.builds(partial, st.just(remember), name=NAMES),
    st.builds(partial, st.just(recall), name=NAMES),
    st.builds(partial, st.just(put_blob), name=NAMES),
    st.builds(partial, st.just(delete_blob), name=NAMES),
    st.builds(partial, st.just(blank), position=SMALL),
    st.just(give_wrong_sql),
    st.builds(partial, st.just(give_wrong_text), stream=STREAMS),
)


@dataclass(frozen=True)
class Request:
    """A work of several steps, which may swallow their errors, and may fail at its end."""

    steps: list[Step]
    swallows: bool
    fails: bool

    def __call__(self, tx: Transaction) -> list[object]:
        found = [self.take(step, tx) for step in self.steps]
        if self.fails:
            raise Undone
        return found

    def take(self, step: Step, tx: Transaction) -> object:
        if not self.swallows:
            return step(tx)
        try:
            return step(tx)
        except StoreError as error:
            return type(error)


REQUESTS = st.builds(
    Request,
    st.lists(STEPS, min_size=1, max_size=5),
    swallows=st.booleans(),
    fails=st.sampled_from([False, False, False, True]),
)


def outcomes_together(database: Database, requests: Sequence[Request]) -> list[object]:
    with writer_held(database):
        waiting = [database.submit(request) for request in requests]
    return [outcome(future.result) for future in waiting]


def outcomes_one_by_one(database: Database, requests: Sequence[Request]) -> list[object]:
    return [outcome(database.submit(request).result) for request in requests]


def outcome(result: Callable[[], object]) -> object:
    try:
        return result()
    except (StoreError, Undone) as error:
        return type(error)


def state(database: Database) -> list[Any]:
    return database.read_now(
        lambda view: [
            view.head(),
            view.log_rows(),
            [(one.position, one.state_hash) for one in view.blankings()],
            view.stored_blobs(),
            commands(view),
            read_models(view),
        ]
    )


def run_batches(
    make_backend: Callable[[], Backend], make_reference: Callable[[], Backend], *, examples: int
) -> None:
    """Try random batches on empty backends, beside another kind that does one request at a time."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(batches=st.lists(st.lists(REQUESTS, min_size=1, max_size=8), min_size=1, max_size=4))
    def compare(batches: list[list[Request]]) -> None:
        with ExitStack() as stack:
            database = stack.enter_context(make_backend().open())
            reference = stack.enter_context(make_reference().open())
            for batch in batches:
                assert outcomes_together(database, batch) == outcomes_one_by_one(reference, batch)
                assert state(database) == state(reference)
            assert verify(database).findings == ()

    compare()
