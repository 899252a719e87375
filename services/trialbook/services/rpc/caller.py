"""Who calls, why, and under which command id."""

from __future__ import annotations

import hashlib

from google.protobuf.message import Message

from trialbook.services.application.ports import CommandContext
from trialbook.services.domain.errors import Invalid

_LONGEST_REQUEST_ID = 128
_LONGEST_AUTHOR = 200
_LONGEST_REASON = 500
AUTHOR_KEY = "trialbook-author"
REASON_KEY = "trialbook-reason"
REASON_BYTES_KEY = "trialbook-reason-bin"


def author(context: object) -> str:
    """Return what the caller says of itself in `trialbook-author`, or "anonymous"."""
    for key, value in context.invocation_metadata() or ():  # type: ignore[attr-defined]
        if key == AUTHOR_KEY and isinstance(value, str) and value:
            return value[:_LONGEST_AUTHOR]
    return "anonymous"


def reason(context: object) -> str:
    """Return why the caller makes a change, if it says so in the call's metadata. Raises Invalid.

    `trialbook-reason-bin` is UTF-8, `trialbook-reason` plain ASCII; at most 500 characters.
    """
    for key, value in context.invocation_metadata() or ():  # type: ignore[attr-defined]
        if key == REASON_BYTES_KEY or (key == REASON_KEY and value):
            return _checked_reason(key, value)
    return ""


def command(context: object, method: str, request: Message) -> CommandContext:
    """Return the context of a command, recognised again by its request id. Raises Invalid."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    if len(request_id) > _LONGEST_REQUEST_ID:
        raise Invalid.field("request_id", f"has more than {_LONGEST_REQUEST_ID} characters")
    if "\0" in request_id:
        raise Invalid.field("request_id", "has the character U+0000, which no text may have")
    if not request_id:
        return unrepeated(context, method)
    fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    return CommandContext(
        author(context),
        f"{method}:{request_id}",
        fingerprint,
        command=method,
        reason=reason(context),
    )


def unrepeated(context: object, method: str) -> CommandContext:
    """Return the context of a command that is not recognised again. Raises Invalid."""
    return CommandContext(author(context), command=method, reason=reason(context))


def _checked_reason(key: str, value: str | bytes) -> str:
    try:
        text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError as error:
        raise Invalid.field(key, "is not UTF-8") from error
    if len(text) > _LONGEST_REASON:
        raise Invalid.field(key, f"has more than {_LONGEST_REASON} characters; shorten it")
    return text.strip()
