"""The W3C trace context under which a call is answered."""

from __future__ import annotations

import re
from contextvars import ContextVar

SERVER_SPAN: ContextVar[str] = ContextVar("SERVER_SPAN", default="")
"""The traceparent of the span that the service itself has for the call; empty without one."""

_KEY = "traceparent"
# Version ff is none, and what a later version may append is left out, as the recommendation says.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


def traceparent_of(context: object) -> str:
    """Return the traceparent of the service's own span for a call, else the caller's, else "".

    What is no traceparent as https://www.w3.org/TR/trace-context/ has it is ignored, as that asks.
    """
    own = SERVER_SPAN.get()
    if own:
        return own
    given = [
        value
        for key, value in context.invocation_metadata() or ()  # type: ignore[attr-defined]
        if key == _KEY
    ]
    return _read(given[0]) if len(given) == 1 and isinstance(given[0], str) else ""


def _read(text: str) -> str:
    found = _TRACEPARENT.fullmatch(text.strip())
    if found is None or found["trace"] == _NO_TRACE or found["span"] == _NO_SPAN:
        return ""
    if found["version"] == "00" and found["more"]:
        return ""
    return f"00-{found['trace']}-{found['span']}-{found['flags']}"
