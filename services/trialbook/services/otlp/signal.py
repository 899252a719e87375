"""The two signals that are received, and what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from trialbook.services.application.trace_reads import ChunkKind
from trialbook.services.otlp.trimming import trim_record, trim_span
from trialbook.services.trajectory.otlp_json import logs_from_json, traces_from_json

Data: TypeAlias = TracesData | LogsData
"""What a request holds. On the wire it is the same as the request."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of telemetry: how it is read, taken apart, cut to size, answered and addressed.

    `entries` are its spans or log records; `noun` is their word in sentences, `name` the signal's.
    """

    kind: ChunkKind
    name: str
    noun: str
    service: str
    path: str
    parse: Callable[[bytes], Data]
    parse_json: Callable[[bytes], Data]
    resources: Callable[[Any], Iterable[Any]]
    scopes: Callable[[Any], Iterable[Any]]
    entries: Callable[[Any], Iterable[Any]]
    trim: Callable[[Any], int]
    answer: Callable[[int, str], Any]


def _traces_answer(rejected: int, sentence: str) -> Any:
    answer = trace_service_pb2.ExportTraceServiceResponse()
    if sentence:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = sentence
    return answer


def _logs_answer(rejected: int, sentence: str) -> Any:
    answer = logs_service_pb2.ExportLogsServiceResponse()
    if sentence:
        answer.partial_success.rejected_log_records = rejected
        answer.partial_success.error_message = sentence
    return answer


TRACES = Signal(
    kind=ChunkKind.SPANS,
    name="traces",
    noun="spans",
    service=trace_service_pb2.DESCRIPTOR.services_by_name["TraceService"].full_name,
    path="/v1/traces",
    parse=TracesData.FromString,
    parse_json=traces_from_json,
    resources=lambda data: data.resource_spans,
    scopes=lambda resource: resource.scope_spans,
    entries=lambda scope: scope.spans,
    trim=trim_span,
    answer=_traces_answer,
)
LOGS = Signal(
    kind=ChunkKind.RECORDS,
    name="logs",
    noun="log records",
    service=logs_service_pb2.DESCRIPTOR.services_by_name["LogsService"].full_name,
    path="/v1/logs",
    parse=LogsData.FromString,
    parse_json=logs_from_json,
    resources=lambda data: data.resource_logs,
    scopes=lambda resource: resource.scope_logs,
    entries=lambda scope: scope.log_records,
    trim=trim_record,
    answer=_logs_answer,
)
SIGNALS = (TRACES, LOGS)
