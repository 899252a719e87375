"""What differs between two contents of an item, field by field."""

from __future__ import annotations

from itertools import chain, islice

import msgspec

from trialbook.services.application.item_extras import json_of, read_extras
from trialbook.services.application.json_difference import Change, differences
from trialbook.services.application.views import ItemView

MAX_CHANGES = 200
"""How many differences of one item are told."""

_encode = msgspec.json.Encoder().encode


def item_changes(before: ItemView, after: ItemView) -> list[Change]:
    """Return what differs, in the order of the item's fields; the first of many only.

    Nothing is told of a purged item.
    """
    if before.purged_at is not None or after.purged_at is not None:
        return []
    old, new = _parts(before), _parts(after)
    found = chain.from_iterable(
        [Change(name, old[name], new[name])] * (old[name] != new[name])
        if name in ("tags", "split")
        else differences(name, old[name], new[name])
        for name in old
    )
    return list(islice(found, MAX_CHANGES))


def _parts(item: ItemView) -> dict[str, str | None]:
    """Return the fields of an item's content as JSON texts, None for those that it lacks."""
    extras = read_extras(item.extras)
    return {
        "input": item.input,
        "expected": item.expected,
        "expected_trajectory": json_of(extras.expected_trajectory),
        "context": item.context,
        "metadata": item.metadata,
        "tags": _text(sorted(item.tags)),
        "split": _text(item.split),
        "start_options": json_of(extras.start_options),
        "tool_mocks": _text(extras.tool_mocks),
        "unmocked_tools": _text(extras.unmocked_tools),
        "scorers": _text(extras.scorers),
    }


def _text(value: object) -> str | None:
    return _encode(value).decode() if value else None
