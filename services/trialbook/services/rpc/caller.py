"""Who calls, and under which command id."""

from __future__ import annotations

import hashlib

from google.protobuf.message import Message

from trialbook.services.application.ports import CommandContext
from trialbook.services.domain.errors import Invalid

_LONGEST_REQUEST_ID = 128
_LONGEST_AUTHOR = 200
AUTHOR_KEY = "trialbook-author"


def author(context: object) -> str:
    """Return what the caller says of itself in `trialbook-author`, or "anonymous"."""
    for key, value in context.invocation_metadata() or ():  # type: ignore[attr-defined]
        if key == AUTHOR_KEY and isinstance(value, str) and value:
            return value[:_LONGEST_AUTHOR]
    return "anonymous"


def command(context: object, method: str, request: Message) -> CommandContext:
    """Return the context of a command, recognised again by its request id. Raises Invalid."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    if len(request_id) > _LONGEST_REQUEST_ID:
        raise Invalid.field("request_id", f"has more than {_LONGEST_REQUEST_ID} characters")
    if not request_id:
        return CommandContext(author(context))
    fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    return CommandContext(author(context), f"{method}:{request_id}", fingerprint)
