from __future__ import annotations

from types import SimpleNamespace

import pytest

from trialbook.services.rpc.trace_context import SERVER_SPAN, traceparent_of

pytestmark = pytest.mark.unit

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


def told(*values: str | bytes) -> str:
    metadata = [("traceparent", value) for value in values]
    return traceparent_of(SimpleNamespace(invocation_metadata=lambda: metadata))


@pytest.mark.parametrize("flags", ["00", "01", "03"])
def test_a_callers_traceparent_is_taken_as_it_is(flags: str) -> None:
    assert told(f"00-{TRACE}-{SPAN}-{flags}") == f"00-{TRACE}-{SPAN}-{flags}"


def test_what_a_later_version_appends_is_left_out() -> None:
    assert told(f"cc-{TRACE}-{SPAN}-01-what-the-future-is") == GOOD


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"{GOOD}-more",
        f"cc-{TRACE}-{SPAN}-01more",
        GOOD.encode(),
    ],
)
def test_garbage_is_ignored(garbage: str | bytes) -> None:
    assert not told(garbage)


def test_two_traceparents_are_none() -> None:
    assert not told(GOOD, GOOD)


def test_the_services_own_span_goes_before_the_callers() -> None:
    own = f"00-{TRACE}-{'a' * 16}-01"
    token = SERVER_SPAN.set(own)

    assert told(GOOD) == own
    SERVER_SPAN.reset(token)
    assert told(GOOD) == GOOD
