"""Why spans and log records are not kept, and how their sender is told."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from trialbook.services.application.telemetry import MOST_BYTES, MOST_SPANS

_MIB = 1024 * 1024


class Cause(enum.Enum):
    """Why an entry is not kept. The value says what is wrong with it."""

    BAD_ID = "whose trace id or span id is missing, all zero or of a wrong length"
    NO_TRACE = "without a trace id: only those written under a span are kept"
    TOO_MANY_TRACES = "of more traces than one request may bring"
    TOO_LARGE = "of a request that comes to too much when it is kept by trace"
    NO_ROOM = (
        f"beyond the {MOST_SPANS:,} and the {MOST_BYTES // _MIB} MiB that are kept of one trace"
    )


def sentence(noun: str, rejected: Mapping[Cause, int], truncated: int) -> str:
    """Return what a sender is told of what was not kept, or not whole; empty if all was."""
    parts = [
        f"{count:,} {noun} rejected {cause.value}" for cause, count in rejected.items() if count
    ]
    if truncated:
        parts.append(f"{truncated:,} values cut to 1 MiB")
    return "; ".join(parts)
