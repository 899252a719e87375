"""Cuts a request into what it brings of each trace, with the resources and scopes it came under."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from trialbook.services.application.telemetry import Arrival
from trialbook.services.otlp.evaluation_record import SCOPE as EVALUATION_SCOPE
from trialbook.services.otlp.framing import framed
from trialbook.services.otlp.rejection import Cause
from trialbook.services.otlp.signal import Data, Signal
from trialbook.services.otlp.trimming import MOST_PARTS, MOST_VALUE_BYTES, trim_origin

MOST_TRACES = 10_000
"""Traces of which one request may bring something."""
MOST_STORED = 128 * 1024 * 1024
"""Bytes that one request may come to when each trace has its resources and scopes."""

# ResourceSpans and ResourceLogs, ScopeSpans and ScopeLogs number their fields alike.
_RESOURCES = _ORIGIN = 1
_SCOPES = _ENTRIES = 2
_SCHEMA_URL = 3
_TRACE_ID_BYTES, _SPAN_ID_BYTES = 16, 8
_NO_TRACE, _NO_SPAN = bytes(_TRACE_ID_BYTES), bytes(_SPAN_ID_BYTES)
# An event or a link takes two bytes at least: whatever is smaller has not too many of them.
_HARMLESS_BYTES = 2 * MOST_PARTS


@dataclass(frozen=True, slots=True)
class _Origin:
    """What stands around entries: a resource and a scope, serialised."""

    resource_number: int
    resource: bytes
    scope: bytes


_Group: TypeAlias = tuple[_Origin, list[bytes]]


@dataclass(slots=True)
class Cut:
    """A request in parts: what it brings of each trace, and how many entries it loses by what."""

    arrivals: list[Arrival] = field(default_factory=list)
    rejected: Counter[Cause] = field(default_factory=Counter)
    truncated: int = 0
    """Values that were cut since they are too large."""


def cut(signal: Signal, data: Data) -> Cut:
    """Cut a request."""
    return _Cutting(signal).run(data)


class _Cutting:
    """The work on one request."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._traces: dict[bytes, list[_Group]] = {}
        self._links: dict[bytes, set[bytes]] = {}
        self._done = Cut()

    def run(self, data: Data) -> Cut:
        """Take the request apart, then make what is stored of each trace."""
        signal = self._signal
        for number, resource in enumerate(signal.resources(data)):
            if not signal.scopes(resource):
                continue
            around = self._around(resource.resource, resource.schema_url)
            for scope in signal.scopes(resource):
                if scope.scope.name == EVALUATION_SCOPE:
                    # What the service told of scores, come back: no news of what was judged.
                    continue
                origin = _Origin(number, around, self._around(scope.scope, scope.schema_url))
                self._sort(origin, signal.entries(scope))
        self._arrive()
        return self._done

    def _around(self, message: Any, schema_url: str) -> bytes:
        if message.ByteSize() > MOST_VALUE_BYTES:
            self._done.truncated += trim_origin(message)
        around = framed(_ORIGIN, message.SerializeToString())
        return around + framed(_SCHEMA_URL, schema_url.encode()) if schema_url else around

    def _sort(self, origin: _Origin, entries: Any) -> None:
        """Put the entries of a scope to their traces."""
        spans = self._signal.kind == 0
        here: dict[bytes, list[bytes]] = {}
        for entry in entries:
            trace_id = entry.trace_id
            group = here.get(trace_id)
            if group is None:
                group = self._group(origin, trace_id)
                if group is None:
                    continue
                here[trace_id] = group
            if not _has_span_id(entry.span_id, required=spans):
                self._done.rejected[Cause.BAD_ID] += 1
                continue
            body = entry.SerializeToString()
            if len(body) > _HARMLESS_BYTES:
                body = self._trimmed(entry, body)
            if spans and entry.links:
                self._note_links(trace_id, entry.links)
            group.append(framed(_ENTRIES, body))

    def _group(self, origin: _Origin, trace_id: bytes) -> list[bytes] | None:
        """Return where the entries of a trace go that come from there; None if nowhere."""
        if len(trace_id) != _TRACE_ID_BYTES or trace_id == _NO_TRACE:
            unnamed = self._signal.kind != 0 and trace_id in (b"", _NO_TRACE)
            self._done.rejected[Cause.NO_TRACE if unnamed else Cause.BAD_ID] += 1
            return None
        groups = self._traces.get(trace_id)
        if groups is None:
            if len(self._traces) >= MOST_TRACES:
                self._done.rejected[Cause.TOO_MANY_TRACES] += 1
                return None
            groups = self._traces[trace_id] = []
        group: list[bytes] = []
        groups.append((origin, group))
        return group

    def _trimmed(self, entry: Any, body: bytes) -> bytes:
        """Return an entry without what is too large of it."""
        many = self._signal.kind == 0 and (
            len(entry.events) > MOST_PARTS or len(entry.links) > MOST_PARTS
        )
        if len(body) <= MOST_VALUE_BYTES and not many:
            return body
        self._done.truncated += self._signal.trim(entry)
        return bytes(entry.SerializeToString())

    def _note_links(self, trace_id: bytes, links: Any) -> None:
        linked = self._links.setdefault(trace_id, set())
        linked.update(
            link.trace_id
            for link in links
            if len(link.trace_id) == _TRACE_ID_BYTES and link.trace_id != trace_id
        )
        linked.discard(_NO_TRACE)

    def _arrive(self) -> None:
        stored = 0
        for trace_id, groups in self._traces.items():
            arrival = self._arrival(trace_id, groups)
            if not arrival.count:
                continue
            stored += len(arrival.body)
            if stored > MOST_STORED:
                self._done.rejected[Cause.TOO_LARGE] += arrival.count
            else:
                self._done.arrivals.append(arrival)

    def _arrival(self, trace_id: bytes, groups: list[_Group]) -> Arrival:
        links = frozenset(linked.hex() for linked in self._links.get(trace_id, ()))
        return _arrival(self._signal, trace_id.hex(), groups, links)


def _arrival(signal: Signal, trace_id: str, groups: list[_Group], links: frozenset[str]) -> Arrival:
    body = _joined(groups)

    def shorten(count: int, size: int) -> Arrival | None:
        kept = _first(groups, count, size)
        return _arrival(signal, trace_id, kept, links) if kept else None

    return Arrival(
        trace_id=trace_id,
        kind=signal.kind,
        count=sum(len(entries) for _, entries in groups),
        body=body,
        digest=hashlib.blake2b(body, digest_size=16, person=bytes((signal.kind,))).digest(),
        links=links,
        shorten=shorten,
    )


def _joined(groups: list[_Group]) -> bytes:
    """Return a request of these entries, those of one resource together."""
    resources = []
    for _, some in groupby(groups, key=lambda group: group[0].resource_number):
        scopes = list(some)
        inside = [
            framed(_SCOPES, origin.scope + b"".join(entries))
            for origin, entries in scopes
            if entries
        ]
        if inside:
            resources.append(framed(_RESOURCES, scopes[0][0].resource + b"".join(inside)))
    return b"".join(resources)


def _first(groups: list[_Group], count: int, size: int) -> list[_Group]:
    """Return as many of the first entries as these numbers of entries and of bytes let in."""
    kept: list[_Group] = []
    for origin, entries in groups:
        some: list[bytes] = []
        # What frames it takes a few bytes for each length more.
        size -= len(origin.resource) + len(origin.scope) + 20
        for entry in entries:
            size -= len(entry)
            count -= 1
            if count < 0 or size < 0:
                break
            some.append(entry)
        if some:
            kept.append((origin, some))
        if count < 0 or size < 0:
            break
    return kept


def _has_span_id(span_id: bytes, *, required: bool) -> bool:
    """Whether an id names a span, or names none where that may be."""
    if len(span_id) != _SPAN_ID_BYTES:
        return not required and not span_id
    return not required or span_id != _NO_SPAN
