"""What the parts of the service are given so that its operators can see it. Here: nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc

from trialbook.eventstore import Projection, Reader
from trialbook.services.application.ports import Store
from trialbook.services.engine.observer import UNOBSERVED, Observer

if TYPE_CHECKING:
    # It imports much, and is not needed where nothing is told.
    from trialbook.services.telemetry.state import Figures


class Telemetry:
    """Traces and metrics that go nowhere and cost nothing. `Exported` is the other kind."""

    observer: Observer = UNOBSERVED
    interceptors: tuple[grpc.aio.ServerInterceptor, ...] = ()

    def measured(self, store: Store) -> Store:
        """Return the store, with its work measured."""
        return store

    def counted(self, projection: Projection) -> Projection:
        """Return the projection, with what is recorded counted."""
        return projection

    def received(self, signal: str, stored: int, rejected: int) -> None:
        """Count spans or log records ("traces", "logs") that OTLP brought."""

    def watch(self, read_now: Callable[[Callable[[Reader], Figures]], Figures]) -> None:
        """Tell of the state of the database, from time to time."""

    async def stop(self) -> None:
        """Send what is left, for two seconds at most."""
