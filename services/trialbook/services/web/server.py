"""The HTTP server: its address, its coming and going. It runs on the service's own event loop."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from trialbook.services.web.body import discard
from trialbook.services.web.guard import HEALTH, Guard
from trialbook.services.web.status import http_refusal

_BACKLOG = 128
_KEPT_ALIVE = 75
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class CannotListen(Exception):
    """The address is taken, or is none of this machine's."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server shows: PEM files."""

    certificate: Path
    key: Path


class WebServer:
    """Answers the routes that it is given, and `GET /health`, on one address."""

    def __init__(
        self, routes: Sequence[BaseRoute], token: str | None = None, tls: Tls | None = None
    ) -> None:
        self._stopping = False
        app = Starlette(
            routes=[*routes, Route(HEALTH, self._health)],
            middleware=[Middleware(Guard, token=token)],
            exception_handlers={HTTPException: _refuse},
        )
        self._config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            # Exporters send every few seconds over a connection that they believe to be open.
            timeout_keep_alive=_KEPT_ALIVE,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=str(tls.key) if tls else None,
        )
        self._server = uvicorn.Server(self._config)
        self._sockets: list[socket.socket] = []

    async def start(self, host: str, port: int) -> int:
        """Bind and begin to answer; return the real port. Raises CannotListen, OSError."""
        # Not `serve()`: that takes over the signals of the process, which are not its own.
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        self._sockets = _bound(host, port)
        await self._server.startup(sockets=self._sockets)
        return int(self._sockets[0].getsockname()[1])

    async def stop(self, grace: float) -> None:
        """Take no more requests, let those that are there finish for `grace` seconds, go."""
        self._stopping = True
        if self._server.started:
            self._config.timeout_graceful_shutdown = max(1, round(grace))
            await self._server.shutdown(sockets=self._sockets)

    async def _health(self, _: Request) -> Response:
        if self._stopping:
            return JSONResponse({"status": "NOT_SERVING"}, 503)
        return JSONResponse({"status": "SERVING"})


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = error.detail
    if error.status_code in (404, 405):
        await discard(request.receive)
    if error.status_code == 404:
        sentence = f"there is nothing at {request.url.path}"
    if error.status_code == 405:
        sentence = f"{request.url.path} does not answer {request.method}"
    response = http_refusal(request.headers, error.status_code, sentence)
    response.headers.update(error.headers or {})
    return response


def _bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets at all addresses of a host, of one port."""
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotListen(str(error)) from error
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(places):
        try:
            one = _listening(family, (address[0], port, *address[2:]))
        except OSError as error:
            # A name may stand for an address that this machine has not: ::1 without IPv6.
            if error.errno in _ABSENT and len(places) > 1:
                continue
            for bound in sockets:
                bound.close()
            raise CannotListen(str(error)) from error
        sockets.append(one)
        port = one.getsockname()[1]
    if not sockets:
        raise CannotListen(f"this machine has no address of {host}")
    return sockets


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(_BACKLOG)
    except OSError:
        one.close()
        raise
    one.setblocking(False)
    return one
