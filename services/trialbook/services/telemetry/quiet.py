"""Keeps what the SDK says of an endpoint that does not answer from flooding the log."""

from __future__ import annotations

import logging
import threading
import time

_EVERY = 60.0
_KNOWN = "already shutdown"
"""What exporters say that were told to give up, and are ended once more after that."""
_LOGGERS = (
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.proto.http._common",
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.metrics._internal.export",
    "opentelemetry.sdk.trace",
)


class _OnceAMinute(logging.Filter):
    """Lets each sentence of a logger pass once a minute, whatever stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record may pass."""
        key, now = (record.name, str(record.msg)), time.monotonic()
        if _KNOWN in key[1]:
            return False
        # Traces and metrics are sent from two threads.
        with self._lock:
            if now < self._quiet_until.get(key, 0.0):
                return False
            self._quiet_until[key] = now + _EVERY
            return True


def keep_quiet() -> None:
    """Begin. It does not end: what is still being sent may complain after the service has ended."""
    filtering = _OnceAMinute()
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(filtering)
