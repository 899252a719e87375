"""Pages: how many, and from where. Tokens are opaque and bound to their listing."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec

from trialbook.services.domain.errors import Invalid

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

T = TypeVar("T")
D = TypeVar("D")


def page_size(requested: int) -> int:
    """Return how many to list: 0 is the default, more than the maximum is cut. Raises Invalid."""
    if requested < 0:
        raise Invalid.field("page_size", f"{requested} is negative; use 0 for the default")
    return min(requested or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def cut_page(
    listing: str, rows: list[T], limit: int, cursor: Callable[[T], object]
) -> tuple[list[T], str]:
    """Return the first rows, and the token that continues after them if there are more."""
    if len(rows) <= limit:
        return rows, ""
    return rows[:limit], write_token(listing, cursor(rows[limit - 1]))


def write_token(listing: str, cursor: object) -> str:
    """Return the token that continues `listing` after `cursor`."""
    packed = _signature(listing) + msgspec.msgpack.encode(cursor)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_token(listing: str, token: str, shape: type[T], first: D) -> T | D:
    """Return the cursor in a token; `first` if there is none. Raises Invalid for a foreign one."""
    if not token:
        return first
    try:
        packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        if packed[:8] == _signature(listing):
            return msgspec.msgpack.decode(packed[8:], type=shape)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        pass
    raise Invalid.field(
        "page_token",
        "was not issued for this listing; start again without a token",
        reason="INVALID_PAGE_TOKEN",
    )


def _signature(listing: str) -> bytes:
    return hashlib.blake2b(listing.encode(), digest_size=8).digest()
