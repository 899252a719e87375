"""Calls of the service as spans, and how long they take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.metrics import Histogram
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trialbook.services.rpc.trace_context import SERVER_SPAN

_OWN = "/trialbook.v1."
_MEASURED = (_OWN, "/opentelemetry.proto.collector.")
# Workers ask for work, and say that they live, all the time: such spans would bury the others.
_POLLS = frozenset(
    {"/trialbook.v1.WorkerService/LeaseTasks", "/trialbook.v1.WorkerService/Heartbeat"}
)
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
# What the semantic conventions count as the server's fault, not the caller's.
_FAULTS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
_PROPAGATED = ("traceparent", "tracestate")
_propagator = TraceContextTextMapPropagator()

Behaviour = Callable[[Any, Any], Any]
Handler = Any  # grpc.RpcMethodHandler, which is generic in its stubs only


@dataclass(frozen=True, slots=True)
class _Instruments:
    """What one method is observed with. `spans` is off for calls that would only be noise."""

    tracer: Tracer
    durations: Histogram
    method: str
    spans: bool


class CallSpans(grpc.aio.ServerInterceptor):
    """Opens a span for each call of the service's own, under the trace context that it brings.

    OTLP's Export, health and reflection have none: what is received must never make what is sent.
    The durations of Export are measured. No payload and no error's text goes into either.
    """

    def __init__(self, tracer: Tracer, durations: Histogram) -> None:
        self._tracer = tracer
        self._durations = durations
        self._observed: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the handler of a method, observed."""
        method = handler_call_details.method
        known = self._observed.get(method)
        if known is not None:
            return known
        handler: Handler | None = await continuation(handler_call_details)
        # Unknown names are not kept: a caller could invent any number of them.
        if handler is None or not method.startswith(_MEASURED):
            return handler
        spans = method.startswith(_OWN) and method not in _POLLS
        instruments = _Instruments(self._tracer, self._durations, method[1:], spans)
        return self._observed.setdefault(method, _observed(handler, instruments))


def _observed(handler: Handler, instruments: _Instruments) -> Handler:
    decode, encode = handler.request_deserializer, handler.response_serializer
    if handler.unary_unary:
        return grpc.unary_unary_rpc_method_handler(
            _answering(handler.unary_unary, instruments), decode, encode
        )
    if handler.stream_unary:
        return grpc.stream_unary_rpc_method_handler(
            _answering(handler.stream_unary, instruments), decode, encode
        )
    if handler.unary_stream:
        return grpc.unary_stream_rpc_method_handler(
            _streaming(handler.unary_stream, instruments), decode, encode
        )
    return grpc.stream_stream_rpc_method_handler(
        _streaming(handler.stream_stream, instruments), decode, encode
    )


def _answering(behaviour: Behaviour, instruments: _Instruments) -> Behaviour:
    async def answer(request: Any, context: Any) -> Any:
        with _call(instruments, context) as span, _current(span):
            return await behaviour(request, context)

    return answer


def _current(span: Span) -> AbstractContextManager[Span]:
    """Make a span that of the context, and leave it to the caller what its end means."""
    return trace.use_span(span, record_exception=False, set_status_on_exception=False)


def _streaming(behaviour: Behaviour, instruments: _Instruments) -> Behaviour:
    async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
        # The span is not made current: a generator may be closed in another context than it ran.
        with _call(instruments, context):
            async for response in behaviour(request, context):
                yield response

    return stream


@contextmanager
def _call(instruments: _Instruments, context: Any) -> Iterator[Span]:
    """Observe a call from its beginning to its end, whichever it comes to."""
    span = _begin(instruments, context)
    begun, status = time.perf_counter(), "OK"
    try:
        yield span
    except BaseException as error:
        status = _status(context, error)
        raise
    finally:
        attributes = {
            "rpc.system.name": "grpc",
            "rpc.method": instruments.method,
            "rpc.response.status_code": status,
        }
        if status in _FAULTS:
            attributes["error.type"] = status
            span.set_status(Status(StatusCode.ERROR))
        span.set_attributes(attributes)
        span.end()
        instruments.durations.record(time.perf_counter() - begun, attributes)


def _begin(instruments: _Instruments, context: Any) -> Span:
    if not instruments.spans:
        return trace.INVALID_SPAN
    span = instruments.tracer.start_span(
        instruments.method,
        context=_propagator.extract(_carried(context)),
        kind=SpanKind.SERVER,
    )
    if span.is_recording():
        SERVER_SPAN.set(traceparent_of(span))
    return span


def traceparent_of(span: Span) -> str:
    """Return the W3C traceparent of a span."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent", "")


def _carried(context: Any) -> Mapping[str, str]:
    return {
        key: value
        for key, value in context.invocation_metadata() or ()
        if key in _PROPAGATED and isinstance(value, str)
    }


def _status(context: Any, error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "CANCELLED"
    code = context.code()
    told = code.value[0] if isinstance(code, grpc.StatusCode) else code
    name = _NAMES.get(told or 0, "UNKNOWN")
    return "UNKNOWN" if name == "OK" else name
