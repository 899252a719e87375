"""Executes operations over a blocking channel."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.message import Message

from trialbook.client.change_reason import Metadata, reason_metadata
from trialbook.client.connection import Connection
from trialbook.client.operation import Listing, Operation, ResponseT, ValueT, method_path
from trialbook.client.retry import Tries
from trialbook.client.status import error_from

RequestT = TypeVar("RequestT", bound=Message)

UPLOAD_AHEAD: Final = 2
POLL_SECONDS: Final = 0.1


class BlockingTransport:
    """A channel, and what every call over it has in common. Safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable[Any, Any]] = {}
        credentials = connection.credentials()
        if credentials is None:
            self._channel = grpc.insecure_channel(connection.address, connection.options)
        else:
            self._channel = grpc.secure_channel(connection.address, credentials, connection.options)

    def execute(self, operation: Operation[ResponseT, ValueT]) -> ValueT:
        """Make a call, again if the server is away for a moment, and read its answer."""
        tries = Tries(operation.timeout)
        method = self._method(operation)
        while True:
            try:
                answer: ResponseT = method(
                    operation.request,
                    timeout=tries.remaining,
                    metadata=self._metadata,
                )
            except grpc.RpcError as failure:
                error = error_from(failure, self._connection.address)
                time.sleep(tries.delay_after(error))
            else:
                return operation.read(answer)

    def pages(self, listing: Listing[ValueT]) -> Iterator[ValueT]:
        """Yield the values of a listing, getting each page when it is needed."""
        token = ""
        while True:
            page = self.execute(listing(token))
            yield from page.values
            token = page.next_token
            if not token:
                return

    def stream(
        self,
        method: str,
        request: Message,
        response_type: type[ResponseT],
        timeout: float | None = None,
    ) -> Iterator[ResponseT]:
        """Yield the messages of one stream. Ends the call when the iterator is closed."""
        call = self._channel.unary_stream(
            method_path(method),
            request_serializer=_serialize,
            response_deserializer=response_type.FromString,
        )(request, timeout=timeout, metadata=self._metadata)
        try:
            yield from call
        except grpc.RpcError as failure:
            raise error_from(failure, self._connection.address) from None
        finally:
            call.cancel()

    def upload(
        self, method: str, messages: Iterable[RequestT], response_type: type[ResponseT]
    ) -> ResponseT:
        """Send a stream of messages and return the answer.

        `messages` is read in the caller's thread, at most a few ahead of what is sent; an error
        that it raises ends the call, so that the server drops what it got.
        """
        feed: queue.Queue[RequestT | None] = queue.Queue(UPLOAD_AHEAD)
        call = self._channel.stream_unary(
            method_path(method),
            request_serializer=_serialize,
            response_deserializer=response_type.FromString,
        ).future(iter(feed.get, None), metadata=self._metadata)
        try:
            for message in messages:
                if not _offer(feed, message, call):
                    break
            _offer(feed, None, call)
            return call.result()
        except grpc.RpcError as failure:
            raise error_from(failure, self._connection.address) from None
        finally:
            call.cancel()
            _release(feed)

    def exchange(
        self, method: str, messages: Iterable[RequestT], response_type: type[ResponseT]
    ) -> Iterator[ResponseT]:
        """Send a stream of messages and yield the answers as they come.

        `messages` is read in a thread of gRPC's; an error that it raises ends them, so that the
        server misses the last one and drops what it got, and is raised here.
        """
        feed = Feed(messages)
        call = self._channel.stream_stream(
            method_path(method),
            request_serializer=_serialize,
            response_deserializer=response_type.FromString,
        )(feed, metadata=self._metadata)
        try:
            yield from call
        except grpc.RpcError as failure:
            if feed.failure is not None:
                raise feed.failure from None
            raise error_from(failure, self._connection.address) from None
        finally:
            call.cancel()

    def close(self) -> None:
        """Close the channel; calls that are under way end."""
        self._channel.close()

    @property
    def _metadata(self) -> Metadata:
        return (*self._connection.metadata, *reason_metadata())

    def _method(
        self, operation: Operation[ResponseT, ValueT]
    ) -> grpc.UnaryUnaryMultiCallable[Any, Any]:
        method = self._methods.get(operation.method)
        if method is None:
            method = self._channel.unary_unary(
                operation.path,
                request_serializer=_serialize,
                response_deserializer=operation.response_type.FromString,
            )
            self._methods[operation.method] = method
        return method


class Feed(Iterator[RequestT]):
    """Messages on their way out. What goes wrong with them ends them, and is kept.

    gRPC would log it, and tell no more than that the call was cancelled.
    """

    def __init__(self, messages: Iterable[RequestT]) -> None:
        self._messages = iter(messages)
        self.failure: Exception | None = None

    def __next__(self) -> RequestT:
        try:
            return next(self._messages)
        except StopIteration:
            raise
        except Exception as failure:
            self.failure = failure
            raise StopIteration from failure


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def _offer(
    feed: queue.Queue[RequestT | None], message: RequestT | None, call: grpc.Future[Any]
) -> bool:
    """Hand a message to the thread that sends; False if the server has answered already."""
    while not call.done():
        try:
            feed.put(message, timeout=POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False


def _release(feed: queue.Queue[RequestT | None]) -> None:
    """Let the thread that sends come to its end, whatever it had still to send."""
    try:
        while True:
            feed.get_nowait()
    except queue.Empty:
        feed.put_nowait(None)
