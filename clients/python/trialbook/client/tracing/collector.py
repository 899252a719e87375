"""Finds out which spans belong to which attempt, counts them, and keeps them for the service."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanContext, TracerProvider

from trialbook.client.tracing.attempt_spans import AttemptSpans
from trialbook.client.tracing.relation import ATTEMPT_KEY, RELATION

MAX_KEPT: Final = 100_000
"""How many spans of all attempts together are kept."""
MAX_TAKEN: Final = 1_000
"""How many attempts whose spans were taken are remembered for those that are open still."""


class SpanCollector(SpanProcessor):
    """A span processor beside those of the user, whose exporters do not notice it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_span: dict[int, AttemptSpans] = {}
        self._by_trace: dict[int, AttemptSpans] = {}
        self._taken: OrderedDict[int, AttemptSpans] = OrderedDict()
        self._kept = 0

    def watch(self, trace_id: int) -> AttemptSpans:
        """Begin to collect the spans of an attempt, whose task has this trace id."""
        spans = AttemptSpans(trace_id)
        with self._lock:
            self._by_trace[trace_id] = spans
        return spans

    def take(self, spans: AttemptSpans, late: Callable[[ReadableSpan], None]) -> list[ReadableSpan]:
        """Return the spans that have ended; `late` is called with each that ends from now on."""
        with self._lock:
            taken, spans.kept = spans.kept, []
            self._kept -= len(taken)
            spans.late = late
            self._forget_ended(spans)
            if spans.open_ids:
                self._taken[id(spans)] = spans
                if len(self._taken) > MAX_TAKEN:
                    self._forget(self._taken.popitem(last=False)[1])
            else:
                self._forget(spans)
            return taken

    def drop(self, spans: AttemptSpans) -> None:
        """Forget an attempt whose spans nobody wants."""
        with self._lock:
            self._kept -= len(spans.kept)
            spans.kept = []
            spans.late = _nowhere
            self._forget_ended(spans)
            self._forget(spans)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note a span that begins, if it is an attempt's."""
        own = span.get_span_context()
        owner = self._owner_of(span, own, parent_context)
        if owner is not None and own.trace_flags.sampled:
            with self._lock:
                owner.begin(own.trace_id, own.span_id)
                self._by_span[own.span_id] = owner

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span that has ended, if it is an attempt's."""
        own = span.get_span_context()
        owner = None if own is None else self._by_span.get(own.span_id)
        if own is None or owner is None:
            return
        if owner.has_run_span:
            span = _without_run_links(span)
        with self._lock:
            has_room = owner.end(own.span_id)
            late = owner.late
            if late is not None:
                self._end_late(owner, own.span_id)
            elif has_room and self._kept < MAX_KEPT:
                owner.ended_ids.append(own.span_id)
                owner.kept.append(span)
                self._kept += 1
            else:
                self._by_span.pop(own.span_id, None)
        if late is not None and has_room:
            late(span)

    def _owner_of(
        self, span: Span, own: SpanContext, parent_context: Context | None
    ) -> AttemptSpans | None:
        found = otel_context.get_value(ATTEMPT_KEY, parent_context)
        if found is None:
            found = self._by_origin(span, own)
        if found is None and parent_context is not None:
            # Begun inside the attempt, with a context that knows nothing of it.
            found = otel_context.get_value(ATTEMPT_KEY)
        return found if isinstance(found, AttemptSpans) else None

    def _by_origin(self, span: Span, own: SpanContext) -> AttemptSpans | None:
        parent = span.parent
        found = None if parent is None else self._by_span.get(parent.span_id)
        found = found or self._by_trace.get(own.trace_id)
        if found is None and span.links:
            owners = (self._by_span.get(link.context.span_id) for link in span.links)
            found = next((owner for owner in owners if owner is not None), None)
        return found

    def _end_late(self, owner: AttemptSpans, span_id: int) -> None:
        self._by_span.pop(span_id, None)
        if not owner.open_ids:
            self._taken.pop(id(owner), None)
            self._forget(owner)

    def _forget_ended(self, spans: AttemptSpans) -> None:
        for span_id in spans.ended_ids:
            self._by_span.pop(span_id, None)
        spans.ended_ids = []

    def _forget(self, spans: AttemptSpans) -> None:
        for span_id in spans.open_ids:
            self._by_span.pop(span_id, None)
        spans.open_ids.clear()
        if self._by_trace.get(spans.trace_id) is spans:
            del self._by_trace[spans.trace_id]


def _without_run_links(span: ReadableSpan) -> ReadableSpan:
    """Return a span without its link to the run's trace.

    Over that link all attempts of a run would be one trace to the service.
    """
    links = span.links
    own = [link for link in links if RELATION not in (link.attributes or {})]
    if len(own) == len(links):
        return span
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=span.events,
        links=own,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _nowhere(_: ReadableSpan) -> None:
    """Take a span that nobody wants."""


_collectors: dict[int, tuple[weakref.ref[TracerProvider], SpanCollector]] = {}
_adding: Final = threading.Lock()


def collector_of(provider: TracerProvider) -> SpanCollector | None:
    """Return the one collector of a provider; None if it takes no span processors."""
    # By identity: some providers wrap the SDK's, and have no hash.
    with _adding:
        known = _collectors.get(id(provider))
        if known is not None and known[0]() is provider:
            return known[1]
        add = getattr(provider, "add_span_processor", None)
        if add is None:
            return None
        collector = SpanCollector()
        add(collector)
        _collectors[id(provider)] = (weakref.ref(provider), collector)
        return collector
