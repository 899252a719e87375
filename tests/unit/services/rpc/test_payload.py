from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.rpc.payload import (
    read_duration,
    read_json,
    write_duration,
    write_json,
    write_time,
)
from trialbook.v1.payload_pb2 import Payload


@given(st.integers(0, 10**15))
def test_durations_and_times_keep_their_microseconds(microseconds: int) -> None:
    duration = write_duration(microseconds)

    assert duration is not None
    assert read_duration(duration) == microseconds
    assert write_time(microseconds).ToMicroseconds() == microseconds


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_any_duration_fits_the_store(seconds: int, nanos: int) -> None:
    assert abs(read_duration(Duration(seconds=seconds, nanos=nanos))) <= 10**15


def test_an_unknown_duration_is_absent() -> None:
    assert write_duration(None) is None


@given(st.text())
def test_a_payload_keeps_its_text(text: str) -> None:
    payload = write_json(text)

    assert payload is not None
    assert read_json(payload) == text


def test_an_empty_payload_is_absent_and_an_empty_text_is_not() -> None:
    assert write_json(None) is None
    assert read_json(Payload()) is None
    assert read_json(Payload(json="")) == ""
