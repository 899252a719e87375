"""The file that a log is exported to: frames, each compressed and checked by itself.

After a signature and the number of the format come frames: a letter, the length of the compressed
payload, its CRC-32 (both big endian), and the payload, a msgpack value compressed by zlib. The last
frame tells what the file must have held.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from trialbook.eventstore.errors import StoreError

FORMAT = 1
"""The format that this release writes, and the newest that it reads."""

# Not text, and with both kinds of line end: a transfer that changes either shows at once.
SIGNATURE = b"\x89TBLOG\r\n\x1a\n"

_FORMAT_FIELD = struct.Struct(">H")
_FRAME_FIELDS = struct.Struct(">cII")
_LAST = b"E"
_COMPRESSION = 3
# A frame holds one value at least, and no database holds one above 1 GiB.
_LARGEST_PAYLOAD = (1 << 30) + (1 << 24)
_READ_SIZE = 1 << 20


class UnreadableArchive(StoreError):
    """The file is no archive of a log, or is damaged or cut off."""


class ArchiveNewer(UnreadableArchive):
    """A newer release wrote the archive."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"The archive has format {found}; this release reads up to format {FORMAT}. "
            "Import it with the release that wrote it, or upgrade Trialbook."
        )
        self.found = found


class ArchiveWriter:
    """Writes frames to a stream, one after another."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._encoder = msgspec.msgpack.Encoder()
        self._digest = hashlib.sha256()
        _write(stream, SIGNATURE + _FORMAT_FIELD.pack(FORMAT))

    @property
    def content_digest(self) -> bytes:
        """SHA-256 of the frames so far, letters and payloads as they are before compression."""
        return self._digest.digest()

    def write(self, kind: bytes, value: object) -> None:
        """Write one frame with a value."""
        self.write_payload(kind, self._encoder.encode(value))

    def write_payload(self, kind: bytes, payload: bytes) -> None:
        """Write one frame with what ``ArchiveReader.frames`` gave."""
        self._digest.update(kind + payload)
        packed = zlib.compress(payload, _COMPRESSION)
        _write(self._stream, _FRAME_FIELDS.pack(kind, len(packed), zlib.crc32(packed)) + packed)

    def finish(self, summary: object) -> None:
        """Write the last frame: a summary of what was written, and its digest."""
        self.write(_LAST, (summary, self.content_digest))
        self._stream.flush()


class ArchiveReader:
    """Reads frames from a stream and checks each of them."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read the head of the file; UnreadableArchive, or ArchiveNewer."""
        self._stream = stream
        self._digest = hashlib.sha256()
        self._frames = 0
        self.summary = b""
        head = stream.read(len(SIGNATURE))
        if head != SIGNATURE:
            raise UnreadableArchive("The file is not an archive of a log. Name another file.")
        (found,) = _FORMAT_FIELD.unpack(self._exactly(_FORMAT_FIELD.size))
        if found > FORMAT:
            raise ArchiveNewer(found)

    @property
    def content_digest(self) -> bytes:
        """SHA-256 of the frames so far, letters and payloads as they are when unpacked."""
        return self._digest.digest()

    def frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield kind and payload of each frame; what the last one says is ``summary`` then."""
        while True:
            kind, payload = self._next()
            if kind == _LAST:
                break
            self._digest.update(kind + payload)
            yield kind, payload
        summary, digest = self.decode(payload, tuple[msgspec.Raw, bytes])
        if digest != self.content_digest:
            raise _damaged("its content is not what its last frame says")
        if self._stream.read(1):
            raise _damaged("something follows its last frame")
        self.summary = bytes(summary)

    def decode(self, payload: bytes, shape: Any) -> Any:
        """Return a payload's value; UnreadableArchive if it has another shape."""
        try:
            return msgspec.msgpack.decode(payload, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _damaged(f"frame {self._frames} does not hold what it should: {error}") from error

    def _next(self) -> tuple[bytes, bytes]:
        self._frames += 1
        kind, length, checksum = _FRAME_FIELDS.unpack(self._exactly(_FRAME_FIELDS.size))
        if length > _LARGEST_PAYLOAD:
            raise _damaged(f"frame {self._frames} has an impossible length")
        packed = self._exactly(length)
        if zlib.crc32(packed) != checksum:
            raise _damaged(f"the checksum of frame {self._frames} is wrong")
        return kind, self._unpacked(packed)

    def _unpacked(self, packed: bytes) -> bytes:
        unpacking = zlib.decompressobj()
        try:
            payload = unpacking.decompress(packed, _LARGEST_PAYLOAD)
        except zlib.error as error:
            raise _damaged(f"frame {self._frames} cannot be unpacked: {error}") from error
        if not unpacking.eof or unpacking.unused_data:
            raise _damaged(f"frame {self._frames} has another length than it says")
        return payload

    def _exactly(self, count: int) -> bytes:
        # In slices: a length that is a lie must not reserve memory.
        slices = []
        missing = count
        while missing:
            got = self._stream.read(min(missing, _READ_SIZE))
            if not got:
                raise UnreadableArchive(
                    f"The archive ends in the midst of frame {self._frames}. "
                    "Export or copy it again."
                )
            slices.append(got)
            missing -= len(got)
        return b"".join(slices)


def _damaged(what: str) -> UnreadableArchive:
    return UnreadableArchive(f"The archive is damaged: {what}. Export or copy it again.")


def _write(stream: BinaryIO, content: bytes) -> None:
    # A raw stream may take a part only.
    view = memoryview(content)
    while view:
        view = view[stream.write(view) or 0 :]
