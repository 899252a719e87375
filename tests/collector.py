"""A small OTLP collector over gRPC, which keeps what it is sent and refuses when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

_SERVICE = "opentelemetry.proto.collector.{0}.v1.{1}Service"


@dataclass
class Collector:
    """What a collector has got. It answers with `refusal` while there is one."""

    address: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    records: list[LogRecord] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    requests: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    refusal: grpc.StatusCode | None = None

    def named(self, name: str) -> list[Span]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def metric(self, name: str) -> list[dict[str, Any]]:
        """Return the attributes of the points of a metric, each with its value as `value`."""
        found = []
        for metric in self.metrics:
            if metric.name == name:
                kind = getattr(metric, str(metric.WhichOneof("data")))
                for point in kind.data_points:
                    value = point.count if hasattr(point, "count") else point.as_int
                    found.append({**attributes(point), "value": value})
        return found

    def _take_spans(self, body: bytes) -> None:
        for resource in TracesData.FromString(body).resource_spans:
            self.services.add(attributes(resource.resource).get("service.name", ""))
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def _take_records(self, body: bytes) -> None:
        for resource in LogsData.FromString(body).resource_logs:
            for scope in resource.scope_logs:
                self.records += scope.log_records

    def _take_metrics(self, body: bytes) -> None:
        for resource in MetricsData.FromString(body).resource_metrics:
            for scope in resource.scope_metrics:
                self.metrics += scope.metrics

    def handlers(self) -> dict[str, Callable[[bytes], None]]:
        """Return what takes the requests of each of OTLP's services."""
        return {
            _SERVICE.format("trace", "Trace"): self._take_spans,
            _SERVICE.format("logs", "Logs"): self._take_records,
            _SERVICE.format("metrics", "Metrics"): self._take_metrics,
        }

    def export(self, take: Callable[[bytes], None]) -> Callable[[bytes, Any], Any]:
        """Return the behaviour of an Export method."""

        async def answer(request: bytes, context: Any) -> bytes:
            self.requests += 1
            self.headers |= dict(context.invocation_metadata())
            if self.refusal is not None:
                await context.abort(self.refusal, "not now")
            take(request)
            return b""

        return answer


def attributes(bearer: Any) -> dict[str, Any]:
    """Return the attributes of whatever has some."""
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in bearer.attributes
    }


@asynccontextmanager
async def collecting(
    collector: Collector | None = None, *, port: int = 0
) -> AsyncIterator[Collector]:
    """Run a collector, a new one unless one is given, for as long as the context lasts."""
    collector = collector or Collector()
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    for service, take in collector.handlers().items():
        handler: Any = grpc.unary_unary_rpc_method_handler(collector.export(take))
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"Export": handler}),)
        )
    collector.address = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(None)
