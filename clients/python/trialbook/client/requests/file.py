"""Files that calls take and give."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

File: TypeAlias = str | os.PathLike[str] | BinaryIO
"""A path, or an open binary file."""


@contextmanager
def written(file: File) -> Iterator[BinaryIO]:
    """Open a file for writing. A path gets its content at the end, at once, or not at all."""
    if not isinstance(file, str | os.PathLike):
        yield file
        return
    path = Path(file)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    """The permissions that new files of this process do not get; it can be read by setting only."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
