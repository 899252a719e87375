"""Takes requests in, whichever door they came through: reads them, stores them, passes them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import DecodeError

from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.domain.errors import Invalid
from trialbook.services.otlp.admission import Admission
from trialbook.services.otlp.cutting import Cut, cut
from trialbook.services.otlp.rejection import Cause, sentence
from trialbook.services.otlp.signal import Data, Signal
from trialbook.services.otlp.tee import Tee
from trialbook.services.otlp.weight import weigh

LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes that a request may have, as the specification of OTLP recommends."""
MOST_READ = 1024 * 1024 * 1024
"""Bytes of memory that the messages of all requests may take while they are read."""

_CONTEXT = CommandContext(actor="otlp")
# Below this the work takes about a millisecond, and another thread would cost more than it gives.
_LARGE = 128 * 1024

T = TypeVar("T")


class Receiver:
    """Stores what comes in, and lets the tee have a copy of what was accepted.

    `on_received` is told the signal ("traces", "logs"), and how many entries of each request were
    stored and rejected.
    """

    def __init__(
        self,
        store: Store,
        tee: Tee | None = None,
        on_received: Callable[[str, int, int], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._tee = tee
        self._on_received = on_received
        self.admission = Admission()
        self._reading = Admission(MOST_READ)

    async def take(self, signal: Signal, body: bytes, *, json: bool = False, hops: str = "") -> Any:
        """Store a request, and return the answer to it; all of it is durable then.

        `hops` names the services that have passed it on. Raises Invalid for what is no such
        request, and Unavailable.
        """
        parts, received = await _run(len(body), lambda: self._read(signal, body, json=json))
        over = 0
        if parts.arrivals:
            over = await self._store.transact(
                _CONTEXT, lambda uow: uow.traces.ingest(parts.arrivals, uow.now)
            )
        if self._tee is not None and parts.arrivals:
            self._tee.offer(signal, received, hops)
        rejected = parts.rejected
        rejected[Cause.NO_ROOM] = over
        stored = sum(arrival.count for arrival in parts.arrivals) - over
        self._on_received(signal.name, stored, rejected.total())
        told = sentence(signal.noun, rejected, parts.truncated)
        return signal.answer(rejected.total(), told)

    def _read(self, signal: Signal, body: bytes, *, json: bool) -> tuple[Cut, bytes]:
        """Return a request in parts, and as the tee passes it on."""
        with self._reading.opened() as load:
            load.hold(weigh(signal, body, json=json))
            data = _parsed(signal, body, json=json)
            # Before it is cut: what is too large is cut off in place.
            received = bytes(data.SerializeToString()) if json and self._tee is not None else body
            return cut(signal, data), received


def _parsed(signal: Signal, body: bytes, *, json: bool) -> Data:
    try:
        return signal.parse_json(body) if json else signal.parse(body)
    except DecodeError:
        raise Invalid.field(
            "request", f"is not a message of {signal.service}; build it from the published protos"
        ) from None
    except ValueError as error:
        raise Invalid.field("request", f"is no OTLP/JSON: {error}") from None


async def _run(size: int, work: Callable[[], T]) -> T:
    """Do something with so many bytes, away from the event loop if they are many."""
    return await asyncio.to_thread(work) if size > _LARGE else work()
