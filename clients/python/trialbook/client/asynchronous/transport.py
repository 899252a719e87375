"""Executes operations over an asyncio channel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from grpc import aio

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.change_reason import Metadata, reason_metadata
from trialbook.client.connection import Connection
from trialbook.client.errors import Cancelled
from trialbook.client.operation import Listing, Operation, ResponseT, ValueT, method_path
from trialbook.client.retry import Tries
from trialbook.client.status import error_from

RequestT = TypeVar("RequestT", bound=Message)


class AsyncTransport:
    """A channel, and what every call over it has in common.

    Belongs to the event loop in which its first call is made.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._methods: dict[str, aio.UnaryUnaryMultiCallable[Any, Any]] = {}
        self._opened: aio.Channel | None = None

    @property
    def _metadata(self) -> Metadata:
        return (*self._connection.metadata, *reason_metadata())

    @property
    def _channel(self) -> aio.Channel:
        # Made late: gRPC binds a channel to the loop that runs when it is made.
        if self._opened is None:
            address, options = self._connection.address, self._connection.options
            credentials = self._connection.credentials()
            if credentials is None:
                self._opened = aio.insecure_channel(address, options)
            else:
                self._opened = aio.secure_channel(address, credentials, options)
        return self._opened

    async def execute(self, operation: Operation[ResponseT, ValueT]) -> ValueT:
        """Make a call, again if the server is away for a moment, and read its answer."""
        tries = Tries(operation.timeout)
        while True:
            try:
                answer = await self._send(operation, tries.remaining)
            except grpc.RpcError as failure:
                error = error_from(failure, self._connection.address)
                await asyncio.sleep(tries.delay_after(error))
            else:
                return operation.read(answer)

    async def attempt(self, operation: Operation[ResponseT, ValueT]) -> ValueT:
        """Make a call once, for callers that have rules of their own for trying again."""
        try:
            answer = await self._send(operation, operation.timeout)
        except grpc.RpcError as failure:
            raise error_from(failure, self._connection.address) from None
        return operation.read(answer)

    async def post(
        self, path: str, request: bytes, response_type: type[ResponseT], timeout: float
    ) -> ResponseT:
        """Make a call once, of whatever service, whose request is serialised already."""
        method = self._methods.get(path)
        if method is None:
            method = self._channel.unary_unary(path, response_deserializer=response_type.FromString)
            self._methods[path] = method
        try:
            answer: ResponseT = await method(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as failure:
            raise error_from(failure, self._connection.address) from None
        return answer

    async def pages(self, listing: Listing[ValueT]) -> AsyncIterator[ValueT]:
        """Yield the values of a listing, getting each page when it is needed."""
        token = ""
        while True:
            page = await self.execute(listing(token))
            for value in page.values:
                yield value
            token = page.next_token
            if not token:
                return

    async def stream(
        self,
        method: str,
        request: Message,
        response_type: type[ResponseT],
        timeout: float | None = None,
    ) -> AsyncGenerator[ResponseT, None]:
        """Yield the messages of one stream. Ends the call when the iterator is closed."""
        call = self._channel.unary_stream(
            method_path(method),
            request_serializer=_serialize,
            response_deserializer=response_type.FromString,
        )(request, timeout=timeout, metadata=self._metadata)
        try:
            async for message in call:
                yield message
        except grpc.RpcError as failure:
            raise error_from(failure, self._connection.address) from None
        finally:
            call.cancel()

    async def upload(
        self, method: str, messages: Iterable[RequestT], response_type: type[ResponseT]
    ) -> ResponseT:
        """Send a stream of messages and return the answer, as `BlockingTransport.upload` does.

        In a thread: reading and encoding do not hold up the loop, and gRPC's asyncio call forgets
        the server's answer when it comes before the last message.
        """
        transport = BlockingTransport(self._connection)
        stopped = threading.Event()
        try:
            return await asyncio.to_thread(
                transport.upload, method, _until(stopped, messages), response_type
            )
        finally:
            stopped.set()
            transport.close()

    async def exchange(
        self,
        method: str,
        messages: Iterable[RequestT],
        response_type: type[ResponseT],
        read: Callable[[Iterator[ResponseT]], ValueT],
    ) -> ValueT:
        """Send a stream of messages and read the stream of answers, in a thread as `upload` does.

        A cancellation ends the call at its next message, either way.
        """
        transport = BlockingTransport(self._connection)
        stopped = threading.Event()

        def exchange() -> ValueT:
            answers = transport.exchange(method, _until(stopped, messages), response_type)
            return read(_until(stopped, answers))

        try:
            return await asyncio.to_thread(exchange)
        finally:
            stopped.set()
            transport.close()

    async def close(self) -> None:
        """Close the channel; calls that are under way end."""
        if self._opened is not None:
            await self._opened.close()

    async def _send(
        self, operation: Operation[ResponseT, ValueT], timeout: float | None
    ) -> ResponseT:
        method = self._methods.get(operation.method)
        if method is None:
            method = self._channel.unary_unary(
                operation.path,
                request_serializer=_serialize,
                response_deserializer=operation.response_type.FromString,
            )
            self._methods[operation.method] = method
        answer: ResponseT = await method(
            operation.request, timeout=timeout, metadata=self._metadata
        )
        return answer


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def _until(stopped: threading.Event, messages: Iterable[RequestT]) -> Iterator[RequestT]:
    """Yield messages; raise when nobody waits any more, so that the server drops what it got."""
    for message in messages:
        if stopped.is_set():
            raise Cancelled("the import was cancelled", code="CANCELLED")
        yield message
