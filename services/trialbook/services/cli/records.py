"""The client's models as plain records: what `--format json` prints and tables are made of.

A record has the fields of its model. Payloads are `msgspec.Raw`, so that they stay byte for byte;
time spans are seconds.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from trialbook.client import RunEvent

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PAYLOAD_SUFFIX = "_json"


def record_of(model: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a model, with its id in front if it has a resource name."""
    record: dict[str, Any] = {}
    identifier = getattr(model, "id", None)
    if identifier is not None:
        record["id"] = identifier
    for field in fields(model):
        value = getattr(model, field.name)
        if field.name.endswith(PAYLOAD_SUFFIX):
            name = field.name.removesuffix(PAYLOAD_SUFFIX)
            record[name] = None if value is None else msgspec.Raw(value.encode())
        else:
            record[field.name] = _plain(value)
    return record


def event_record(event: RunEvent) -> dict[str, Any]:
    """Return a fact of a run: its position, its time, what kind it is and what it tells."""
    head: dict[str, Any] = {
        "position": event.position,
        "record_time": event.record_time,
        "kind": "unknown",
    }
    if event.fact is None:
        return head
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event.fact).__name__).lower()
    head["kind"] = kind
    # The position, time and kind come first, and win over a field of the same name.
    return head | record_of(event.fact) | head


def json_text(value: Any) -> str:
    """Return a payload for people: a string without its quotes, else the JSON; "" if unset."""
    if value is None:
        return ""
    text = bytes(value).decode()
    decoded = msgspec.json.decode(value) if text.startswith('"') else None
    return decoded if isinstance(decoded, str) else text


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return record_of(value)
    return value
