"""Lines of a file, bounded in length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from trialbook.services.formats.row import LONGEST_RECORD, BadRow, Record

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PIECE = 1024 * 1024


def numbered_lines(stream: BinaryIO) -> Iterator[Record | BadRow]:
    """Read lines from the beginning, with their ends, blank ones included.

    What is longer than LONGEST_RECORD is not kept, but read over.
    """
    stream.seek(0)
    number = 0
    while line := stream.readline(LONGEST_RECORD + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if len(line) > LONGEST_RECORD:
            _read_over(stream, line)
            yield BadRow(number, "", f"is longer than {LONGEST_RECORD:,} bytes")
        else:
            yield Record(number, line)


def _read_over(stream: BinaryIO, piece: bytes) -> None:
    while piece and not piece.endswith(b"\n"):
        piece = stream.readline(_PIECE)
