"""Sets a tracer provider up where a worker is to trace and nobody has done so."""

from __future__ import annotations

import logging
import os
import threading
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

logger: Final = logging.getLogger("trialbook.worker")

MAX_ATTRIBUTES: Final = 10_000
"""Conventions that number messages need more than the SDK's 128, and it drops the oldest first."""
_LIMITS: Final = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_setting_up: Final = threading.Lock()


def ensure_provider(service_name: str) -> None:
    """Set a tracer provider up, unless there is one.

    Its spans also go to the OTLP endpoint that the standard OTEL_* variables name, if they do.
    """
    with _setting_up:
        current = trace.get_tracer_provider()
        if isinstance(current, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
            trace.set_tracer_provider(_provider(service_name))


def _provider(service_name: str) -> TracerProvider:
    named = bool(os.environ.get("OTEL_SERVICE_NAME"))
    limited = any(os.environ.get(name) for name in _LIMITS)
    provider = TracerProvider(
        resource=Resource.create({} if named else {"service.name": service_name}),
        span_limits=SpanLimits(max_span_attributes=None if limited else MAX_ATTRIBUTES),
    )
    processor = _standard_processor()
    if processor is not None:
        provider.add_span_processor(processor)
    return provider


def _standard_processor() -> SpanProcessor | None:
    """Return what sends spans to where the standard variables say; None if they do not."""
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp" or _first(_ENDPOINTS) is None:
        return None
    try:
        if _first(_PROTOCOLS) == "http/protobuf":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter as HttpExporter,
            )

            return BatchSpanProcessor(HttpExporter())
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter as GrpcExporter,
        )

        return BatchSpanProcessor(GrpcExporter())
    except ImportError:
        logger.warning(
            "%s is set, but what sends spans there is not installed: "
            "opentelemetry-exporter-otlp-proto-grpc, or -http for http/protobuf.",
            _first(_ENDPOINTS),
        )
        return None


def _first(variables: tuple[str, ...]) -> str | None:
    return next((value for name in variables if (value := os.environ.get(name))), None)
