"""The log as those see it who list it or subscribe to it: fact by fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from trialbook.eventstore import Reader, RecordedEvent
from trialbook.services.application.event import (
    Detail,
    EventPage,
    EventView,
    Scope,
    Selection,
    Span,
    scope_name,
)
from trialbook.services.application.event_json import fact_json, references
from trialbook.services.domain.fact import (
    NAMES,
    end_of,
    fact_position,
    facts_of,
    log_position,
)
from trialbook.services.projections.bodies import PAGE_BYTES
from trialbook.services.projections.owner import uids_of
from trialbook.services.projections.scan import Found, LogScan, first_at

_REASONS = ("reason", "message", "note")
_DAY = 24 * 3600 * 1_000_000


@dataclass(slots=True)
class _Candidate:
    """One fact that is looked at, with what its JSON text and its large bodies come to."""

    view: EventView
    fact: msgspec.Struct
    size: int


class SqlEvents:
    """Implements EventReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def last_position(self) -> int:
        """Return the end of the log, as a position of facts."""
        return end_of(self._head())

    def exists(self, scope: Scope) -> bool:
        """Say whether there ever was a dataset, experiment or run of this name."""
        return bool(uids_of(self._reader, scope))

    def page(self, selection: Selection, span: Span, limit: int, detail: Detail) -> EventPage:
        """Return up to `limit` events, fewer if they are large or few of many fit."""
        head = self._head()
        scan = self._scan(selection, span, head)
        chosen: list[_Candidate] = []
        left = PAGE_BYTES
        for candidate in _candidates(scan, selection, span, detail):
            left -= candidate.size
            if len(chosen) == limit or (chosen and left < 0):
                step = 1 if span.newest_first else -1
                reached = candidate.view.position + step
                return EventPage(self._told(chosen, detail), reached, True, end_of(head))
            chosen.append(candidate)
        rows = self._told(chosen, detail)
        if scan.exhausted:
            reached = span.after if span.newest_first else max(span.after, end_of(head))
            return EventPage(rows, reached, False, end_of(head))
        return EventPage(rows, _edge(scan.reached, span), True, end_of(head))

    def _head(self) -> int:
        return int(self._reader.query("SELECT MAX(position) FROM event")[0][0] or 0)

    def _scan(self, selection: Selection, span: Span, head: int) -> LogScan:
        first = log_position(span.after + 1)
        last = head if span.before is None else min(head, log_position(span.before - 1))
        # Clocks run back now and then: what was recorded near the time is looked at too.
        if selection.start is not None:
            first = max(first, first_at(self._reader, selection.start - _DAY, head))
        if selection.end is not None:
            last = min(last, first_at(self._reader, selection.end + _DAY, head) - 1)
        uids = None if selection.scope is None else uids_of(self._reader, selection.scope)
        return LogScan(
            self._reader, selection, uids, max(1, first), last, downwards=span.newest_first
        )

    def _told(self, chosen: Sequence[_Candidate], detail: Detail) -> list[EventView]:
        digests = {
            reference.digest
            for candidate in chosen
            for reference in (references(candidate.fact) if detail.with_bodies else ())
        }
        if not digests:
            return [candidate.view for candidate in chosen]
        bodies = self._reader.blobs(digests)
        return [
            msgspec.structs.replace(candidate.view, data=fact_json(candidate.fact, bodies))
            for candidate in chosen
        ]


def _edge(position: int, span: Span) -> int:
    """Return the last place of facts that was looked at, in the direction of the span."""
    return fact_position(position, 0) if span.newest_first else end_of(position)


def _candidates(
    scan: LogScan, selection: Selection, span: Span, detail: Detail
) -> Iterator[_Candidate]:
    """Yield the facts that are wanted, in the order of the span."""
    for found in scan:
        metadata = found.recorded.metadata
        if selection.fits_command(metadata.actor, metadata.recorded_at):
            yield from (_summary if detail.summary else _facts)(found, selection, span, detail)


def _facts(found: Found, selection: Selection, span: Span, detail: Detail) -> Iterator[_Candidate]:
    base = _base(found.owner)
    facts = list(enumerate(facts_of(found.recorded.event)))
    for index, fact in reversed(facts) if span.newest_first else facts:
        resource = base + _part(found.owner.noun, fact)
        if not span.covers(fact_position(found.recorded.position, index)):
            continue
        if selection.covers(resource):
            data = fact_json(fact, {})
            size = len(data)
            if detail.with_bodies:
                size += sum(reference.size for reference in references(fact))
            yield _Candidate(_view(found, index, resource, data, 1), fact, size)


def _summary(found: Found, selection: Selection, span: Span, _: Detail) -> Iterator[_Candidate]:
    event, resource = found.recorded.event, _base(found.owner)
    in_span = span.covers(fact_position(found.recorded.position, 0))
    if in_span and selection.covers(resource):
        yield _Candidate(_view(found, 0, resource, None, len(facts_of(event))), event, 0)


def _view(found: Found, index: int, resource: str, data: str | None, fact_count: int) -> EventView:
    recorded, metadata = found.recorded, found.recorded.metadata
    name = NAMES[type(recorded.event)]
    return EventView(
        position=fact_position(recorded.position, index),
        topic=recorded.topic,
        noun=name.noun,
        kind=name.kind,
        schema_version=name.schema_version,
        project=found.owner.project,
        resource=resource,
        recorded_at=metadata.recorded_at,
        author=metadata.actor,
        command=metadata.command,
        command_id=metadata.command_id,
        cause=metadata.cause,
        reason=metadata.reason or _own_reason(recorded),
        data=data,
        fact_count=fact_count,
    )


def _own_reason(recorded: RecordedEvent) -> str:
    """Return what an event itself says of why it is: of a cancellation, a version, a review."""
    event = recorded.event
    return next(filter(None, (getattr(event, name, "") for name in _REASONS)), "")


def _base(owner: Scope) -> str:
    return scope_name(owner) if owner.noun else ""


def _part(noun: str, fact: msgspec.Struct) -> str:
    """Return what a fact's resource name has beyond that of the dataset, experiment or run."""
    if noun == "run" and (number := getattr(fact, "number", None)):
        return f"/results/{number}"
    if noun == "dataset" and (item_id := getattr(fact, "item_id", None)):
        return f"/items/{item_id}"
    if noun == "dataset" and (label_id := getattr(fact, "label_id", None)):
        return f"/labels/{label_id}"
    return ""
