"""Stable names for event classes, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trialbook.eventstore.errors import UndecodableEvent, UnknownEvent, UnstorableValue
from trialbook.eventstore.events import Metadata

Upcast = Callable[[Any], Any]
"""Turns an old event's decoded fields (a dict; a list for ``array_like`` classes) into the
fields of the present class."""

_Decode = Callable[[bytes], tuple[Metadata, msgspec.Struct]]
_TOPIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\.v[1-9][0-9]*")


class EventRegistry:
    """Knows every event by a name that stays when its class is renamed or moved.

    A name ends in its schema version (``dataset.items_added.v1``). When the shape of an event
    changes, its class is registered under the next version, and ``upcast`` says how the events
    stored under each older name become the new shape.
    """

    def __init__(self) -> None:
        self._topics: dict[type[msgspec.Struct], str] = {}
        self._decoders: dict[str, _Decode] = {}
        self._classes: dict[str, type[msgspec.Struct]] = {}
        self._encoder = msgspec.msgpack.Encoder()

    def register(
        self,
        topic: str,
        event_class: type[msgspec.Struct],
        *,
        upcast: Mapping[str, Upcast] | None = None,
    ) -> None:
        """Give ``event_class`` its name, and say how to read it from older names.

        Raises ValueError if a topic has no version at its end, or if a topic or the class is
        registered already.
        """
        olds = dict(upcast or {})
        self._require_free(topic, event_class, [topic, *olds])
        self._topics[event_class] = topic
        self._decoders[topic] = _direct(event_class)
        for old, change in olds.items():
            self._decoders[old] = _upcasting(event_class, change)
        self._classes.update(dict.fromkeys((topic, *olds), event_class))

    @property
    def topics(self) -> frozenset[str]:
        """Every name that can be decoded, old ones included."""
        return frozenset(self._decoders)

    def topic_of(self, event: msgspec.Struct) -> str:
        """Return the name under which ``event`` is stored; UnknownEvent if it has none."""
        try:
            return self._topics[type(event)]
        except KeyError:
            raise UnknownEvent(
                f"{type(event).__qualname__} is not a registered event. "
                "Register its class under a topic before storing it."
            ) from None

    def is_of(self, topic: str, event: msgspec.Struct) -> bool:
        """Say whether what is stored under ``topic`` is read as the class of ``event``."""
        return self._classes.get(topic) is type(event)

    def encode(self, event: msgspec.Struct, metadata: Metadata) -> bytes:
        """Return the bytes of an event; UnstorableValue if a field cannot be encoded."""
        try:
            return self._encoder.encode((metadata, event))
        except (TypeError, ValueError, OverflowError) as error:
            raise UnstorableValue(
                f"{type(event).__qualname__} cannot be stored: {error}."
            ) from error

    def decode(self, topic: str, payload: bytes) -> tuple[Metadata, msgspec.Struct]:
        """Return what ``encode`` made bytes of, in the shape of the present class.

        Raises UnknownEvent for a topic that nobody registered, and UndecodableEvent for bytes
        that do not fit it.
        """
        try:
            decode = self._decoders[topic]
        except KeyError:
            raise UnknownEvent(
                f"The log holds an event {topic!r} that this release does not know. "
                "Upgrade to the release that wrote it."
            ) from None
        try:
            return decode(payload)
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
            raise UndecodableEvent(
                f"A stored event {topic!r} cannot be decoded: {error}."
            ) from error

    def _require_free(
        self, topic: str, event_class: type[msgspec.Struct], names: list[str]
    ) -> None:
        for name in names:
            if _TOPIC.fullmatch(name) is None:
                raise ValueError(f"{name!r} is not a topic like 'dataset.items_added.v1'")
            if name in self._decoders:
                raise ValueError(f"topic {name!r} is registered already")
        if event_class in self._topics:
            raise ValueError(
                f"{event_class.__qualname__} is registered already, "
                f"as {self._topics[event_class]!r}; it cannot become {topic!r}"
            )


def _direct(event_class: type[msgspec.Struct]) -> _Decode:
    decoder: msgspec.msgpack.Decoder[tuple[Metadata, msgspec.Struct]] = msgspec.msgpack.Decoder(
        tuple[Metadata, event_class]  # type: ignore[valid-type]  # a type made at run time
    )
    return decoder.decode


def _upcasting(event_class: type[msgspec.Struct], change: Upcast) -> _Decode:
    decoder = msgspec.msgpack.Decoder(tuple[Metadata, Any])

    def decode(payload: bytes) -> tuple[Metadata, msgspec.Struct]:
        metadata, fields = decoder.decode(payload)
        return metadata, msgspec.convert(change(fields), event_class)

    return decode
