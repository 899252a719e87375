"""What can go wrong in the store, in words that say what to do about it."""

from __future__ import annotations

from pathlib import Path

from eventsourcing.persistence import MapperDeserialisationError


class StoreError(Exception):
    """The base of every error that this package raises on purpose."""


class StoreUnavailable(StoreError):
    """The store cannot serve the request now; the same request may succeed later.

    Raised when the disk is full or fails, when the connection to the server is lost, when another
    process holds the database's write lock, when the queue of waiting requests is full, and after
    the database was closed.
    """


class VersionConflict(StoreError):
    """A stream is not at the version that the writer expected; nothing was written."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(
            f"Stream {stream!r} is at version {actual}, not at {expected}. "
            "Load it again, decide again, and append at its present version."
        )
        self.stream = stream
        self.expected = expected
        self.actual = actual


class UniqueViolation(StoreError):
    """A row exists already under a key that must be unique; the statement wrote nothing."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"A row with the same {key} exists already. Choose another key, or change that row."
        )
        self.key = key


class UnstorableValue(StoreError):
    """A value has a type, a size or characters that the database cannot hold."""


class UnknownEvent(StoreError):
    """An event's class or topic is not in the registry."""


class UndecodableEvent(StoreError, MapperDeserialisationError):
    """The bytes of a stored event are damaged, or do not fit the class of their topic."""


class UnreadableDatabase(StoreError):
    """The file is not a database of this store, or is damaged."""


class DatabaseNewer(StoreError):
    """A newer release of the software wrote the database.

    ``database`` is its path, or its address without the password.
    """

    def __init__(
        self, database: Path | str, found: int, supported: int, *, series: str = "store"
    ) -> None:
        super().__init__(
            f"{database} has {series} version {found}; this release reads up to version "
            f"{supported}. Upgrade Trialbook to open it."
        )
        self.database = database
        self.found = found
        self.supported = supported


class DatabaseOlder(StoreError):
    """An older release wrote the database, and it must be brought forward on purpose.

    ``database`` is its address without the password.
    """

    def __init__(self, database: str, found: int, needed: int, *, series: str = "store") -> None:
        super().__init__(
            f"{database} has {series} version {found}; this release needs version {needed}. "
            "Stop the servers of the older release, then run `trialbook admin migrate`."
        )
        self.database = database
        self.found = found
        self.needed = needed


class DatabaseLocked(StoreError):
    """Another process, or another part of this one, has the database open.

    ``pid`` is 0 and ``address`` is empty where the holder did not tell them.
    """

    def __init__(self, path: Path, pid: int, address: str) -> None:
        holder = f"process {pid}" if pid else "another process"
        way_out = (
            f"It answers at {address}: connect there, or stop it first."
            if address
            else "Stop it first, or name another database file."
        )
        super().__init__(f"{path} is in use by {holder}. {way_out}")
        self.path = path
        self.pid = pid
        self.address = address
