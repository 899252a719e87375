"""OTLP/JSON to OTLP's messages, as the specification of OTLP/HTTP maps them.

Ids are hexadecimal in either case; base64, which some exporters write, is read too. 64-bit integers
are numbers or strings, enums numbers or names, fields lowerCamelCase or snake_case; a null is an
absent field, and unknown fields are ignored. Written by hand on the message classes: a general
mapper looks every field up anew and is too slow for telemetry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import (
    LogRecord,
    LogsData,
    ResourceLogs,
    ScopeLogs,
    SeverityNumber,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import (
    ResourceSpans,
    ScopeSpans,
    Span,
    Status,
    TracesData,
)

from trialbook.services.trajectory.otlp_json_fields import (
    Fault,
    JsonObject,
    attributes,
    child,
    count,
    each,
    identifier,
    named,
    nanoseconds,
    text,
    value,
)

_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_KINDS = dict(Span.SpanKind.items())
_STATUS_CODES = dict(Status.StatusCode.items())
_SEVERITIES = dict(SeverityNumber.items())

_Data = TypeVar("_Data", TracesData, LogsData)


def traces_from_json(document: bytes) -> TracesData:
    """Read an ExportTraceServiceRequest, which TracesData is on the wire, from OTLP/JSON.

    Raise `ValueError` with the path of the field that is not as OTLP says.
    """
    return _read(
        document,
        lambda given: TracesData(
            resource_spans=each(given, "resourceSpans", "resource_spans", _resource_spans)
        ),
    )


def logs_from_json(document: bytes) -> LogsData:
    """Read an ExportLogsServiceRequest, which LogsData is on the wire, from OTLP/JSON.

    Raise `ValueError` with the path of the field that is not as OTLP says.
    """
    return _read(
        document,
        lambda given: LogsData(
            resource_logs=each(given, "resourceLogs", "resource_logs", _resource_logs)
        ),
    )


def _read(document: bytes, convert: Callable[[JsonObject], _Data]) -> _Data:
    try:
        given = msgspec.json.decode(document)
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not valid JSON: {error}") from None
    if type(given) is not dict:
        raise ValueError("the document must be an object")
    try:
        return convert(given)
    except Fault as fault:
        raise ValueError(str(fault)) from None


def _resource_spans(given: JsonObject) -> ResourceSpans:
    return ResourceSpans(
        resource=_resource(given),
        scope_spans=each(given, "scopeSpans", "scope_spans", _scope_spans),
        schema_url=text(given, "schemaUrl", "schema_url"),
    )


def _scope_spans(given: JsonObject) -> ScopeSpans:
    return ScopeSpans(
        scope=_scope(given),
        spans=each(given, "spans", "spans", _span),
        schema_url=text(given, "schemaUrl", "schema_url"),
    )


def _resource_logs(given: JsonObject) -> ResourceLogs:
    return ResourceLogs(
        resource=_resource(given),
        scope_logs=each(given, "scopeLogs", "scope_logs", _scope_logs),
        schema_url=text(given, "schemaUrl", "schema_url"),
    )


def _scope_logs(given: JsonObject) -> ScopeLogs:
    return ScopeLogs(
        scope=_scope(given),
        log_records=each(given, "logRecords", "log_records", _log_record),
        schema_url=text(given, "schemaUrl", "schema_url"),
    )


def _resource(given: JsonObject) -> Resource | None:
    resource = child(given, "resource")
    if resource is None:
        return None
    try:
        return Resource(
            attributes=attributes(resource),
            dropped_attributes_count=count(
                resource, "droppedAttributesCount", "dropped_attributes_count"
            ),
        )
    except Fault as fault:
        raise fault.under("resource") from None


def _scope(given: JsonObject) -> InstrumentationScope | None:
    scope = child(given, "scope")
    if scope is None:
        return None
    try:
        return InstrumentationScope(
            name=text(scope, "name"),
            version=text(scope, "version"),
            attributes=attributes(scope),
            dropped_attributes_count=count(
                scope, "droppedAttributesCount", "dropped_attributes_count"
            ),
        )
    except Fault as fault:
        raise fault.under("scope") from None


def _span(given: JsonObject) -> Span:
    return Span(
        trace_id=identifier(given, "traceId", "trace_id", _TRACE_ID_BYTES),
        span_id=identifier(given, "spanId", "span_id", _SPAN_ID_BYTES),
        trace_state=text(given, "traceState", "trace_state"),
        parent_span_id=identifier(given, "parentSpanId", "parent_span_id", _SPAN_ID_BYTES),
        flags=count(given, "flags", "flags"),
        name=text(given, "name"),
        kind=named(given, "kind", "kind", _KINDS),
        start_time_unix_nano=nanoseconds(given, "startTimeUnixNano", "start_time_unix_nano"),
        end_time_unix_nano=nanoseconds(given, "endTimeUnixNano", "end_time_unix_nano"),
        attributes=attributes(given),
        dropped_attributes_count=count(given, "droppedAttributesCount", "dropped_attributes_count"),
        events=each(given, "events", "events", _event),
        dropped_events_count=count(given, "droppedEventsCount", "dropped_events_count"),
        links=each(given, "links", "links", _link),
        dropped_links_count=count(given, "droppedLinksCount", "dropped_links_count"),
        status=_status(given),
    )


def _event(given: JsonObject) -> Span.Event:
    return Span.Event(
        time_unix_nano=nanoseconds(given, "timeUnixNano", "time_unix_nano"),
        name=text(given, "name"),
        attributes=attributes(given),
        dropped_attributes_count=count(given, "droppedAttributesCount", "dropped_attributes_count"),
    )


def _link(given: JsonObject) -> Span.Link:
    return Span.Link(
        trace_id=identifier(given, "traceId", "trace_id", _TRACE_ID_BYTES),
        span_id=identifier(given, "spanId", "span_id", _SPAN_ID_BYTES),
        trace_state=text(given, "traceState", "trace_state"),
        attributes=attributes(given),
        dropped_attributes_count=count(given, "droppedAttributesCount", "dropped_attributes_count"),
        flags=count(given, "flags", "flags"),
    )


def _status(given: JsonObject) -> Status | None:
    status = child(given, "status")
    if status is None:
        return None
    try:
        return Status(
            message=text(status, "message"),
            code=named(status, "code", "code", _STATUS_CODES),
        )
    except Fault as fault:
        raise fault.under("status") from None


def _log_record(given: JsonObject) -> LogRecord:
    body = given.get("body")
    return LogRecord(
        time_unix_nano=nanoseconds(given, "timeUnixNano", "time_unix_nano"),
        observed_time_unix_nano=nanoseconds(
            given, "observedTimeUnixNano", "observed_time_unix_nano"
        ),
        severity_number=named(given, "severityNumber", "severity_number", _SEVERITIES),
        severity_text=text(given, "severityText", "severity_text"),
        body=None if body is None else value(body, "body"),
        attributes=attributes(given),
        dropped_attributes_count=count(given, "droppedAttributesCount", "dropped_attributes_count"),
        flags=count(given, "flags", "flags"),
        trace_id=identifier(given, "traceId", "trace_id", _TRACE_ID_BYTES),
        span_id=identifier(given, "spanId", "span_id", _SPAN_ID_BYTES),
        event_name=text(given, "eventName", "event_name"),
    )
