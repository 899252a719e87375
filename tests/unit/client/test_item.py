"""Items and their changes on the way to the service and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from trialbook.client import (
    Client,
    DatasetItem,
    InvalidArgument,
    Item,
    ItemSample,
    ItemSelection,
    ItemSource,
    ItemSourceType,
    ItemUpdate,
    Json,
    Scorer,
    ToolMock,
    UnmockedToolPolicy,
)
from trialbook.client.models.item import item_from, item_message
from trialbook.client.models.item_update import update_from
from trialbook.client.requests.item_read import list_items, timestamp_of
from trialbook.v1.dataset_pb2 import Item as ItemMessage

FULL = Item(
    {"q": 1},
    Json("null"),
    id="a",
    context={"u": 1},
    metadata={"m": 2},
    tags=("x", "y"),
    split="test",
    external_id="crm 7",
    expected_trajectory={"steps": []},
    start_options={"t": 0},
    tool_mocks=(
        ToolMock("search", Json("[ 1 ]"), arguments={"q": "r"}),
        ToolMock("now", None),
    ),
    unmocked_tools=UnmockedToolPolicy.DENY,
    scorers=("exact_match", Scorer("levenshtein", threshold=0.5, alias="near")),
    source=ItemSource(ItemSourceType.TRACE, "4bf9"),
)
PLAIN: dict[str, Any] = {
    "input": {"q": 1},
    "expected": None,
    "id": "a",
    "context": {"u": 1},
    "metadata": {"m": 2},
    "tags": ["x", "y"],
    "split": "test",
    "external_id": "crm 7",
    "expected_trajectory": {"steps": []},
    "start_options": {"t": 0},
    "tool_mocks": [
        {"tool": "search", "output": Json("[ 1 ]"), "arguments": {"q": "r"}},
        {"tool": "now", "output": None},
    ],
    "unmocked_tools": "deny",
    "scorers": [
        "exact_match",
        {"scorer": "levenshtein", "alias": "near", "params": {"threshold": 0.5}},
    ],
    "source": {"type": "trace", "reference": "4bf9"},
}


def test_every_field_goes_into_the_message_and_comes_back() -> None:
    stored = DatasetItem.from_message(FULL.to_message())

    assert (stored.id, stored.external_id, stored.split) == ("a", "crm 7", "test")
    assert (stored.input, stored.expected_json) == ({"q": 1}, "null")
    assert (stored.context, stored.metadata, stored.tags) == ({"u": 1}, {"m": 2}, ("x", "y"))
    assert (stored.expected_trajectory, stored.start_options) == ({"steps": []}, {"t": 0})
    assert stored.tool_mocks == FULL.tool_mocks
    assert [mock.output_json for mock in stored.tool_mocks] == ["[ 1 ]", "null"]
    assert [mock.arguments for mock in stored.tool_mocks] == [{"q": "r"}, None]
    assert stored.unmocked_tools is UnmockedToolPolicy.DENY
    assert [scorer.name for scorer in stored.scorers] == ["exact_match", "levenshtein"]
    assert stored.scorers[1].params == {"threshold": 0.5}
    assert stored.source == ItemSource(ItemSourceType.TRACE, "4bf9")


def test_a_mapping_of_plain_values_is_the_same_item() -> None:
    assert item_from(PLAIN).to_message() == FULL.to_message()
    assert item_message(PLAIN) == FULL.to_message()


def test_what_is_not_given_is_not_set() -> None:
    plain: dict[str, object] = {"input": None, "tags": None, "context": None, "source": None}

    expected = ItemMessage()
    expected.input.json = "null"
    assert item_from(plain).to_message() == expected
    assert item_message(plain) == expected


def test_a_purged_item_reads_as_null() -> None:
    stored = DatasetItem.from_message(ItemMessage(item_id="a", purged=True))

    assert (stored.input, stored.has_expected, stored.context, stored.purged) == (
        None,
        False,
        {},
        True,
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"external_id": 7}, "items.3..external_id: give a string"),
        ({"tool_mocks": {"tool": "t"}}, "items.3..tool_mocks: give a list"),
        ({"tool_mocks": ["t"]}, r"tool_mocks\[0\]: give a mapping with tool, arguments, output"),
        ({"tool_mocks": [{"tool": "t"}]}, r"tool_mocks\[0\].output: is required"),
        ({"tool_mocks": [{"output": 1}]}, r"tool_mocks\[0\].tool: is required"),
        ({"tool_mocks": [{"tool": "t", "output": 1, "o": 2}]}, r"unknown keys \['o'\]"),
        ({"unmocked_tools": "perhaps"}, "unmocked_tools: is 'perhaps'; known are .*allow, deny"),
        ({"scorers": ["a", 7]}, r"scorers\[1\]: give a mapping"),
        ({"scorers": [{"scorer": "s", "params": [1]}]}, r"scorers\[0\].params: give an object"),
        ({"source": {"type": "mail"}}, "source.type: is 'mail'; known are .*csv"),
        ({"source": {"type": "csv", "reference": 1}}, "source.reference: give a string"),
        ({"context": {"bad": object()}}, "items.3..context: cannot be written as JSON"),
    ],
)
def test_a_bad_field_is_named_by_its_path(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        item_from({"input": 1, **fields}).to_message("items[3]")
    with pytest.raises(InvalidArgument, match=message):
        item_message({"input": 1, **fields}, "items[3]")


def test_an_update_names_what_it_sets_and_clears() -> None:
    update = ItemUpdate("a", expected=None, tags=["x"], context=None, clear=("split",))

    message = update.to_message()

    assert list(message.update_mask.paths) == ["split", "expected", "context", "tags"]
    assert message.item.expected.json == "null"
    assert not message.item.HasField("context")
    assert (message.item.item_id, list(message.item.tags)) == ("a", ["x"])


def test_an_update_as_a_mapping_is_the_same() -> None:
    plain = {"external_id": "crm 7", "input": {"q": 2}, "clear": ["expected"]}

    assert update_from(plain) == ItemUpdate(external_id="crm 7", input={"q": 2}, clear=["expected"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "changes nothing"),
        ({"clear": "tags"}, "clear: give a list of strings"),
        ({"clear": ["taggs"]}, r"names unknown fields \['taggs'\]; known are .*'tags'"),
        ({"clear": ["tags"], "tags": ["x"]}, "tags is given and cleared"),
        ({"tag": ["x"]}, r"unknown keys \['tag'\]"),
        ({"split": 7}, "split: give a string"),
    ],
)
def test_a_bad_update_is_refused_before_it_is_sent(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        update_from({"id": "a", **fields}).to_message()


def test_a_selection_says_what_is_given() -> None:
    selection = ItemSelection(splits=["test", ""], filter="ordinal > 3", sample=ItemSample(count=9))

    message = selection.to_message()

    assert list(message.splits) == ["test", ""]
    assert (message.filter, message.sample.count, message.sample.seed) == ("ordinal > 3", 9, 0)
    assert ItemSample(fraction=0.5, seed=7).to_message().fraction == 0.5
    assert not ItemSelection().to_message().HasField("sample")


@pytest.mark.parametrize("sample", [ItemSample(), ItemSample(1, 0.5)])
def test_a_sample_is_either_a_count_or_a_fraction(sample: ItemSample) -> None:
    with pytest.raises(InvalidArgument, match="either count or fraction"):
        sample.to_message()


def test_a_text_is_no_list_of_tags() -> None:
    with pytest.raises(InvalidArgument, match=r"selection\.tags: give a list"):
        ItemSelection(tags="hard").to_message()


def test_a_time_without_a_zone_is_refused() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert timestamp_of(moment).ToDatetime(tzinfo=UTC) == moment  # type: ignore[union-attr]
    with pytest.raises(InvalidArgument, match="time zone"):
        list_items(
            "p",
            "d",
            version=None,
            label=None,
            as_of=moment.replace(tzinfo=None),
            selection=None,
            page_size=0,
        )


def test_version_0_is_not_taken_for_the_current_one(client: Client) -> None:
    with pytest.raises(InvalidArgument, match="version: is 0"):
        client.datasets.items("d", version=0)
    with pytest.raises(InvalidArgument, match="version: is 0"):
        client.datasets.item("d", "a", version=0)
