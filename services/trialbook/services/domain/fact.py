"""The facts inside events, each with a place of its own in the whole log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args, get_origin, get_type_hints

import msgspec

from trialbook.services.domain.history import EVENT_TYPES, UPCASTS

PLACES_PER_EVENT = 256
"""How many positions an event takes, more than it may carry facts: they never change."""


class EventName(msgspec.Struct, frozen=True):
    """`dataset.items_added.v1`, in its parts."""

    noun: str
    kind: str
    schema_version: int


def _parsed(topic: str) -> EventName:
    noun, kind, version = topic.split(".")
    return EventName(noun, kind, int(version.removeprefix("v")))


def _field_of_facts(event_class: type[msgspec.Struct]) -> str | None:
    """Return the field that is a tuple of structs which are stored as arrays, as facts are."""
    found = [name for name, hint in get_type_hints(event_class).items() if _is_tuple_of_facts(hint)]
    if len(found) > 1:
        raise TypeError(f"{event_class.__name__} carries facts of several kinds: {found}")
    return found[0] if found else None


def _is_tuple_of_facts(hint: object) -> bool:
    if get_origin(hint) is not tuple:
        return False
    inner = get_args(hint)[0]
    return (
        isinstance(inner, type)
        and issubclass(inner, msgspec.Struct)
        and inner.__struct_config__.array_like
    )


FACT_FIELDS: dict[type[msgspec.Struct], str] = {
    event_class: field
    for event_class in EVENT_TYPES.values()
    if (field := _field_of_facts(event_class)) is not None
}
"""Which field of an event holds its facts. Other events are one fact themselves."""

NAMES: dict[type[msgspec.Struct], EventName] = {
    event_class: _parsed(topic) for topic, event_class in EVENT_TYPES.items()
}
NOUNS = frozenset(name.noun for name in NAMES.values())
KINDS = frozenset(name.kind for name in NAMES.values())
TOPICS: dict[str, EventName] = {
    topic: _parsed(present)
    for present in EVENT_TYPES
    for topic in (present, *UPCASTS.get(present, ()))
}
"""Every name that may stand in a log, old ones included, with what it is read as."""


def facts_of(event: msgspec.Struct) -> Sequence[msgspec.Struct]:
    """Return the facts that an event carries, in their order; else the event itself."""
    field = FACT_FIELDS.get(type(event))
    return (event,) if field is None else getattr(event, field)


def fact_position(position: int, index: int) -> int:
    """Return the place of the fact at `index` in the event at a position of the log."""
    return position * PLACES_PER_EVENT + index


def log_position(position: int) -> int:
    """Return the position in the log of the event that a fact stands in."""
    return position // PLACES_PER_EVENT


def end_of(position: int) -> int:
    """Return the last place of the event at a position of the log; 0 for an empty log."""
    return fact_position(position, PLACES_PER_EVENT - 1) if position else 0
