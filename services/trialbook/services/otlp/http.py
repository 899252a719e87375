"""OTLP over HTTP: its routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trialbook.services.otlp.receiver import LARGEST_REQUEST, Receiver
from trialbook.services.otlp.signal import SIGNALS, Signal
from trialbook.services.otlp.tee import HOPS
from trialbook.services.web.body import Body, discard
from trialbook.services.web.status import JSON, PROTOBUF, media_type, message_response


def otlp_routes(receiver: Receiver) -> list[Route]:
    """Return `POST /v1/traces` and `POST /v1/logs`."""
    return [Route(signal.path, _export(receiver, signal), methods=["POST"]) for signal in SIGNALS]


def _export(receiver: Receiver, signal: Signal) -> Callable[[Request], Awaitable[Response]]:
    async def export(request: Request) -> Response:
        headers = request.headers
        kind = media_type(headers)
        if kind not in (PROTOBUF, JSON):
            await discard(request.receive)
            raise HTTPException(415, f"content-type {kind!r} is not read; use {PROTOBUF} or {JSON}")
        encoding = headers.get("content-encoding", "").strip().lower()
        with receiver.admission.opened() as load:
            body = Body(request.receive, limit=LARGEST_REQUEST, hold=load.hold)
            content = await body.read(encoding)
            answer = await receiver.take(
                signal, content, json=kind == JSON, hops=headers.get(HOPS, "")
            )
        return message_response(headers, answer)

    return export
