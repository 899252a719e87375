"""What few items have, as one JSON text, and what of it makes a content."""

from __future__ import annotations

import msgspec
import pytest

from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_content import content_of
from trialbook.services.application.item_extras import (
    DENY,
    NO_EXTRAS,
    ItemExtras,
    ToolMock,
    comparable_extras,
    json_of,
    read_extras,
    write_extras,
)
from trialbook.services.application.scorer import ScorerDraft
from trialbook.services.domain.experiment import ScorerSpec

SPEC = ScorerSpec("tone", "tone", '{"a": 1}', 1, built_in=False)
FULL = ItemExtras(
    expected_trajectory='{"steps" : [1.0, 2e3]}',
    start_options='{"b":1,"a":2}',
    tool_mocks=(ToolMock("t", "[ ]", '{"x":1}'), ToolMock("u", "null")),
    unmocked_tools=DENY,
    scorers=(ScorerDraft("tone", "", '{"a": 1}'),),
    source_reference="file.csv",
)


def test_extras_come_back_byte_for_byte() -> None:
    stored = read_extras(write_extras(FULL, (SPEC,)))

    assert json_of(stored.expected_trajectory) == FULL.expected_trajectory
    assert json_of(stored.start_options) == FULL.start_options
    assert [
        (mock.tool, json_of(mock.output), json_of(mock.arguments)) for mock in stored.tool_mocks
    ] == [("t", "[ ]", '{"x":1}'), ("u", "null", None)]
    assert (stored.unmocked_tools, stored.source_reference) == (DENY, "file.csv")
    assert stored.scorers == (SPEC,)


@pytest.mark.parametrize("extras", [NO_EXTRAS, ItemExtras()])
def test_no_extras_are_no_text(extras: ItemExtras) -> None:
    assert write_extras(extras, ()) is None
    assert read_extras(None) == read_extras("{}")
    assert comparable_extras(None) is None


def test_white_space_around_a_value_is_not_kept() -> None:
    text = write_extras(ItemExtras(start_options=' \n{"a": 1}\t'), ())

    assert text == '{"start_options":{"a": 1}}'


def digest(extras: ItemExtras, *scorers: ScorerSpec) -> bytes:
    return content_of(ItemDraft("a", "1", extras=extras), scorers).digest


def test_source_and_versions_of_scorers_are_no_part_of_the_content() -> None:
    scorers = (ScorerDraft("tone", "", ""),)
    newer = ScorerSpec("tone", "tone", '{ "a" : 1.0 }', 2, built_in=False)

    assert digest(ItemExtras(source_reference="x")) == digest(NO_EXTRAS)
    assert digest(ItemExtras(scorers=scorers), SPEC) == digest(ItemExtras(scorers=scorers), newer)


@pytest.mark.parametrize(
    "extras",
    [
        ItemExtras(expected_trajectory="{}"),
        ItemExtras(start_options="{}"),
        ItemExtras(tool_mocks=(ToolMock("t", "1"),)),
        ItemExtras(tool_mocks=(ToolMock("t", "1", "null"),)),
        ItemExtras(unmocked_tools=DENY),
    ],
    ids=range(5),
)
def test_the_rest_is_part_of_the_content(extras: ItemExtras) -> None:
    assert digest(extras) != digest(NO_EXTRAS)


def test_what_a_scorer_judges_is_part_of_the_content() -> None:
    extras = ItemExtras(scorers=(ScorerDraft("tone", "", ""),))
    parts = ({"output_pointer": "/a"}, {"expected_pointer": "/a"}, {"step_id": "a"})

    specs = [SPEC, *(msgspec.structs.replace(SPEC, **part) for part in parts)]

    assert len({digest(extras, spec) for spec in specs}) == 4
