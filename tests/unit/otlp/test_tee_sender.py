from __future__ import annotations

import pytest

from trialbook.services.otlp.tee_sender import Backoff, Outcome


@pytest.mark.parametrize("asked", [None, 0.0, -1.0])
def test_a_collector_that_asks_for_no_wait_is_not_asked_without_one(asked: float | None) -> None:
    backoff = Backoff()
    waits = [backoff.next_wait(Outcome("busy", True, asked)) for _ in range(12)]

    assert 0.05 <= waits[0] <= 0.1
    assert waits[-1] >= 15
    assert max(waits) <= 30


def test_a_wait_that_is_asked_for_is_kept_up_to_a_limit() -> None:
    assert Backoff().next_wait(Outcome("busy", True, 7.0)) == 7.0
    assert Backoff().next_wait(Outcome("busy", True, 7_000.0)) == 30.0
