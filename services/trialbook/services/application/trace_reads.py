"""Telemetry that came in, as it is stored: raw chunks of spans and log records, by trace."""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Protocol

import msgspec


class ChunkKind(enum.IntEnum):
    """What a chunk holds. The numbers stand in rows: they stay as they are."""

    SPANS = 0
    RECORDS = 1


class TraceRow(msgspec.Struct, frozen=True):
    """What is stored of a trace. Times are in microseconds.

    `spans` counts stored spans, those of overlapping exports each time; `rejected` those that came
    beyond what a trace may hold; `version` grows with every chunk that brought something.
    """

    trace_id: str
    spans: int
    records: int
    bytes: int
    rejected: int
    version: int
    first_seen: int
    last_seen: int


class Chunk(msgspec.Struct, frozen=True):
    """Some spans (OTLP's TracesData) or log records (LogsData) of one trace, serialised."""

    trace_id: str
    kind: ChunkKind
    arrival: int
    body: bytes


class TraceReads(Protocol):
    """Reads telemetry. Trace ids are 32 lower-case hex digits."""

    def rows(self, trace_ids: Collection[str]) -> dict[str, TraceRow]:
        """Return what is known of those of these traces of which anything came."""
        ...

    def chunks(self, trace_ids: Collection[str]) -> list[Chunk]:
        """Return all that is stored of these traces, in the order of arrival."""
        ...

    def links(self, trace_ids: Collection[str]) -> set[tuple[str, str]]:
        """Return which traces link to which, from and to, as far as one of these takes part."""
        ...
