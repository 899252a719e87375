"""What every call passes through: the token, the parsing, and the translation of errors."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from trialbook.services.domain.errors import Invalid, InvalidToken, RequestTooLarge
from trialbook.services.rpc.status import refuse

_OPEN = ("/grpc.health.v1.", "/grpc.reflection.")

Behaviour = Callable[[Any, Any], Any]
Handler = Any  # grpc.RpcMethodHandler, which is generic in its stubs only


class _Undecodable:
    """Stands for a request whose bytes are no message of the method's type."""


class _TooLarge:
    """Stands for a request that is larger than the service takes."""


_UNDECODABLE = _Undecodable()
_TOO_LARGE = _TooLarge()
LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes that a message to one of the service's own methods may have."""


class Door(grpc.aio.ServerInterceptor):
    """Guards the handlers of the service's methods.

    Messages to services that are called `roomy` may be as large as the server receives them.
    """

    def __init__(self, token: str | None, roomy: Collection[str] = ()) -> None:
        self._roomy = tuple(f"/{service}/" for service in roomy)
        self._expected = None if token is None else f"Bearer {token}".encode()
        self._guarded: dict[str, Handler | None] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the handler of a method, guarded."""
        method = handler_call_details.method
        if method not in self._guarded:
            handler: Handler | None = await continuation(handler_call_details)
            if handler is None:
                # Unknown names are not kept: a caller could invent any number of them.
                return handler
            self._guarded[method] = (
                handler if method.startswith(_OPEN) else self._guard(method, handler)
            )
        return self._guarded[method]

    def _guard(self, method: str, handler: Handler) -> Handler:
        decode = _tolerant(handler.request_deserializer)
        if not method.startswith(self._roomy):
            decode = _bounded(decode)
        encode = handler.response_serializer
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(
                self._answering(handler.unary_unary), decode, encode
            )
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(handler.unary_stream), decode, encode
            )
        if handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(
                self._exchanging(handler.stream_stream), decode, encode
            )
        return grpc.stream_unary_rpc_method_handler(
            self._collecting(handler.stream_unary), decode, encode
        )

    def _answering(self, behaviour: Behaviour) -> Behaviour:
        async def answer(request: Any, context: Any) -> Any:
            try:
                self._authenticate(context)
                return await behaviour(_decoded(request), context)
            except Exception as error:  # noqa: BLE001 — every error is told, none escapes
                await refuse(context, error)

        return answer

    def _streaming(self, behaviour: Behaviour) -> Behaviour:
        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                self._authenticate(context)
                async for response in behaviour(_decoded(request), context):
                    yield response
            except Exception as error:  # noqa: BLE001 — every error is told, none escapes
                await refuse(context, error)

        return stream

    def _collecting(self, behaviour: Behaviour) -> Behaviour:
        async def collect(requests: AsyncIterator[Any], context: Any) -> Any:
            try:
                self._authenticate(context)
                return await behaviour(_all_decoded(requests), context)
            except Exception as error:  # noqa: BLE001 — every error is told, none escapes
                await refuse(context, error)

        return collect

    def _exchanging(self, behaviour: Behaviour) -> Behaviour:
        async def exchange(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
            try:
                self._authenticate(context)
                async for response in behaviour(_all_decoded(requests), context):
                    yield response
            except Exception as error:  # noqa: BLE001 — every error is told, none escapes
                await refuse(context, error)

        return exchange

    def _authenticate(self, context: Any) -> None:
        if self._expected is None:
            return
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                shown = value if isinstance(value, bytes) else value.encode()
                if hmac.compare_digest(shown, self._expected):
                    return
        raise InvalidToken


def _tolerant(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    def decode(data: bytes) -> Any:
        try:
            return deserialize(data) if deserialize else data
        except DecodeError:
            return _UNDECODABLE

    return decode


def _bounded(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    return lambda data: _TOO_LARGE if len(data) > LARGEST_MESSAGE else decode(data)


def _decoded(request: Any) -> Any:
    if request is _TOO_LARGE:
        raise RequestTooLarge(LARGEST_MESSAGE)
    if request is _UNDECODABLE:
        raise Invalid.field(
            "request", "is not a message of this method's type; build it from the published protos"
        )
    return request


async def _all_decoded(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        yield _decoded(request)
