"""Identifiers that the service gives out."""

from __future__ import annotations

import os
import time


def new_uid() -> str:
    """Return a UUIDv7 (RFC 9562) as 32 hex digits: unique, and ordered by time of creation."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | random & 0x3FFF_FFFF_FFFF_FFFF
    )
    return f"{value:032x}"
