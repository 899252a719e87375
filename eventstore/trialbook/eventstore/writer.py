"""Group commit: many requests, one thread, one transaction."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from trialbook.eventstore.errors import StoreUnavailable
from trialbook.eventstore.transaction import Transaction

T = TypeVar("T")

_log = logging.getLogger(__name__)


class BatchSpoiled(BaseException):
    """The batch failed in a way that does not tell which request is to blame.

    The session begins the next batch with care. No work should catch this.
    """


class WriteSession(Transaction, Protocol):
    """A transaction with the handles that the writer steers it by.

    A request may be undone by itself while the others of its batch stay. A session that did not
    mark where one ends raises BatchSpoiled, from any method but ``begin`` and ``rollback``; the
    batch is then done once more.
    """

    def begin(self, *, relaxed: bool = False) -> None:
        """Start a transaction and lock out other writers; StoreUnavailable if that fails.

        A relaxed one need not survive a power failure.
        """
        ...

    def begin_request(self) -> None:
        """Mark the place to which ``undo_request`` returns."""
        ...

    def keep_request(self) -> None:
        """Keep what was done since ``begin_request``."""
        ...

    def undo_request(self) -> None:
        """Undo what was done since ``begin_request``; its callbacks are forgotten too."""
        ...

    def require_sound(self) -> None:
        """Raise the error that makes it impossible to keep what the work has done."""
        ...

    def require_certain(self) -> None:
        """Raise BatchSpoiled if the error that a request has raised may not be its own."""
        ...

    def commit(self) -> Sequence[Callable[[], None]]:
        """Make everything durable and return the callbacks to make now."""
        ...

    def rollback(self) -> None:
        """Undo everything and let other writers in; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Request:
    work: Callable[[Transaction], Any]
    future: asyncio.Future[Any] | futures.Future[Any]
    loop: asyncio.AbstractEventLoop | None
    relaxed: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    request: _Request
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        future = self.request.future
        if future.done():
            return
        if isinstance(self.error, StopIteration):
            # A future cannot carry it: whoever awaits the future is a generator too.
            future.set_exception(RuntimeError("the work raised StopIteration"))
        elif self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(self.result)


class GroupCommitWriter:
    """Runs requests one after another on its own thread and commits what has arrived together.

    While one batch is being made durable the next one gathers, so that many callers share the
    cost of a commit, and a caller alone waits for no one. An error of one request undoes that
    request only and reaches only its caller. If a batch cannot be committed, each of its requests
    fails with StoreUnavailable and nothing of it is written; the writer goes on with the next.
    """

    def __init__(
        self, session: WriteSession, *, queue_limit: int = 10_000, batch_limit: int = 256
    ) -> None:
        """Start the thread.

        At most ``queue_limit`` requests wait, and at most ``batch_limit`` share a commit.
        """
        self._session = session
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._queue_limit = queue_limit
        self._batch_limit = batch_limit
        self._closed = False
        # Holds submission and closing apart: nothing may enter the queue behind its end mark.
        self._entrance = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="trialbook-writer", daemon=True)
        self._thread.start()

    async def transact(self, work: Callable[[Transaction], T], *, relaxed: bool = False) -> T:
        """Run ``work`` on the writer's thread and return its result once it is durable.

        The work may be run twice, the first time without effect. What a ``relaxed`` work writes
        survives the end of the process, but after a power failure it may be missing until the
        next commit that is not relaxed: do not acknowledge anything on the strength of it.
        Raises what the work raises, or StoreUnavailable. A caller who is
        cancelled does not learn whether the work was done.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._enqueue(_Request(work, future, loop, relaxed))
        return await future

    def submit(self, work: Callable[[Transaction], T]) -> futures.Future[T]:
        """Do the same for callers without an event loop; StoreUnavailable if the queue is full."""
        future: futures.Future[T] = futures.Future()
        self._enqueue(_Request(work, future, None))
        return future

    def close(self) -> None:
        """Finish what waits, then end the thread. Later requests get StoreUnavailable."""
        with self._entrance:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _enqueue(self, request: _Request) -> None:
        with self._entrance:
            if self._closed:
                raise StoreUnavailable("The database is closed. Open it again to write.")
            if self._queue.qsize() >= self._queue_limit:
                raise StoreUnavailable(
                    f"{self._queue_limit} requests wait for the database already. "
                    "Try again in a moment."
                )
            self._queue.put(request)

    def _run(self) -> None:
        while self._serve():
            pass

    def _serve(self) -> bool:
        """Process what has arrived; False if it was the last. None of it is held while waiting."""
        batch, last = self._next_batch()
        batch = [request for request in batch if _wanted(request)]
        # What need not wait for the disk is answered first.
        for relaxed in (True, False):
            some = [request for request in batch if request.relaxed is relaxed]
            if some:
                self._process(some)
        return not last

    def _next_batch(self) -> tuple[list[_Request], bool]:
        batch: list[_Request] = []
        request = self._queue.get()
        while request is not None:
            batch.append(request)
            if len(batch) >= self._batch_limit:
                return batch, False
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _process(self, batch: list[_Request]) -> None:
        try:
            outcomes = self._commit(batch)
        except BaseException as error:  # noqa: BLE001  # the thread must outlive every batch
            self._session.rollback()
            outcomes = [_Outcome(request, error=_unavailable(error)) for request in batch]
        _settle(outcomes)

    def _commit(self, batch: list[_Request]) -> list[_Outcome]:
        try:
            return self._attempt(batch)
        except BatchSpoiled:
            self._session.rollback()
        return self._attempt(batch)

    def _attempt(self, batch: list[_Request]) -> list[_Outcome]:
        self._session.begin(relaxed=batch[0].relaxed)
        if len(batch) == 1:
            outcomes = [self._perform_alone(batch[0])]
            if outcomes[0].error is not None:
                self._session.rollback()
                return outcomes
        else:
            outcomes = [self._perform(request) for request in batch]
        for callback in self._session.commit():
            _call(callback)
        return outcomes

    def _perform_alone(self, request: _Request) -> _Outcome:
        # The transaction itself is what an error rolls back: a savepoint would be waste.
        try:
            result = request.work(self._session)
            self._session.require_sound()
        except BatchSpoiled:
            raise
        except BaseException as error:  # noqa: BLE001  # it belongs to the caller
            self._session.require_certain()
            return _Outcome(request, error=error)
        return _Outcome(request, result)

    def _perform(self, request: _Request) -> _Outcome:
        self._session.begin_request()
        outcome = self._perform_alone(request)
        if outcome.error is None:
            self._session.keep_request()
        else:
            self._session.undo_request()
        return outcome


def _wanted(request: _Request) -> bool:
    """Whether the caller still waits; a thread's future cannot be cancelled from here on."""
    if isinstance(request.future, futures.Future):
        return request.future.set_running_or_notify_cancel()
    return not request.future.cancelled()


def _unavailable(error: BaseException) -> StoreUnavailable:
    # Each caller gets an exception of its own: a shared one would gather all their tracebacks.
    known = isinstance(error, StoreUnavailable)
    unavailable = StoreUnavailable(str(error) if known else f"Nothing was written: {error}")
    unavailable.__cause__ = error
    return unavailable


def _call(callback: Callable[[], None]) -> None:
    try:
        callback()
    except BaseException:  # noqa: BLE001  # no one is left to tell: the work is done
        _log.exception("A callback after a commit failed; the commit stands.")


def _settle(outcomes: list[_Outcome]) -> None:
    """Tell the callers, with one wake-up per event loop."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.request.loop is None:
            outcome.settle()
        else:
            by_loop[outcome.request.loop].append(outcome)
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, settled)
        except RuntimeError:
            _log.warning("An event loop closed before it learnt of %d commits.", len(settled))


def _settle_all(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.settle()
