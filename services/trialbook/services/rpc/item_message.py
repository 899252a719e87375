"""Items between the wire and the application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_extras import (
    DENY,
    NO_EXTRAS,
    ItemExtras,
    StoredExtras,
    StoredToolMock,
    ToolMock,
    json_of,
    read_extras,
)
from trialbook.services.application.item_update import UPDATABLE, ItemUpdate
from trialbook.services.application.views import DatasetView, ItemView
from trialbook.services.domain.naming import item_name
from trialbook.services.rpc.definition import read_scorers, to_scorer
from trialbook.services.rpc.payload import read_json, write_json, write_time
from trialbook.services.rpc.update_mask import masked
from trialbook.v1 import dataset_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc

_UNKNOWN = "unknown"
_SOURCES = {
    pb.ITEM_SOURCE_TYPE_UNSPECIFIED: "",
    pb.ITEM_SOURCE_TYPE_MANUAL: "",
    pb.ITEM_SOURCE_TYPE_CSV: "csv",
    pb.ITEM_SOURCE_TYPE_JSONL: "jsonl",
    pb.ITEM_SOURCE_TYPE_JSON: "json",
    pb.ITEM_SOURCE_TYPE_PARQUET: "parquet",
    pb.ITEM_SOURCE_TYPE_TRACE: "trace",
    pb.ITEM_SOURCE_TYPE_RESULT: "result",
    pb.ITEM_SOURCE_TYPE_GENERATED: "generated",
}
_SOURCE_NUMBERS = {name: number for number, name in _SOURCES.items() if name} | {
    "": pb.ITEM_SOURCE_TYPE_MANUAL
}
_POLICIES = {
    pb.UNMOCKED_TOOL_POLICY_UNSPECIFIED: "",
    pb.UNMOCKED_TOOL_POLICY_ALLOW: "",
    pb.UNMOCKED_TOOL_POLICY_DENY: DENY,
}
_FIRST_EXTRA = pb.Item.EXPECTED_TRAJECTORY_FIELD_NUMBER


def read_items(items: Iterable[pb.Item]) -> list[ItemDraft]:
    """Return items from the wire."""
    return [read_item(item) for item in items]


def read_item(item: pb.Item) -> ItemDraft:
    """Return an item from the wire."""
    return ItemDraft(
        item.item_id,
        read_json(item.input),
        read_json(item.expected),
        read_json(item.context),
        read_json(item.metadata),
        tuple(item.tags) if item.tags else (),
        item.split,
        item.external_id,
        _SOURCES.get(item.source.type, _UNKNOWN) if item.HasField("source") else "",
        _extras(item),
    )


def read_updates(updates: Sequence[rpc.ItemUpdate]) -> list[ItemUpdate]:
    """Return updates from the wire. Raises Invalid for fields that cannot be updated."""
    return [
        ItemUpdate(
            read_item(update.item),
            frozenset(
                masked(update.item, update.update_mask, UPDATABLE, f"updates[{index}].update_mask")
            ),
        )
        for index, update in enumerate(updates)
    ]


def _extras(item: pb.Item) -> ItemExtras:
    fields = item.ListFields()
    if not fields or fields[-1][0].number < _FIRST_EXTRA:
        return NO_EXTRAS
    return ItemExtras(
        read_json(item.expected_trajectory),
        read_json(item.start_options),
        tuple(
            ToolMock(mock.tool, read_json(mock.output), read_json(mock.arguments))
            for mock in item.tool_mocks
        ),
        _POLICIES.get(item.unmocked_tools, _UNKNOWN),
        read_scorers("item.scorers", item.scorers),
        item.source.reference,
    )


def to_item(view: DatasetView, item: ItemView) -> pb.Item:
    """Return an item for the wire. A purged one has no payloads."""
    message = pb.Item(
        name=item_name(view.project, view.dataset_id, item.item_id),
        item_id=item.item_id,
        external_id=item.external_id,
        input=None if item.purged_at is not None else write_json(item.input),
        expected=write_json(item.expected),
        context=write_json(item.context),
        metadata=write_json(item.metadata),
        tags=item.tags,
        split=item.split,
        ordinal=item.ordinal,
        added_version=item.added_version,
        create_time=write_time(item.created_at),
        version=item.version,
        update_time=write_time(item.changed_at),
        purged=item.purged_at is not None,
    )
    if item.source:
        message.source.type = _SOURCE_NUMBERS[item.source]
    if item.extras is not None:
        _write_extras(message, read_extras(item.extras))
    return message


def to_tool_mock(mock: StoredToolMock) -> pb.ToolMock:
    """Return what a tool is to answer for the wire."""
    return pb.ToolMock(
        tool=mock.tool,
        arguments=write_json(json_of(mock.arguments)),
        output=write_json(json_of(mock.output)),
    )


def _write_extras(message: pb.Item, extras: StoredExtras) -> None:
    more = pb.Item(
        expected_trajectory=write_json(json_of(extras.expected_trajectory)),
        start_options=write_json(json_of(extras.start_options)),
        tool_mocks=map(to_tool_mock, extras.tool_mocks),
        scorers=map(to_scorer, extras.scorers),
    )
    if extras.unmocked_tools:
        more.unmocked_tools = pb.UNMOCKED_TOOL_POLICY_DENY
    if extras.source_reference:
        more.source.reference = extras.source_reference
        if not message.HasField("source"):
            more.source.type = pb.ITEM_SOURCE_TYPE_MANUAL
    message.MergeFrom(more)
