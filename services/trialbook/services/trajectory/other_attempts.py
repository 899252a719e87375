"""What stands in an attempt's trace, and is another's: of one that was lost, or of a scorer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from trialbook.services.trajectory.forest import ENCLOSING_ATTRIBUTE
from trialbook.services.trajectory.span import Span, SpanRef


def without_other_attempts(spans: Sequence[Span], enclosing: SpanRef | None) -> Sequence[Span]:
    """Return the spans but those that a worker wrote around other attempts, and below these.

    `enclosing` is the span around the attempt itself, whether it came or not; without one nobody
    can tell, and all are returned. A worker that dies before it reports leaves its spans in the
    trace: the next one, which is given the same task, announces its own only.
    """
    if enclosing is None:
        return spans
    others = {
        span.ref
        for span in spans
        if ENCLOSING_ATTRIBUTE in span.attributes and span.ref != enclosing
    }
    if not others:
        return spans
    theirs = _with_descendants(others, spans, enclosing)
    return [span for span in spans if span.ref not in theirs]


def _with_descendants(
    tops: Iterable[SpanRef], spans: Sequence[Span], enclosing: SpanRef
) -> set[SpanRef]:
    below: defaultdict[SpanRef, list[SpanRef]] = defaultdict(list)
    for span in spans:
        below[SpanRef(span.trace_id, span.parent_id)].append(span.ref)
    found = {*tops}
    waiting = [*found]
    while waiting:
        for child in below[waiting.pop()]:
            if child not in found and child != enclosing:
                found.add(child)
                waiting.append(child)
    return found
