"""The whole log as one file, and back: for moving between databases, and for keeping.

What goes along is what the log is made of: events with their positions and digests, what blankings
left, blobs, and the commands that are remembered. Read models follow from the events; operational
tables belong to a database, not to its log.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from shutil import copyfileobj
from typing import BinaryIO, TypeVar, cast

import msgspec

from trialbook.eventstore.archive_file import ArchiveReader, ArchiveWriter, UnreadableArchive
from trialbook.eventstore.database import Database
from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.transaction import (
    Blanking,
    LogRow,
    Reader,
    RememberedCommand,
    Transaction,
)

T = TypeVar("T")

_BLOBS = b"B"
_LOG = b"L"
_COMMANDS = b"C"

# A frame is full at the first of both. Part of the format: equal logs give equal files.
_FRAME_ROWS = 500
_FRAME_BYTES = 1 << 20
# Rows in memory at once, whose states may be large.
_PAGE = 50

_BlobRow = tuple[bytes, str]
_CommandRow = tuple[str, bytes, bytes, int]


class LogNotEmpty(StoreError):
    """An archive can be imported into an empty log only."""


class ArchiveReport(msgspec.Struct, frozen=True, array_like=True):
    """What an archive holds."""

    position: int
    """The position of the last event, which is how many there are."""
    digest: bytes
    """The digest of the last event: it stands for the whole log."""
    blankings: int
    blobs: int
    commands: int


def export_log(
    database: Database, stream: BinaryIO, *, progress: Callable[[int, int], None] | None = None
) -> ArchiveReport:
    """Write the log as it is now; others may write to the database meanwhile.

    ``progress`` is called with how many events are written, and how many there are. Memory stays
    flat, however long the log is. Raises StoreUnavailable, and what the stream raises.
    """
    return database.read_now(lambda view: _export(view, stream, progress or _ignore))


def import_log(
    database: Database, stream: BinaryIO, *, progress: Callable[[int, int], None] | None = None
) -> ArchiveReport:
    """Read an archive into an empty log, in one transaction: all of it, or nothing.

    Positions, versions and digests are those of the archive, and the read models show what it
    holds. ``progress`` is called with how many events are read, and 0, as the whole is not known
    before the end. Raises UnreadableArchive for a file that is no archive, is damaged or cut off,
    ArchiveNewer, LogNotEmpty, UnknownEvent, UndecodableEvent, StoreUnavailable.
    """
    with _again(stream) as source:
        start = source.tell()

        def work(transaction: Transaction) -> ArchiveReport:
            # A work may be run again.
            source.seek(start)
            return _Import(transaction, progress or _ignore).run(ArchiveReader(source))

        return database.submit(work).result()


def _export(view: Reader, stream: BinaryIO, progress: Callable[[int, int], None]) -> ArchiveReport:
    archive = ArchiveWriter(stream)
    position, digest = view.head()
    counts = dict.fromkeys((_BLOBS, _LOG, _COMMANDS), 0)
    # Blobs first: what shows an event may look into them.
    for blobs in _in_frames(_blobs(view), _blob_size):
        archive.write(_BLOBS, blobs)
        counts[_BLOBS] += len(blobs)
    blankings = 0
    for rows in _in_frames(_rows(view), _row_size):
        blanked = list(_blankings(view, rows[0].position - 1, rows[-1].position))
        blankings += len(blanked)
        archive.write(_LOG, (rows, blanked))
        progress(rows[-1].position, position)
    for commands in _in_frames(_commands(view), _command_size):
        archive.write(_COMMANDS, commands)
        counts[_COMMANDS] += len(commands)
    report = ArchiveReport(position, digest, blankings, counts[_BLOBS], counts[_COMMANDS])
    archive.finish(report)
    return report


@dataclass
class _Import:
    """One import, inside its transaction."""

    transaction: Transaction
    progress: Callable[[int, int], None]
    blankings: int = 0
    blobs: int = 0
    commands: int = 0

    def run(self, archive: ArchiveReader) -> ArchiveReport:
        _require_empty(self.transaction)
        steps = {_BLOBS: self._put_blobs, _LOG: self._restore, _COMMANDS: self._remember}
        for kind, payload in archive.frames():
            if kind not in steps:
                raise UnreadableArchive(f"The archive holds a frame of unknown kind {kind!r}.")
            steps[kind](archive, payload)
        position, digest = self.transaction.head()
        found = ArchiveReport(position, digest, self.blankings, self.blobs, self.commands)
        if found != archive.decode(archive.summary, ArchiveReport):
            raise UnreadableArchive(
                f"The archive says that it holds something else than it does: {found}."
            )
        return found

    def _put_blobs(self, archive: ArchiveReader, payload: bytes) -> None:
        blobs = dict(archive.decode(payload, list[_BlobRow]))
        for digest, content in blobs.items():
            if hashlib.sha256(content.encode()).digest() != digest:
                raise UnreadableArchive(
                    f"The content of blob {digest.hex()} is not its own. "
                    "Verify the database that the archive comes from."
                )
        self.transaction.put_blobs(blobs)
        self.blobs += len(blobs)

    def _restore(self, archive: ArchiveReader, payload: bytes) -> None:
        rows, blanked = archive.decode(payload, tuple[list[LogRow], list[Blanking]])
        self.transaction.restore(rows, blanked)
        self.blankings += len(blanked)
        if rows:
            self.progress(rows[-1].position, 0)

    def _remember(self, archive: ArchiveReader, payload: bytes) -> None:
        commands = archive.decode(payload, list[_CommandRow])
        for command in commands:
            self.transaction.remember(*command)
        self.commands += len(commands)


def _require_empty(view: Reader) -> None:
    if view.head()[0] or view.stored_blobs(limit=1) or view.remembered(limit=1):
        raise LogNotEmpty(
            "The database holds a log already; an archive can be imported into an empty one only. "
            "Name a new database."
        )


def _in_frames(items: Iterator[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Cut what comes into lists that fill a frame; their places follow from the content alone."""
    frame: list[T] = []
    size = 0
    for item in items:
        frame.append(item)
        size += size_of(item)
        if len(frame) == _FRAME_ROWS or size >= _FRAME_BYTES:
            yield frame
            frame, size = [], 0
    if frame:
        yield frame


def _rows(view: Reader) -> Iterator[LogRow]:
    position = 0
    while page := view.log_rows(after_position=position, limit=_PAGE):
        yield from page
        position = page[-1].position


def _blobs(view: Reader) -> Iterator[_BlobRow]:
    after = b""
    while page := view.stored_blobs(after=after, limit=_PAGE):
        yield from page
        after = page[-1][0]


def _commands(view: Reader) -> Iterator[_CommandRow]:
    after = ""
    while page := view.remembered(after=after, limit=_FRAME_ROWS):
        yield from map(_command_row, page)
        after = page[-1].command_id


def _blankings(view: Reader, after: int, last: int) -> Iterator[Blanking]:
    """What was blanked after one position and up to another."""
    while page := view.blankings(after_position=after, limit=_FRAME_ROWS):
        for blanking in page:
            if blanking.position > last:
                return
            yield blanking
        after = page[-1].position


def _command_row(command: RememberedCommand) -> _CommandRow:
    return (command.command_id, command.fingerprint, command.result, command.recorded_at)


def _row_size(row: LogRow) -> int:
    return len(row.state)


def _blob_size(blob: _BlobRow) -> int:
    return len(blob[1])


def _command_size(command: _CommandRow) -> int:
    return len(command[2])


@contextmanager
def _again(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The stream, if it can be read twice; else a file with what it brings."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        copyfileobj(stream, copy)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _ignore(*_: int) -> None:
    """Nobody wants to know."""
