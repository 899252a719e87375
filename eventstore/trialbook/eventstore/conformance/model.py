"""The store against the simplest thing that could be one: lists in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from trialbook.eventstore import RememberedCommand, Transaction, VersionConflict
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.notebook import (
    MARKS_TOPIC,
    NOTE_TOPIC,
    NoteWritten,
    Undone,
    commands,
    digest,
    metadata,
    read_models,
    texts,
)
from trialbook.eventstore.conformance.rebuild import rebuild
from trialbook.eventstore.verification import verify

STREAMS = st.sampled_from(["a", "A", "b", "c/1", "größe"])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
TEXTS = st.lists(TEXT, max_size=5)
COMMANDS = st.integers(0, 8).map("c-{}".format)


class StoreBesideLists(RuleBasedStateMachine):
    """What a store holds, and a plain model of it, after any history."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend = backend
        self.database = self.backend.open(readers=1)
        self.log: list[tuple[str, str]] = []
        self.blobs: dict[bytes, str] = {}
        self.commands: dict[str, bytes] = {}
        self.blanked: set[int] = set()

    def teardown(self) -> None:
        self.database.close()

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

    @rule(parts=st.lists(st.tuples(STREAMS, TEXT), max_size=6), failing=st.sets(st.integers(0, 5)))
    def append_side_by_side(self, parts: list[tuple[str, str]], failing: set[int]) -> None:
        def work(tx: Transaction, place: int) -> None:
            stream, text = parts[place]
            tx.append(stream, [NoteWritten(text)], expected_version=None, metadata=metadata())
            if place in failing:
                raise Undone

        waiting = [
            self.database.submit(lambda tx, place=place: work(tx, place))  # type: ignore[misc]  # binds it
            for place in range(len(parts))
        ]
        for place, future in enumerate(waiting):
            assert isinstance(future.exception(), Undone) == (place in failing)
        self.log += [part for place, part in enumerate(parts) if place not in failing]

    @rule(command_id=COMMANDS, stream=STREAMS, text=TEXT)
    def give_a_command(self, command_id: str, stream: str, text: str) -> None:
        def work(tx: Transaction) -> bytes:
            remembered = tx.recall(command_id)
            if remembered is not None:
                return remembered.result
            tx.append(stream, [NoteWritten(text)], expected_version=None, metadata=metadata())
            tx.remember(command_id, b"f", text.encode(), 1)
            return text.encode()

        result = self.database.submit(work).result()
        if command_id not in self.commands:
            self.commands[command_id] = text.encode()
            self.log.append((stream, text))
        assert result == self.commands[command_id]

    @rule(contents=TEXTS)
    def put_blobs(self, contents: list[str]) -> None:
        blobs = {digest(text): text for text in contents}
        self.database.submit(lambda tx: tx.put_blobs(blobs)).result()
        self.blobs |= blobs

    @precondition(lambda self: self.blobs)
    @rule(data=st.data())
    def delete_a_blob(self, data: st.DataObject) -> None:
        doomed = data.draw(st.sampled_from(sorted(self.blobs)))
        assert self.database.submit(lambda tx: tx.delete_blobs([doomed])).result() == 1
        del self.blobs[doomed]

    @precondition(lambda self: self.log)
    @rule(data=st.data(), left=TEXT)
    def blank(self, data: st.DataObject, left: str) -> None:
        position = data.draw(st.integers(1, len(self.log)))
        stream, text = self.log[position - 1]
        version = len([1 for name, _ in self.log[:position] if name == stream])

        def work(tx: Transaction) -> None:
            tx.blank(position, NoteWritten(left), metadata("c-purge"))
            tx.execute(
                "UPDATE note SET text = ? WHERE stream = ? AND version = ?",
                (left, stream, version),
            )

        self.database.submit(work).result()
        self.log[position - 1] = (stream, left)
        if left != text:
            self.blanked.add(position)

    @rule()
    def reopen(self) -> None:
        self.database.close()
        self.database = self.backend.open(readers=1)

    @rule()
    def rebuild(self) -> None:
        lived = self.database.read_now(read_models)
        assert rebuild(self.database) == len(self.log)
        assert self.database.read_now(read_models) == lived

    @rule(stream=STREAMS, after=st.integers(0, 12))
    def load(self, stream: str, after: int) -> None:
        loaded = self.database.read_now(lambda view: view.load(stream, after_version=after))

        assert texts(loaded) == self.stream(stream)[after:]
        assert [one.version for one in loaded] == list(
            range(after + 1, len(self.stream(stream)) + 1)
        )

    @rule(after=st.integers(0, 30), limit=st.integers(1, 10))
    def read_a_page(self, after: int, limit: int) -> None:
        for topics in ((), (NOTE_TOPIC,)):
            page = self.database.read_now(
                lambda view: view.events(after_position=after, limit=limit, topics=topics)  # noqa: B023  # at once
            )
            assert texts(page) == [text for _, text in self.log[after : after + limit]]
        marks = self.database.read_now(lambda view: view.events(topics=[MARKS_TOPIC]))
        assert marks == []

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def read_by_position(self, data: st.DataObject) -> None:
        asked = data.draw(st.lists(st.integers(1, len(self.log))))
        found = self.database.read_now(lambda view: view.events_at(asked))

        assert texts(found) == [self.log[position - 1][1] for position in asked]

    @rule()
    def verify(self) -> None:
        report = verify(self.database)
        assert report.findings == ()
        assert (report.events, report.blankings, report.blobs) == (
            len(self.log),
            len(self.blanked),
            len(self.blobs),
        )

    @invariant()
    def the_store_is_the_model(self) -> None:
        events = self.database.read_now(lambda view: view.events(limit=10_000))
        assert [one.position for one in events] == list(range(1, len(self.log) + 1))
        assert [(one.stream, text) for one, text in zip(events, texts(events), strict=True)] == (
            self.log
        )
        assert dict(self.database.read_now(lambda view: view.stored_blobs(limit=1_000))) == (
            self.blobs
        )
        assert self.database.read_now(commands) == [
            RememberedCommand(command_id, b"f", result, 1)
            for command_id, result in sorted(self.commands.items())
        ]


def run_model(make_backend: Callable[[], Backend], *, examples: int, steps: int) -> None:
    """Try random histories, each on an empty backend of its own."""

    class OnThisBackend(StoreBesideLists):
        def __init__(self) -> None:
            super().__init__(make_backend())

    run_state_machine_as_test(
        OnThisBackend,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None),
    )
