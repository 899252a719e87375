from __future__ import annotations

import threading

from trialbook.services.engine.in_flight import InFlight, Recording


def test_reported_tasks_count_until_their_recording_ends() -> None:
    in_flight = InFlight()

    first, second = in_flight.begin_recording({1: 2, 2: 1}), in_flight.begin_recording({1: 3})
    counted = dict(in_flight.reported)
    first.end()
    left = dict(in_flight.reported)
    second.end()

    assert counted == {1: 5, 2: 1}
    assert left == {1: 3}
    assert dict(in_flight.reported) == {}


def end_together(recording: Recording, together: threading.Barrier) -> None:
    together.wait()
    recording.end()


def test_a_recording_that_two_threads_end_at_once_is_counted_down_once() -> None:
    """Or a run would be short of slots for as long as the service lives."""
    in_flight = InFlight()
    standing = in_flight.begin_recording({1: 1})
    for _ in range(200):
        recording = in_flight.begin_recording({1: 1})
        together = threading.Barrier(2)

        threads = [
            threading.Thread(target=end_together, args=(recording, together)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert dict(in_flight.reported) == {1: 1}
    standing.end()
