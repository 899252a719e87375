"""Values that the service cut since they were too large: what is left of them proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from trialbook.services.trajectory.span import Span, SpanEvent

_LARGE = 256 * 1024
"""Characters of JSON. What is cut keeps 1 MiB, and JSON takes no less than a quarter of that."""


def without_cut_values(span: Span) -> Span:
    """Return a span without the values that are so large that they may be those which were cut.

    Half of an argument would be another argument: it counts as one that was not captured.
    """
    return msgspec.structs.replace(
        span,
        attributes=_whole(span.attributes),
        events=tuple(map(_whole_event, span.events)),
        records=tuple(map(_whole_event, span.records)),
    )


def _whole_event(event: SpanEvent) -> SpanEvent:
    return msgspec.structs.replace(event, attributes=_whole(event.attributes))


def _whole(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if not _is_large(value)}


def _is_large(value: Any) -> bool:
    if type(value) is str:
        return len(value) >= _LARGE
    return type(value) in (dict, list) and len(msgspec.json.encode(value)) >= _LARGE
