"""A worker's session with the service, and its calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.errors import (
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    TrialbookError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from trialbook.client.models.codec import seconds_of
from trialbook.client.names import new_request_id
from trialbook.client.operation import Operation
from trialbook.client.retry import Backoff
from trialbook.v1 import worker_pb2
from trialbook.v1 import worker_service_pb2 as service

logger: Final = logging.getLogger("trialbook.worker")

SESSION_EXPIRED: Final = "SESSION_EXPIRED"
CALL_TIMEOUT: Final = 30.0
POLL_GRACE: Final = 10.0
MAX_DEFECTS: Final = 5
AWAY_DELAY: Final = 0.5
"""Seconds between two tries, at most, while no server is there.

They load none: the channel connects by itself, and until it has, a call fails on the spot. Longer
waits would let the server stand idle after its restart.
"""

# Calling again would end the same: something is wrong with this worker, not with the connection.
FATAL: Final = (
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unimplemented,
)

AnswerT = TypeVar("AnswerT", bound=Message)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the service laid down at the registration. Times are in seconds."""

    token: str
    heartbeat_interval: float
    max_wait: float


class Session:
    """Registers, again when the session is over, and makes a worker's calls.

    A call is repeated, with waits that grow, while the server is away. It raises what would not
    change by repeating.
    """

    def __init__(
        self, transport: AsyncTransport, registration: service.RegisterWorkerRequest
    ) -> None:
        self._transport = transport
        self._registration = registration
        self._renewing = asyncio.Lock()
        self._in_trouble = False
        self._terms: Terms | None = None

    @property
    def terms(self) -> Terms:
        """The terms of the current session."""
        if self._terms is None:
            raise RuntimeError("the worker is not registered")
        return self._terms

    async def open(self) -> None:
        """Register, however long it takes until the server answers."""
        operation = Operation(
            "WorkerService/RegisterWorker",
            self._registration,
            service.RegisterWorkerResponse,
            _terms,
            CALL_TIMEOUT,
        )
        backoff = Backoff()
        while True:
            try:
                self._terms = await self._transport.attempt(operation)
            except TrialbookError as error:
                await self._wait_out(error, backoff)
            else:
                self._note_answer()
                return

    async def lease(self, max_tasks: int) -> service.LeaseTasksResponse:
        """Lease tasks, waiting for the first as long as the service lets one wait."""
        # The same id for every repetition: so a lost answer loses no task.
        request = service.LeaseTasksRequest(max_tasks=max_tasks, request_id=new_request_id())
        request.max_wait.CopyFrom(Duration(seconds=int(self.terms.max_wait)))
        timeout = self.terms.max_wait + POLL_GRACE
        return await self._call(
            "WorkerService/LeaseTasks", request, service.LeaseTasksResponse, timeout
        )

    async def complete(
        self, reports: Sequence[worker_pb2.TaskReport]
    ) -> service.CompleteTasksResponse:
        """Report outcomes; returns when they are recorded.

        Raises `Internal` if the service breaks over them again and again.
        """
        request = service.CompleteTasksRequest(reports=reports)
        return await self._call(
            "WorkerService/CompleteTasks",
            request,
            service.CompleteTasksResponse,
            CALL_TIMEOUT,
            max_defects=MAX_DEFECTS,
        )

    async def heartbeat(self, running_task_ids: Sequence[str]) -> service.HeartbeatResponse:
        """Say which tasks the worker is at; returns which of them to stop."""
        request = service.HeartbeatRequest(running_task_ids=running_task_ids)
        return await self._call(
            "WorkerService/Heartbeat", request, service.HeartbeatResponse, CALL_TIMEOUT
        )

    async def close(self, timeout: float) -> None:
        """End the session, if the server is there to be told."""
        if self._terms is None:
            return
        operation = Operation(
            "WorkerService/CloseWorker",
            service.CloseWorkerRequest(session_token=self._terms.token),
            service.CloseWorkerResponse,
            lambda answer: answer,
            timeout,
        )
        try:
            await self._transport.attempt(operation)
        except TrialbookError as error:
            logger.info("The session could not be closed, and will expire: %s", error)

    async def _call(
        self,
        method: str,
        request: service.LeaseTasksRequest
        | service.CompleteTasksRequest
        | service.HeartbeatRequest,
        answer_type: type[AnswerT],
        timeout: float,
        *,
        max_defects: int | None = None,
    ) -> AnswerT:
        backoff, defects = Backoff(), 0
        while True:
            token = request.session_token = self.terms.token
            operation = Operation(method, request, answer_type, lambda answer: answer, timeout)
            try:
                answer = await self._transport.attempt(operation)
            except TrialbookError as error:
                defects += isinstance(error, Internal)
                if defects == max_defects:
                    raise
                if error.reason == SESSION_EXPIRED:
                    await self._renew(token)
                    await asyncio.sleep(backoff.next_delay())
                else:
                    await self._wait_out(error, backoff)
            else:
                self._note_answer()
                return answer

    async def _renew(self, expired: str) -> None:
        """Register again, unless another call has done so."""
        async with self._renewing:
            if self.terms.token == expired:
                logger.warning("The session is over; registering again.")
                await self.open()

    async def _wait_out(self, error: TrialbookError, backoff: Backoff) -> None:
        """Wait before the next try, or raise the error if trying again is of no use."""
        if isinstance(error, FATAL):
            raise error
        level = logging.DEBUG if self._in_trouble else logging.WARNING
        logger.log(level, "Trying again until it works: %s", error)
        self._in_trouble = True
        # A server that is there, but in trouble, says how long to wait.
        away = isinstance(error, Unavailable) and error.retry_delay is None
        delay = backoff.next_delay(error.retry_delay, at_most=AWAY_DELAY if away else None)
        await asyncio.sleep(delay)

    def _note_answer(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            logger.info("The server answers again.")


def _terms(answer: service.RegisterWorkerResponse) -> Terms:
    return Terms(
        answer.session_token,
        seconds_of(answer.heartbeat_interval),
        seconds_of(answer.max_wait),
    )
