"""A file that arrives in pieces, kept on disk until it is read."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import tempfile
from types import TracebackType
from typing import BinaryIO, Self, cast

from trialbook.services.domain.errors import Invalid, Unavailable

LARGEST_PIECE = 4 * 1024 * 1024
"""Bytes that one message may bring."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileSpool:
    """Takes up to `largest` bytes into a temporary file, which goes when the context ends."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._size = 0
        self._digest = hashlib.sha256()
        self._file = tempfile.TemporaryFile(prefix="trialbook-")  # noqa: SIM115 — see __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def stream(self) -> BinaryIO:
        """The file, to be read from the beginning."""
        return cast("BinaryIO", self._file)

    @property
    def sha256(self) -> bytes:
        """The digest of what was written."""
        return self._digest.digest()

    async def write(self, data: bytes) -> None:
        """Take the next piece. Raises Invalid if it is too much, Unavailable without room."""
        if len(data) > LARGEST_PIECE:
            raise Invalid.field("data", f"has more than {LARGEST_PIECE:,} bytes; send it in pieces")
        self._size += len(data)
        if self._size > self._largest:
            raise Invalid.field("data", f"the file has more than {self._largest:,} bytes; split it")
        if data:
            await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise Unavailable("the server has no room for the file; try again later") from error
            raise
