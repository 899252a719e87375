"""What the store knows of an event besides its content."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class Metadata(msgspec.Struct, frozen=True, array_like=True):
    """Who caused an event, when, and by which command.

    New fields go at the end and have defaults: the struct is stored as an array.
    """

    recorded_at: int
    """Microseconds since 1970-01-01T00:00:00Z."""
    actor: str
    """The person or process that gave the command."""
    command_id: str
    """The command that led to the event."""
    cause: str = ""
    """What led to the command: another command's id or an event's position; empty if nothing."""
    command: str = ""
    """Which command it was, for example ``AddItems``; empty in the events of old releases."""
    reason: str = ""
    """Why the command was given, in the words of who gave it; empty if they did not say."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it stands in the log."""

    position: int
    """Place in the whole log: 1, 2, 3 … in the order of commits. It never changes."""
    stream: str
    """The stream that the event belongs to."""
    version: int
    """Place in its stream: 1, 2, 3 … without gaps."""
    topic: str
    """The stable name under which the event was stored, for example ``dataset.created.v1``."""
    event: msgspec.Struct
    """The content, in the shape of the newest class of its kind."""
    metadata: Metadata
