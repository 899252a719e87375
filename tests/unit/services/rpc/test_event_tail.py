"""What is kept of the newest events when several subscribe."""

from __future__ import annotations

import pytest

from trialbook.services.application.event import EventView, Selection
from trialbook.services.rpc.tail import _includes, _united

ADDED = frozenset({"dataset.items_added.v1"})
ENDED = frozenset({"run.ended.v1"})


def event(topic: str, project: str = "p") -> EventView:
    noun, kind, _ = topic.split(".")
    return EventView(
        position=256,
        topic=topic,
        noun=noun,
        kind=kind,
        schema_version=1,
        project=project,
        resource=f"projects/{project}/{noun}s/x",
        recorded_at=1,
        author="ada",
        command="",
        command_id="",
        cause="",
        reason="",
        data=None,
        fact_count=1,
    )


@pytest.mark.parametrize(
    ("selections", "united"),
    [
        ([Selection("p", ADDED)], Selection("p", ADDED)),
        ([Selection("p", ADDED), Selection("p", ENDED)], Selection("p", ADDED | ENDED)),
        ([Selection("p", ADDED), Selection("q", ADDED)], Selection("", ADDED)),
        ([Selection("p", ADDED), Selection("", ADDED)], Selection("", ADDED)),
        ([Selection("p", ADDED), Selection("p")], Selection("p")),
        ([Selection("p", author="ada", resource="projects/p/runs/r")], Selection("p")),
    ],
)
def test_what_is_kept_is_enough_for_all(selections: list[Selection], united: Selection) -> None:
    assert _united(selections) == united
    for selection in selections:
        assert _includes(united, selection)
        for topic in (*ADDED, *ENDED):
            for project in ("p", "q"):
                told = event(topic, project)
                assert united.fits(told) or not selection.fits(told)


def test_what_is_wanted_beyond_what_is_kept_is_noticed() -> None:
    assert not _includes(Selection("p", ADDED), Selection("p", ENDED))
    assert not _includes(Selection("p", ADDED), Selection("q", ADDED))
    assert not _includes(Selection("p", ADDED), Selection("p"))
    assert _includes(Selection(), Selection("p", ADDED))
