"""How long the store's transactions take, and how many share a commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from opentelemetry.metrics import Histogram

from trialbook.services.application.ports import CommandContext, Queries, Store, UnitOfWork

R = TypeVar("R")


class MeasuredStore:
    """Implements Store on another one, and measures what passes through.

    `durations` are those that callers wait, in seconds, the queue before the writer included;
    `batch_sizes` are the transactions that were made durable together.
    """

    def __init__(self, store: Store, durations: Histogram, batch_sizes: Histogram) -> None:
        self._store = store
        self._durations = durations
        self._batch_sizes = batch_sizes
        self._batch: set[object] = set()
        self.waiting = 0

    @property
    def shared(self) -> bool:
        """Whether other servers may work on the database at the same time."""
        return self._store.shared

    async def execute(
        self, context: CommandContext, command: Callable[[UnitOfWork], R], result: type[R]
    ) -> R:
        """Do as the other store does."""
        with self._measured(context.command):
            return await self._store.execute(context, self._counted(command), result)

    async def recall(self, context: CommandContext, result: type[R]) -> R | None:
        """Do as the other store does."""
        return await self._store.recall(context, result)

    async def transact(
        self, context: CommandContext, work: Callable[[UnitOfWork], R], *, relaxed: bool = False
    ) -> R:
        """Do as the other store does."""
        with self._measured(context.command):
            return await self._store.transact(context, self._counted(work), relaxed=relaxed)

    async def read(self, query: Callable[[Queries], R]) -> R:
        """Do as the other store does."""
        return await self._store.read(query)

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Do as the other store does."""
        return self._store.on_commit(callback)

    @contextmanager
    def _measured(self, command: str) -> Iterator[None]:
        begun, attributes = time.perf_counter(), {"trialbook.command": command}
        self.waiting += 1
        try:
            yield
        except Exception as error:
            attributes["error.type"] = type(error).__name__
            raise
        finally:
            self.waiting -= 1
            self._durations.record(time.perf_counter() - begun, attributes)

    def _counted(self, work: Callable[[UnitOfWork], R]) -> Callable[[UnitOfWork], R]:
        request = object()

        def counted(uow: UnitOfWork) -> R:
            outcome = work(uow)
            # A work may run twice before its commit, but it is one of the batch all the same.
            self._batch.add(request)
            uow.after_commit(self._committed)
            return outcome

        return counted

    def _committed(self) -> None:
        """Count a batch at the first callback of its commit, all of which come on one thread."""
        if self._batch:
            self._batch_sizes.record(len(self._batch))
            self._batch.clear()
