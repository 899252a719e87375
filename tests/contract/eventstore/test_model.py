"""The store against the simplest thing that could be one: lists in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.unit.eventstore.toy import (
    SCHEMA,
    TABLES,
    NoteWritten,
    metadata,
    open_database,
    read_models,
    texts,
)
from trialbook.eventstore import Transaction, VersionConflict

STREAMS = st.sampled_from(["a", "b", "c/1", "größe"])
TEXTS = st.lists(st.text(max_size=20), max_size=5)


class Undone(Exception):
    """Raised by a work that is to leave nothing."""


class StoreBesideLists(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "store.db"
        self.database = open_database(self.path, durability="normal", readers=1)
        self.log: list[tuple[str, str]] = []

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def stream(self, name: str) -> list[str]:
        return [text for stream, text in self.log if stream == name]

    def append(self, stream: str, new: list[str], expected: int | None, fails: bool) -> None:
        def work(tx: Transaction) -> None:
            tx.append(
                stream,
                [NoteWritten(text) for text in new],
                expected_version=expected,
                metadata=metadata(),
            )
            if fails:
                raise Undone

        self.database.submit(work).result()

    @rule(stream=STREAMS, new=TEXTS, exact=st.booleans())
    def append_rightly(self, stream: str, new: list[str], exact: bool) -> None:
        expected = len(self.stream(stream)) if exact else None
        self.append(stream, new, expected, fails=False)
        self.log += [(stream, text) for text in new]

    @rule(stream=STREAMS, new=TEXTS, off=st.integers(-3, 3).filter(bool))
    def append_at_the_wrong_version(self, stream: str, new: list[str], off: int) -> None:
        with pytest.raises(VersionConflict):
            self.append(stream, new, len(self.stream(stream)) + off, fails=False)

    @rule(stream=STREAMS, new=TEXTS)
    def append_and_fail(self, stream: str, new: list[str]) -> None:
        with pytest.raises(Undone):
            self.append(stream, new, None, fails=True)

    @rule()
    def reopen(self) -> None:
        self.database.close()
        self.database = open_database(self.path, durability="normal", readers=1)

    @rule()
    def rebuild(self) -> None:
        lived = self.database.read_now(read_models)
        assert self.database.rebuild(tables=TABLES, schema=SCHEMA) == len(self.log)
        assert self.database.read_now(read_models) == lived

    @rule(stream=STREAMS, after=st.integers(0, 12))
    def load(self, stream: str, after: int) -> None:
        loaded = self.database.read_now(lambda view: view.load(stream, after_version=after))

        assert texts(loaded) == self.stream(stream)[after:]
        assert [one.version for one in loaded] == list(
            range(after + 1, len(self.stream(stream)) + 1)
        )

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def read_by_position(self, data: st.DataObject) -> None:
        asked = data.draw(st.lists(st.integers(1, len(self.log))))
        found = self.database.read_now(lambda view: view.events_at(asked))

        assert texts(found) == [self.log[position - 1][1] for position in asked]

    @invariant()
    def the_log_is_the_list(self) -> None:
        events = self.database.read_now(lambda view: view.events(limit=10_000))

        assert [one.position for one in events] == list(range(1, len(self.log) + 1))
        assert [(one.stream, text) for one, text in zip(events, texts(events), strict=True)] == (
            self.log
        )


TestStoreBesideLists = StoreBesideLists.TestCase
TestStoreBesideLists.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
