"""Shows on stderr how far the import of a file has come."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from trialbook.client import ImportReport


class ImportProgress(Protocol):
    """Where a file is read from, and what is told of it."""

    @property
    def stream(self) -> BinaryIO:
        """The file; what is read from it counts as sent."""
        ...

    def show(self, report: ImportReport) -> None:
        """Show what the server has done so far."""
        ...


@contextmanager
def import_progress(name: str, stream: BinaryIO) -> Iterator[ImportProgress]:
    """Give the file to read from, with a bar where stderr is a terminal."""
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield _Silent(stream)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar, name, stream)


class _Silent:
    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def show(self, report: ImportReport) -> None:
        """Show nothing."""


class _Bar:
    def __init__(self, bar: Progress, name: str, stream: BinaryIO) -> None:
        self._bar = bar
        self._task = bar.add_task(f"sending {name}", total=_size_of(stream), rows="")
        self._name = name
        counted = _Counted(stream, lambda size: bar.advance(self._task, size))
        self.stream = cast("BinaryIO", counted)

    def show(self, report: ImportReport) -> None:
        """Show how many rows were done."""
        if report.row_count:
            rows = f"{report.row_count:,} rows"
            self._bar.update(self._task, description=f"importing {self._name}", rows=rows)


class _Counted(io.RawIOBase):
    """A file that tells how much of it is read."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], object]) -> None:
        super().__init__()
        self._stream = stream
        self._tell = tell

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._tell(len(data))
        return data


def _size_of(stream: BinaryIO) -> int | None:
    """Return the size of a file; None for a pipe."""
    try:
        return os.fstat(stream.fileno()).st_size or None
    except (OSError, io.UnsupportedOperation):
        return None
