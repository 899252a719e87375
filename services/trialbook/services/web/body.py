"""Reads the body of a request, within limits, whatever its sender claims or packs."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator

from starlette.exceptions import HTTPException
from starlette.types import Receive

from trialbook.services.domain.errors import Invalid, RequestTooLarge

READING_TIME = 60.0
"""Seconds in which a body has to arrive."""
_MOST_DISCARDED = 256 * 1024 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_PIECE = 1024 * 1024
_SLICE = 64 * 1024
_MOST_MEMBERS = 10_000
# So little inflates to a few megabytes at most, which is quicker than to go to another thread.
_INFLATED_AT_ONCE = 2048


class Disconnected(Exception):
    """The sender went away in the midst of its request."""


class Body:
    """The body of one request. `hold` is told of each piece of memory that it takes."""

    def __init__(self, receive: Receive, *, limit: int, hold: Callable[[int], None]) -> None:
        self._receive = receive
        self._limit = limit
        self._hold = hold

    async def read(self, encoding: str) -> bytes:
        """Return the body, inflated if `encoding` says `gzip`.

        Raises RequestTooLarge, Invalid, HTTPException, Disconnected, and what `hold` raises. What
        is refused is received to its end nevertheless: a sender hears nothing before.
        """
        if encoding not in ("", "identity", "gzip"):
            await discard(self._receive)
            raise HTTPException(415, f"content-encoding {encoding!r} is not read; use gzip or none")
        received = await self._received()
        if encoding != "gzip":
            return received
        if len(received) <= _INFLATED_AT_ONCE:
            return self._inflated(received)
        return await asyncio.to_thread(self._inflated, received)

    async def _received(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(READING_TIME):
                while True:
                    piece, more = await _next(self._receive)
                    size += len(piece)
                    pieces.append(piece)
                    try:
                        self._admit(size, len(piece))
                    except Exception:
                        pieces.clear()
                        if more:
                            await discard(self._receive)
                        raise
                    if not more:
                        return b"".join(pieces)
        except TimeoutError:
            raise HTTPException(
                408, f"the body did not arrive within {READING_TIME:g} s; send it again"
            ) from None

    def _admit(self, size: int, more: int) -> None:
        if size > self._limit:
            raise RequestTooLarge(self._limit)
        self._hold(more)

    def _inflated(self, packed: bytes) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in _inflate(memoryview(packed)):
                size += len(piece)
                self._admit(size, len(piece))
                pieces.append(piece)
        except zlib.error as error:
            raise Invalid.field("body", f"is not gzip: {error}") from None
        return b"".join(pieces)


def _inflate(packed: memoryview) -> Iterator[bytes]:
    """Yield what gzip members one after the other hold, a piece at a time. Raises zlib.error."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    members = 1
    # In slices: what is left over is copied each time.
    for start in range(0, len(packed), _SLICE):
        rest: bytes | memoryview = packed[start : start + _SLICE]
        while rest:
            if inflater.eof:
                members += 1
                if members > _MOST_MEMBERS:
                    raise zlib.error(f"more than {_MOST_MEMBERS:,} members")
                inflater = zlib.decompressobj(_GZIP_WINDOW)
            if piece := inflater.decompress(rest, _PIECE):
                yield piece
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    while piece := inflater.decompress(b"", _PIECE):
        yield piece
    if not inflater.eof:
        raise zlib.error("it ends too early")


async def discard(receive: Receive) -> None:
    """Receive the rest of a body, unless it does not end, for its sender to hear the answer."""
    size = 0
    more = True
    try:
        async with asyncio.timeout(READING_TIME):
            while more and size < _MOST_DISCARDED:
                piece, more = await _next(receive)
                size += len(piece)
    except TimeoutError:
        return


async def _next(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise Disconnected
    return message.get("body", b""), message.get("more_body", False)
