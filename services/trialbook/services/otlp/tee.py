"""Passes copies of accepted requests on to another collector, beside the acknowledgement."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from trialbook.services.domain.identity import new_uid
from trialbook.services.otlp.signal import Signal
from trialbook.services.otlp.tee_endpoint import TeeEndpoint
from trialbook.services.otlp.tee_sender import Backoff, sender_to

HOPS = "trialbook-forwarded-by"
"""The header that names the services that have passed a request on, so that none does twice."""

MOST_QUEUED = 64 * 1024 * 1024
"""Bytes of requests that may wait, those that are on their way included."""
_AT_ONCE = 4
_LONGEST_TRY = 300.0
_TOLD_EVERY = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Copy:
    signal: Signal
    body: bytes
    hops: str


class Tee:
    """Forwards requests as they were received, in about the order in which they were.

    What cannot be delivered is tried again for five minutes; what finds no room, or is refused, is
    dropped, counted in `dropped`, and told of in the log once a minute at most.
    """

    def __init__(self, endpoint: TeeEndpoint) -> None:
        self._endpoint = endpoint
        self._identity = new_uid()
        self._sender = sender_to(endpoint)
        self._queue: deque[_Copy] = deque()
        self._queued = 0
        self._more = asyncio.Semaphore(0)
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self.dropped = 0
        self._told = 0
        self._told_at = -_TOLD_EVERY

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._tasks = [asyncio.ensure_future(self._forward()) for _ in range(_AT_ONCE)]

    def offer(self, signal: Signal, body: bytes, hops: str) -> None:
        """Take a request to forward, unless this service has forwarded it before."""
        passed = [hop for hop in hops.split(",") if hop]
        if self._identity in passed:
            return
        if self._queued + len(body) > MOST_QUEUED:
            self._drop("too many requests wait to be forwarded")
            return
        self._queued += len(body)
        self._idle.clear()
        self._queue.append(_Copy(signal, body, ",".join([*passed, self._identity])))
        self._more.release()

    async def stop(self, patience: float) -> None:
        """Forward what waits for so many seconds, then drop the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sender.close()
        if self._queue:
            self.dropped += len(self._queue)
            self._queue.clear()
        if self.dropped > self._told:
            self._tell("the service has stopped")

    async def _forward(self) -> None:
        while True:
            await self._more.acquire()
            copy = self._queue.popleft()
            try:
                await self._deliver(copy)
            except asyncio.CancelledError:
                self.dropped += 1
                raise
            except Exception as error:  # noqa: BLE001 — it outlives whatever a collector does
                self._drop(f"{type(error).__name__}: {error}")
            self._queued -= len(copy.body)
            if not self._queued:
                self._idle.set()

    async def _deliver(self, copy: _Copy) -> None:
        until = time.monotonic() + _LONGEST_TRY
        backoff = Backoff()
        headers = (*self._endpoint.headers, (HOPS, copy.hops))
        while True:
            outcome = await self._sender.send(copy.signal, copy.body, headers)
            if outcome is None:
                return
            if not outcome.retryable or time.monotonic() >= until:
                self._drop(outcome.reason)
                return
            await backoff.rest(outcome)

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        if time.monotonic() - self._told_at >= _TOLD_EVERY:
            self._tell(reason)

    def _tell(self, reason: str) -> None:
        _log.warning(
            "%d requests were not forwarded to %s, the last one since: %s",
            self.dropped - self._told,
            self._endpoint,
            reason,
        )
        self._told, self._told_at = self.dropped, time.monotonic()
