"""Bodies of JSON text: small ones stand where they belong, large ones are kept once, by digest."""

from __future__ import annotations

import hashlib

import msgspec

INLINE_LIMIT = 1024
"""Bodies of at most this many bytes of UTF-8 stay inline."""


class BlobReference(msgspec.Struct, frozen=True, array_like=True):
    """Stands for a body in the content-addressed blob table."""

    digest: bytes
    size: int


Content = str | BlobReference


class ContentCollector:
    """Turns texts into contents and gathers the large ones, to be stored beside the events."""

    def __init__(self) -> None:
        self.blobs: dict[bytes, str] = {}

    def add(self, text: str) -> Content:
        """Return what stands for `text` in an event."""
        if len(text) <= INLINE_LIMIT // 4:
            return text
        encoded = text.encode()
        if len(encoded) <= INLINE_LIMIT:
            return text
        digest = hashlib.sha256(encoded).digest()
        self.blobs[digest] = text
        return BlobReference(digest, len(encoded))

    def add_optional(self, text: str | None) -> Content | None:
        """Like `add`, for a body that may be absent."""
        return None if text is None else self.add(text)
