"""OpenTelemetry's collector services, for the gRPC server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc

from trialbook.services.otlp.receiver import Receiver
from trialbook.services.otlp.signal import SIGNALS, Signal
from trialbook.services.otlp.tee import HOPS

Handler = Any  # grpc.RpcMethodHandler, which is generic in its stubs only


def collector_services(receiver: Receiver) -> Mapping[str, Mapping[str, Handler]]:
    """Return the handlers of the methods of each service, by name."""
    return {
        signal.service: {
            # The request stays as it came: it is parsed elsewhere, and passed on as it is.
            "Export": grpc.unary_unary_rpc_method_handler(_export(receiver, signal))
        }
        for signal in SIGNALS
    }


def _export(receiver: Receiver, signal: Signal) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def export(request: bytes, context: Any) -> bytes:
        with receiver.admission.opened() as load:
            load.hold(len(request))
            answer = await receiver.take(signal, request, hops=_hops(context))
        return bytes(answer.SerializeToString())

    return export


def _hops(context: Any) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == HOPS and isinstance(value, str):
            return value
    return ""
