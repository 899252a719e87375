"""How a request goes to another collector, over gRPC or HTTP."""

from __future__ import annotations

import asyncio
import http.client
import random
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from trialbook.services.otlp.signal import Signal
from trialbook.services.otlp.tee_endpoint import TeeEndpoint

_TIMEOUT = 10.0
_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 30.0
# A thread that connects cannot be interrupted, and the service may be about to stop.
_CONNECTING_TIME = 3.0
_STATUS_KEY = "grpc-status-details-bin"
_RETRYABLE_CODES = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
_OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_send_message_length", -1),
    # The tee has a backoff of its own; that of the connection must not be added to it.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]
_RETRYABLE_STATUSES = {429, 502, 503, 504}
_PROTOBUF = "application/x-protobuf"

Headers: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a request was not taken, and whether it may be if it is sent again."""

    reason: str
    retryable: bool
    retry_after: float | None = None
    """Seconds that the collector asks to wait."""


class Backoff:
    """How long to wait before a request is sent again: longer each time, and never not at all."""

    def __init__(self) -> None:
        self._wait = _FIRST_BACKOFF

    async def rest(self, outcome: Outcome) -> None:
        """Wait as long as the collector asks, but at least a part of our own time."""
        await asyncio.sleep(self.next_wait(outcome))

    def next_wait(self, outcome: Outcome) -> float:
        """Return how many seconds to wait now."""
        own = self._wait * random.uniform(0.5, 1.0)  # noqa: S311 — spreads retries, hides nothing
        self._wait = min(2 * self._wait, _LONGEST_BACKOFF)
        return min(max(own, outcome.retry_after or 0.0), _LONGEST_BACKOFF)


class Sender(Protocol):
    """Sends one request after the other, or several at once."""

    async def send(self, signal: Signal, body: bytes, headers: Headers) -> Outcome | None:
        """Send a request; return None if it was taken."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


def sender_to(endpoint: TeeEndpoint) -> Sender:
    """Return what speaks an endpoint's protocol."""
    return HttpSender(endpoint) if endpoint.over_http else GrpcSender(endpoint)


class GrpcSender:
    """Sends over one gRPC channel, which connects when it is first used."""

    def __init__(self, endpoint: TeeEndpoint) -> None:
        self._endpoint = endpoint
        self._channel: Any = None

    async def send(self, signal: Signal, body: bytes, headers: Headers) -> Outcome | None:
        """Send a request; return None if it was taken."""
        export = self._opened().unary_unary(f"/{signal.service}/Export")
        try:
            await export(body, metadata=tuple(headers), timeout=_TIMEOUT)
        except grpc.aio.AioRpcError as error:
            return _grpc_outcome(error)
        return None

    async def close(self) -> None:
        """Close the channel."""
        if self._channel is not None:
            await self._channel.close()

    def _opened(self) -> Any:
        if self._channel is None:
            place = self._endpoint.authority
            self._channel = (
                grpc.aio.secure_channel(place, grpc.ssl_channel_credentials(), _OPTIONS)
                if self._endpoint.secure
                else grpc.aio.insecure_channel(place, _OPTIONS)
            )
        return self._channel


def _grpc_outcome(error: grpc.aio.AioRpcError) -> Outcome:
    code = error.code()
    delay = _retry_delay(error)
    retryable = code in _RETRYABLE_CODES or (
        code is grpc.StatusCode.RESOURCE_EXHAUSTED and delay is not None
    )
    return Outcome(f"{code.name}: {error.details()}", retryable, delay)


def _retry_delay(error: grpc.aio.AioRpcError) -> float | None:
    details = dict(error.trailing_metadata() or ()).get(_STATUS_KEY)
    if not isinstance(details, bytes):
        return None
    retry = RetryInfo()
    try:
        status = Status.FromString(details)
    except DecodeError:
        return None
    for detail in status.details:
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToTimedelta().total_seconds())
    return None


class HttpSender:
    """Sends over as many connections as are needed at once, and keeps them open."""

    def __init__(self, endpoint: TeeEndpoint) -> None:
        self._endpoint = endpoint
        self._tls = ssl.create_default_context() if endpoint.secure else None
        self._free: list[http.client.HTTPConnection] = []

    async def send(self, signal: Signal, body: bytes, headers: Headers) -> Outcome | None:
        """Send a request; return None if it was taken."""
        connection = self._free.pop() if self._free else self._connection()
        path = self._endpoint.path + signal.path
        try:
            outcome = await asyncio.to_thread(_post, connection, path, body, dict(headers))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Outcome(f"{type(error).__name__}: {error}", retryable=True)
        except asyncio.CancelledError:
            _abandon(connection)
            raise
        self._free.append(connection)
        return outcome

    async def close(self) -> None:
        """Close the connections."""
        while self._free:
            self._free.pop().close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._endpoint.host, self._endpoint.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, context=self._tls)
        return http.client.HTTPConnection(host, port)


def _post(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> Outcome | None:
    if connection.sock is None:
        connection.timeout = _CONNECTING_TIME
        connection.connect()
        _patient(connection)
    connection.request("POST", path, body, {**headers, "content-type": _PROTOBUF})
    response = connection.getresponse()
    # To the end, or the connection could not be used again.
    response.read()
    if 200 <= response.status < 300:
        return None
    asked = response.headers.get("retry-after", "")
    return Outcome(
        f"HTTP {response.status} {response.reason}",
        response.status in _RETRYABLE_STATUSES,
        float(asked) if asked.isdecimal() else None,
    )


def _patient(connection: http.client.HTTPConnection) -> None:
    """Let a connection that is open wait longer than one that was to open."""
    if connection.sock is not None:
        connection.sock.settimeout(_TIMEOUT)


def _abandon(connection: http.client.HTTPConnection) -> None:
    """Close a connection on which another thread still waits, and so end its waiting."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
