"""Followers who hear of no commit find what there is by looking."""

from __future__ import annotations

import threading

import pytest

from trialbook.eventstore import Database
from trialbook.eventstore.conformance.notebook import write, write_note


def test_events_of_which_nobody_tells_are_found_by_looking(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    with database.recorder.subscribe() as subscription:
        waiting = threading.Thread(target=lambda: found.append(next(subscription).id))
        with monkeypatch.context() as deaf:
            # As if a message of the server were lost, or the process died that was to send it.
            deaf.setattr(database.commits, "announce", lambda: None)
            waiting.start()
            write(database, lambda tx: write_note(tx, "n", "from afar"))
            waiting.join()

    assert found == [1]
