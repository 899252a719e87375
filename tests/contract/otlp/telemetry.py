"""A running service at both of its OTLP doors, and the requests that tests send to it."""

from __future__ import annotations

import asyncio
import http.client
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from tests.service import settings_in
from trialbook.eventstore import Database
from trialbook.services import bootstrap
from trialbook.services.application.trace_reads import ChunkKind, TraceRow
from trialbook.services.bootstrap import Addresses
from trialbook.services.projections.unit_of_work import SqlStore

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_UNBOUNDED: list[tuple[str, int]] = [("grpc.max_send_message_length", -1)]


@dataclass(frozen=True)
class Answer:
    """What HTTP answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Collector:
    """A running service: its addresses, an open channel, and a look into its store."""

    addresses: Addresses
    channel: grpc.aio.Channel
    store: SqlStore

    async def export(
        self, request: ExportTraceServiceRequest, **options: Any
    ) -> ExportTraceServiceResponse:
        stub: Any = TraceServiceStub(self.channel)  # type: ignore[no-untyped-call]
        answer: ExportTraceServiceResponse = await stub.Export(request, **options)
        return answer

    async def export_logs(self, request: ExportLogsServiceRequest) -> ExportLogsServiceResponse:
        stub: Any = LogsServiceStub(self.channel)  # type: ignore[no-untyped-call]
        answer: ExportLogsServiceResponse = await stub.Export(request)
        return answer

    async def post(
        self, path: str, body: bytes | Iterable[bytes], method: str = "POST", **headers: str
    ) -> Answer:
        """Send an HTTP request; an iterable goes in chunks, without a length."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await asyncio.to_thread(self._post, method, path, body, named)

    def _post(
        self, method: str, path: str, body: bytes | Iterable[bytes], headers: dict[str, str]
    ) -> Answer:
        assert self.addresses.http is not None
        connection = http.client.HTTPConnection(self.addresses.http, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    async def row(self, trace_id: bytes) -> TraceRow | None:
        """Return what is known of a trace."""
        rows = await self.store.read(lambda queries: queries.traces.rows([trace_id.hex()]))
        return rows.get(trace_id.hex())

    async def stored(self, *trace_ids: bytes) -> list[TracesData]:
        """Return the spans of traces, as they came."""
        chunks = await self.store.read(
            lambda queries: queries.traces.chunks([trace_id.hex() for trace_id in trace_ids])
        )
        return [TracesData.FromString(one.body) for one in chunks if one.kind is ChunkKind.SPANS]

    async def stored_logs(self, trace_id: bytes) -> list[LogsData]:
        """Return the log records of a trace, as they came."""
        chunks = await self.store.read(lambda queries: queries.traces.chunks([trace_id.hex()]))
        return [LogsData.FromString(one.body) for one in chunks if one.kind is ChunkKind.RECORDS]

    async def names(self, trace_id: bytes) -> list[str]:
        """Return the names of the stored spans of a trace, in the order in which they came."""
        return [
            span.name
            for data in await self.stored(trace_id)
            for resource in data.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@asynccontextmanager
async def receiving(folder: Path, **settings: Any) -> AsyncIterator[Collector]:
    """Run the service on the database of `folder`, for as long as the context lasts."""
    given = {"address": "127.0.0.1:0", "http_address": "127.0.0.1:0", **settings}
    chosen = settings_in(folder, **given)
    opened: list[Database] = []
    open_database = bootstrap.open_database

    def remember(*arguments: Any, **more: Any) -> Database:
        opened.append(open_database(*arguments, **more))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "open_database", remember)
        options = [*_UNBOUNDED, ("grpc.use_local_subchannel_pool", 1)]
        async with (
            bootstrap.listening(chosen) as addresses,
            grpc.aio.insecure_channel(addresses.grpc, options=options) as channel,
        ):
            yield Collector(addresses, channel, SqlStore(opened[0]))


def new_trace() -> bytes:
    """Return the id of a new trace."""
    return os.urandom(16)


def new_span(trace_id: bytes, name: str = "work", **fields: Any) -> Span:
    """Return a span with an id of its own."""
    return Span(**{"trace_id": trace_id, "span_id": os.urandom(8), "name": name, **fields})


def spans(*those: Span, service: str = "agent") -> ExportTraceServiceRequest:
    """Return a request of spans that come from one service."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(text("service.name", service))
    scope = resource.scope_spans.add(schema_url="https://example.org/schema")
    scope.scope.name = "tests"
    scope.spans.extend(those)
    return request


def records(*those: LogRecord) -> ExportLogsServiceRequest:
    """Return a request of log records that come from one service."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.append(text("service.name", "agent"))
    resource.scope_logs.add().log_records.extend(those)
    return request


def text(key: str, value: str) -> KeyValue:
    """Return an attribute."""
    return KeyValue(key=key, value=AnyValue(string_value=value))
