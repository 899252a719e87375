"""Sends spans to the service, over the worker's own channel."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import ReadableSpan

from trialbook.client.errors import TrialbookError
from trialbook.client.retry import Backoff
from trialbook.client.tracing.encoding import batches_of

logger: Final = logging.getLogger("trialbook.worker")

EXPORT: Final = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
CALL_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 2.0
LATE_SECONDS: Final = 1.0
MAX_LATE: Final = 50_000
MANY_SPANS: Final = 1_024
"""So many are encoded in a thread, so that the event loop goes on meanwhile; fewer take less
time than it takes two threads to hand the interpreter to each other."""
RETRYABLE: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)
# The key under which instrumentations look whether they are to keep silent.
_SUPPRESS: Final = "suppress_instrumentation"

Post = Callable[
    [str, bytes, type[ExportTraceServiceResponse], float], Awaitable[ExportTraceServiceResponse]
]
"""Makes a call once: its path, the serialised request, what answers it, and for how long."""


class SpanSender:
    """Sends spans when told to, and late ones about once a second. For one event loop."""

    def __init__(self, post: Post) -> None:
        self._loop = asyncio.get_running_loop()
        self._post = post
        self._late: deque[ReadableSpan] = deque(maxlen=MAX_LATE)
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._expecting = False
        self._closed = False
        self._in_trouble = False

    def add_late(self, span: ReadableSpan) -> None:
        """Send a span soon. From any thread."""
        self._late.append(span)
        if not self._expecting and not self._closed:
            self._expecting = True
            try:
                self._loop.call_soon_threadsafe(self._schedule)
            except RuntimeError:
                return  # the loop is closed: nobody sends any more

    async def send(self, spans: Sequence[ReadableSpan]) -> None:
        """Send spans, and what is late; returns when they are received, or cannot be for now.

        What the service does not take now, but may later, becomes late.
        """
        everything = [*self._take_late(), *spans]
        if len(everything) > MANY_SPANS:
            batches = await asyncio.to_thread(batches_of, everything)
        else:
            batches = batches_of(everything)
        end = self._loop.time() + RETRY_SECONDS
        for place, batch in enumerate(batches):
            if not await self._deliver(batch.request, end):
                for unsent in batches[place:]:
                    for span in unsent.spans:
                        self.add_late(span)
                return

    async def close(self, timeout: float) -> None:
        """Send what is late, if that does not take longer than so many seconds."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with asyncio.timeout(timeout):
                if self._sending is not None:
                    await self._sending
                if self._late:
                    await self.send(())
        except TimeoutError:
            logger.warning("The last spans could not be sent before the end.")

    def _take_late(self) -> list[ReadableSpan]:
        # Threads may add at the same moment.
        return [self._late.popleft() for _ in range(len(self._late))]

    def _schedule(self) -> None:
        if not self._closed:
            self._timer = self._loop.call_later(LATE_SECONDS, self._send_late)

    def _send_late(self) -> None:
        self._expecting = False
        if not self._late:
            return
        if self._sending is None or self._sending.done():
            self._sending = self._loop.create_task(self.send(()))
            return
        # What is being sent does not have them.
        self._expecting = True
        self._schedule()

    async def _deliver(self, request: bytes, end: float) -> bool:
        """Make one call until it is answered; False if it had better be made later."""
        backoff = Backoff()
        while True:
            try:
                _read(await self._call(request))
            except TrialbookError as error:
                if not _is_retryable(error):
                    self._tell("Spans were refused and are dropped: %s", error)
                    return True
                delay = backoff.next_delay(error.retry_delay)
                if self._loop.time() + delay >= end:
                    self._tell("Spans wait until the service takes them: %s", error)
                    return False
                await asyncio.sleep(delay)
            else:
                self._in_trouble = False
                return True

    def _tell(self, sentence: str, error: TrialbookError) -> None:
        """Log a trouble, aloud only when it begins."""
        logger.log(logging.DEBUG if self._in_trouble else logging.WARNING, sentence, error)
        self._in_trouble = True

    async def _call(self, request: bytes) -> ExportTraceServiceResponse:
        token = otel_context.attach(otel_context.set_value(_SUPPRESS, True))
        try:
            return await self._post(EXPORT, request, ExportTraceServiceResponse, CALL_SECONDS)
        finally:
            otel_context.detach(token)


def _is_retryable(error: TrialbookError) -> bool:
    # Without a delay the limit that is exhausted is that of a message, which stays too large.
    return error.code in RETRYABLE or (
        error.code == "RESOURCE_EXHAUSTED" and error.retry_delay is not None
    )


def _read(answer: ExportTraceServiceResponse) -> None:
    partial = answer.partial_success
    if partial.rejected_spans or partial.error_message:
        logger.warning(
            "The service rejected %d spans: %s", partial.rejected_spans, partial.error_message
        )
