"""What every database of the store offers, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Literal, Protocol, Self, TypeVar

from eventsourcing.persistence import ProcessRecorder

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.migration import Migration
from trialbook.eventstore.transaction import Reader, Transaction

T = TypeVar("T")

Dialect = Literal["sqlite", "postgresql"]
"""Names the database behind the statements, which are the same for all."""


class Database(Protocol):
    """The log, its read models and what goes with them.

    Writes run one after another on one thread and are durable when they return; reads run on
    other threads, each on a snapshot.
    """

    @property
    def dialect(self) -> Dialect:
        """Which database lies behind the statements."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes may have the database open at the same time."""
        ...

    @property
    def migrated(self) -> Sequence[Migration]:
        """The migrations of the application that were taken when the database was opened."""
        ...

    @property
    def recorder(self) -> ProcessRecorder:
        """The log behind the library's recorder contracts; for subscriptions, for example."""
        ...

    @property
    def commits(self) -> CommitSignal:
        """Announces each commit that made the log longer, for those who follow it."""
        ...

    async def transact(self, work: Callable[[Transaction], T], *, relaxed: bool = False) -> T:
        """Run ``work`` on the writer's thread and return its result once it is durable.

        An error that it raises undoes all that it wrote. The work may be run twice, the first
        time without effect: what it does besides writing must bear that. What a ``relaxed`` work
        writes survives the end of the process at once, but a power failure only with the next
        commit that is not relaxed. Raises StoreUnavailable if the database cannot be used now.
        """
        ...

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Do as ``transact`` does, for threads without an event loop."""
        ...

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on a reader's thread, on a snapshot of what is committed by now."""
        ...

    def read_now(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on this thread, on a snapshot of what is committed by now."""
        ...

    def rebuild(
        self,
        *,
        tables: Sequence[str],
        schema: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Drop the read models, make them anew and replay the log into them.

        All in one transaction: readers see the old tables until the new ones are complete, and
        writers wait. ``progress`` is told how many events are done, on the writer's thread.
        Returns how many were replayed. Raises ValueError if ``tables``
        names one of the store's own, and what the projection raises.
        """
        ...

    def close(self) -> None:
        """Finish what waits and give the database free; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
