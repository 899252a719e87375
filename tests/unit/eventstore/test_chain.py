from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.eventstore import Blanking, LogRow, StoreError
from trialbook.eventstore.chain import ORIGIN, next_digest, state_hash
from trialbook.eventstore.log import chained, require_continuation, require_read_model_names

pytestmark = pytest.mark.unit

ENTRIES = [("a", 1, "t.x.v1", b"one"), ("b", 1, "t.x.v1", b"two"), ("a", 2, "t.y.v1", b"")]


def test_the_first_digest_is_what_the_documentation_says() -> None:
    expected = hashlib.sha256(
        bytes(32)
        + (1).to_bytes(8, "big")
        + (2).to_bytes(4, "big")
        + "ä".encode()
        + (7).to_bytes(8, "big")
        + (6).to_bytes(4, "big")
        + b"t.x.v1"
        + hashlib.sha256(b"state").digest()
    ).digest()

    assert next_digest(ORIGIN, 1, "ä", 7, "t.x.v1", state_hash(b"state")) == expected


names = st.text(st.characters(exclude_categories=["Cs"]))
counts = st.integers(min_value=0, max_value=2**63 - 1)


@dataclass(frozen=True)
class Place:
    previous: bytes
    position: int
    stream: str
    version: int
    topic: str
    hashed: bytes

    def digest(self) -> bytes:
        return next_digest(
            self.previous, self.position, self.stream, self.version, self.topic, self.hashed
        )


places = st.builds(
    Place,
    st.binary(min_size=32, max_size=32),
    counts,
    names,
    counts,
    names,
    st.binary(min_size=32, max_size=32),
)


@given(places, places)
def test_two_events_have_one_digest_only_if_they_are_the_same(one: Place, other: Place) -> None:
    assert (one.digest() == other.digest()) == (one == other)


def test_a_text_cannot_pass_into_the_next_one() -> None:
    first = next_digest(ORIGIN, 1, "ab", 1, "c", bytes(32))

    assert first != next_digest(ORIGIN, 1, "a", 1, "bc", bytes(32))


def test_new_events_follow_on_the_head() -> None:
    rows = chained((0, ORIGIN), ENTRIES)

    assert [row.position for row in rows] == [1, 2, 3]
    assert chained((2, rows[1].digest), ENTRIES[2:]) == rows[2:]
    require_continuation((0, ORIGIN), rows, [])
    require_continuation((1, rows[0].digest), rows[1:], [])


def test_rows_that_skip_a_position_do_not_continue_the_log() -> None:
    rows = chained((0, ORIGIN), ENTRIES)

    with pytest.raises(StoreError, match="Position 2 does not follow on 0"):
        require_continuation((0, ORIGIN), rows[1:], [])


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "z"},
        {"version": 9},
        {"topic": "t.z.v1"},
        {"state": b"altered"},
        {"digest": bytes(32)},
    ],
)
def test_a_row_that_was_altered_does_not_continue_the_log(change: dict[str, object]) -> None:
    rows = chained((0, ORIGIN), ENTRIES)
    rows[1] = rows[1]._replace(**change)  # type: ignore[arg-type]  # any field of a row

    with pytest.raises(StoreError, match="digest at position 2"):
        require_continuation((0, ORIGIN), rows, [])


def blanked(row: LogRow, state: bytes) -> tuple[LogRow, Blanking]:
    blanking = Blanking(row.position, state_hash(row.state), state_hash(state), "c", 1)
    return row._replace(state=state), blanking


def test_a_blanked_row_continues_the_log_with_its_blanking_only() -> None:
    rows = chained((0, ORIGIN), ENTRIES)
    rows[0], blanking = blanked(rows[0], b"erased")

    require_continuation((0, ORIGIN), rows, [blanking])
    with pytest.raises(StoreError, match="digest at position 1"):
        require_continuation((0, ORIGIN), rows, [])


def test_what_stands_in_a_blanked_place_may_not_be_altered_again() -> None:
    rows = chained((0, ORIGIN), ENTRIES)
    rows[0], blanking = blanked(rows[0], b"erased")
    rows[0] = rows[0]._replace(state=b"forged")

    with pytest.raises(StoreError, match="state at position 1"):
        require_continuation((0, ORIGIN), rows, [blanking])


def test_a_blanking_needs_its_row() -> None:
    rows = chained((0, ORIGIN), ENTRIES)

    with pytest.raises(StoreError, match="blanking of position 7"):
        require_continuation((0, ORIGIN), rows, [Blanking(7, bytes(32), bytes(32), "c", 1)])


@pytest.mark.parametrize("table", ["event", "Blanked", "migration", "numbering", "meta"])
def test_the_store_keeps_its_own_tables(table: str) -> None:
    with pytest.raises(ValueError, match="belongs to the store"):
        require_read_model_names([table])
