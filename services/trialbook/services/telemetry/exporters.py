"""The SDK's providers with the exporters that were asked for, each configured by OTEL_* itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

from trialbook.services.telemetry.environment import Exporter

P = TypeVar("P", TracerProvider, MeterProvider)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sending(Generic[P]):
    """A provider, and the exporters by which it sends."""

    provider: P
    exporters: Sequence[SpanExporter | MetricExporter]


def send_spans(names: Sequence[Exporter], resource: Resource) -> Sending[TracerProvider] | None:
    """Return what sends spans in batches; None if nobody wants them.

    A variable that the SDK cannot use is told in a warning: it does not keep the service from
    starting.
    """
    if not names:
        return None
    try:
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporters = list(map(_span_exporter, names))
        for exporter in exporters:
            provider.add_span_processor(BatchSpanProcessor(exporter))
    except Exception as error:  # noqa: BLE001 — telemetry must never keep the service from its work
        _tell("traces", error)
        return None
    return Sending(provider, exporters)


def send_metrics(names: Sequence[Exporter], resource: Resource) -> Sending[MeterProvider] | None:
    """Return what sends metrics at intervals; None as for spans."""
    if not names:
        return None
    try:
        exporters = list(map(_metric_exporter, names))
        readers = list(map(PeriodicExportingMetricReader, exporters))
        provider = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    except Exception as error:  # noqa: BLE001 — telemetry must never keep the service from its work
        _tell("metrics", error)
        return None
    return Sending(provider, exporters)


def _span_exporter(name: Exporter) -> SpanExporter:
    match name:
        case "console":
            return ConsoleSpanExporter(out=sys.stderr)
        case "grpc":
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )

            return OTLPSpanExporter()
        case "http/protobuf":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter as OTLPSpanExporterOverHttp,
            )

            return OTLPSpanExporterOverHttp()


def _metric_exporter(name: Exporter) -> MetricExporter:
    match name:
        case "console":
            return ConsoleMetricExporter(out=sys.stderr)
        case "grpc":
            from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415
                OTLPMetricExporter,
            )

            return OTLPMetricExporter()
        case "http/protobuf":
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
                OTLPMetricExporter as OTLPMetricExporterOverHttp,
            )

            return OTLPMetricExporterOverHttp()


def _tell(signal: str, error: Exception) -> None:
    # The kind alone: a text may quote a header with a secret in it.
    _log.warning(
        "the OTEL_* variables cannot be used (%s), so the service's own %s stay here",
        type(error).__name__,
        signal,
    )
