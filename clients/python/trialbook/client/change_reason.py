"""Why changes are made: said once around them, and kept with each of their events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from trialbook.client.errors import invalid_field

LONGEST_REASON: Final = 500
_KEY: Final = "trialbook-reason"
_BYTES_KEY: Final = "trialbook-reason-bin"

_current: ContextVar[str] = ContextVar("trialbook_reason", default="")

Metadata = tuple[tuple[str, str | bytes], ...]


@contextmanager
def change_reason(reason: str) -> Iterator[None]:
    """Give the reason of all changes that are made while the context lasts.

    It stands in the audit trail, beside who made the change and when. Holds for the calls of every
    client in this thread or task; a reason inside another one takes its place. Raises
    `InvalidArgument` for more than 500 characters.
    """
    if len(reason) > LONGEST_REASON:
        raise invalid_field("reason", f"has more than {LONGEST_REASON} characters; shorten it")
    token = _current.set(reason)
    try:
        yield
    finally:
        _current.reset(token)


def reason_metadata() -> Metadata:
    """Return what a call carries to tell its reason; nothing without one."""
    reason = _current.get()
    if not reason:
        return ()
    if all(" " <= letter <= "~" for letter in reason):
        return ((_KEY, reason),)
    return ((_BYTES_KEY, reason.encode()),)
