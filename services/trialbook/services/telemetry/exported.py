"""Traces and metrics that go where OTEL_* says. The only module that imports the SDK."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version

from opentelemetry.metrics import Meter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider, Tracer

from trialbook.eventstore import Projection, Reader
from trialbook.services.application.ports import Store
from trialbook.services.domain.identity import new_uid
from trialbook.services.telemetry.call import CallSpans
from trialbook.services.telemetry.environment import Wanted
from trialbook.services.telemetry.exporters import Sending, send_metrics, send_spans
from trialbook.services.telemetry.instruments import Instruments
from trialbook.services.telemetry.measured_store import MeasuredStore
from trialbook.services.telemetry.quiet import keep_quiet
from trialbook.services.telemetry.recorded import counting
from trialbook.services.telemetry.state import DatabaseState, Figures, observe_database
from trialbook.services.telemetry.telemetry import Telemetry
from trialbook.services.telemetry.work import WorkSpans

_SCOPE = "trialbook.services"
_SERVICE = "trialbook"
_PATIENCE = 1.5
"""Seconds that the end of the service waits for what is still to be sent."""
_LAST_PATIENCE = 0.5
"""Seconds that it waits for those who were told to give up."""


class Exported(Telemetry):
    """Sends from threads of its own: an endpoint that does not answer keeps nobody waiting.

    The providers are not made the process's own: code of others that traces is none of ours.
    """

    def __init__(self, asked: Wanted) -> None:
        """Begin to send what is asked for."""
        keep_quiet()
        resource = _resource()
        self._traces = send_spans(asked.traces, resource)
        self._metrics = send_metrics(asked.metrics, resource)
        spans = NoOpTracerProvider() if self._traces is None else self._traces.provider
        metrics = NoOpMeterProvider() if self._metrics is None else self._metrics.provider
        tracer: Tracer = spans.get_tracer(_SCOPE)
        self._meter: Meter = metrics.get_meter(_SCOPE)
        self._instruments = Instruments(self._meter)
        self.interceptors = (CallSpans(tracer, self._instruments.calls),)
        if self._traces is not None:
            self.observer = WorkSpans(tracer)

    def measured(self, store: Store) -> Store:
        """Return the store, with its work measured."""
        if self._metrics is None:
            return store
        measured = MeasuredStore(
            store, self._instruments.transactions, self._instruments.batch_sizes
        )
        self._instruments.observe_waiting(self._meter, lambda: measured.waiting)
        return measured

    def counted(self, projection: Projection) -> Projection:
        """Return the projection, with what is recorded counted."""
        if self._metrics is None:
            return projection
        return counting(projection, self._instruments.results, self._instruments.scores)

    def received(self, signal: str, stored: int, rejected: int) -> None:
        """Count spans or log records ("traces", "logs") that OTLP brought."""
        for outcome, count in (("stored", stored), ("rejected", rejected)):
            if count:
                attributes = {"otel.signal": signal, "trialbook.outcome": outcome}
                self._instruments.received.add(count, attributes)

    def watch(self, read_now: Callable[[Callable[[Reader], Figures]], Figures]) -> None:
        """Tell of the state of the database, whenever metrics are collected."""
        if self._metrics is not None:
            observe_database(self._meter, DatabaseState(read_now))

    async def stop(self) -> None:
        """Send what is left, for two seconds at most, whatever the endpoint does."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        ends = [
            (threading.Thread(target=_shut_down, args=(sending,), daemon=True), sending)
            for sending in (self._traces, self._metrics)
            if sending is not None
        ]
        for end, _ in ends:
            end.start()
        _join((end for end, _ in ends), _PATIENCE)
        late = [(end, sending) for end, sending in ends if end.is_alive()]
        for _, sending in late:
            for exporter in sending.exporters:
                # Ends a try that is under way, and the waiting for the next one.
                exporter.shutdown()
        _join((end for end, _ in late), _LAST_PATIENCE)


def _join(threads: Iterable[threading.Thread], patience: float) -> None:
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _shut_down(sending: Sending[TracerProvider] | Sending[MeterProvider]) -> None:
    try:
        sending.provider.shutdown()
    except Exception:  # noqa: BLE001 — what could not be sent in time is given up
        return


def _resource() -> Resource:
    """Return what the variables say of this process, and a name for the service if they do not."""
    given = OTELResourceDetector().detect().attributes
    own = {
        "service.name": _SERVICE,
        "service.version": version(_SERVICE),
        "service.instance.id": new_uid(),
    }
    return Resource.create({key: text for key, text in own.items() if key not in given})
