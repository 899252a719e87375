"""What every HTTP request passes through: the token, and the translation of errors."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from trialbook.services.domain.errors import InvalidToken
from trialbook.services.web.body import Disconnected, discard
from trialbook.services.web.status import refusal

HEALTH = "/health"
"""The one path that needs no token."""


class Guard:
    """Stands before the routes."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if scope["path"] != HEALTH and not self._admits(headers):
                await discard(receive)
                raise InvalidToken
            await self._app(scope, receive, send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 — every error is told, none escapes
            await refusal(headers, error)(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        if self._expected is None:
            return True
        shown = headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(shown, self._expected)
