"""Which facts events carry, and where they stand."""

from __future__ import annotations

import msgspec

from trialbook.services.domain import dataset, experiment, run
from trialbook.services.domain.dataset import ItemFact, ItemsAdded
from trialbook.services.domain.fact import (
    FACT_FIELDS,
    NAMES,
    PLACES_PER_EVENT,
    TOPICS,
    EventName,
    end_of,
    fact_position,
    facts_of,
    log_position,
)
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.domain.run import RunStarted


def test_an_event_of_items_carries_each_of_them_in_order() -> None:
    items = tuple(ItemFact(f"i{number}", number, "1") for number in range(1, 4))

    assert facts_of(ItemsAdded("u", 1, items)) == items


def test_another_event_is_one_fact_itself() -> None:
    event = dataset.DatasetDeleted("u")

    assert facts_of(event) == (event,)


def test_the_scorers_of_a_run_are_no_facts() -> None:
    assert RunStarted not in FACT_FIELDS
    assert FACT_FIELDS[run.ResultsRecorded] == "results"
    assert FACT_FIELDS[run.ScoresRecorded] == "scores"


def test_every_event_with_many_structs_is_known_to_carry_facts() -> None:
    carrying = {
        event_class.__name__
        for event_class in EVENT_TYPES.values()
        for field in msgspec.structs.fields(event_class)
        if "Fact, ..." in str(field.type) or "ItemKey, ..." in str(field.type)
    }

    assert carrying == {event_class.__name__ for event_class in FACT_FIELDS}


def test_an_event_has_a_place_for_every_fact() -> None:
    assert max(dataset.FACTS_PER_EVENT, run.FACTS_PER_EVENT) < PLACES_PER_EVENT


def test_places_do_not_meet_those_of_the_next_event() -> None:
    for position in (1, 2, 10**9):
        places = [fact_position(position, index) for index in range(dataset.FACTS_PER_EVENT)]
        assert {log_position(place) for place in places} == {position}
        assert places[-1] <= end_of(position) < fact_position(position + 1, 0)
    assert end_of(0) == 0


def test_old_names_are_read_as_the_present_ones() -> None:
    assert NAMES[experiment.ExperimentCreated] == EventName("experiment", "created", 1)
    assert TOPICS["dataset.version_made.v1"] == TOPICS["dataset.version_made.v2"]
    assert TOPICS["dataset.version_made.v1"].schema_version == 2
