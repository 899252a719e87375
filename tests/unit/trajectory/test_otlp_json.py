"""OTLP/JSON: as lenient as its specification says, and strict about what is no OTLP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trialbook.services.trajectory.decoding import decode_records, decode_spans
from trialbook.services.trajectory.otlp_json import logs_from_json, traces_from_json
from trialbook.services.trajectory.span import Span, SpanStatus

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def _document(**span: Any) -> bytes:
    given = {"traceId": _TRACE, "spanId": _SPAN, **span}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [given]}]}]}).encode()


def _read(**span: Any) -> Span:
    (found,) = decode_spans([traces_from_json(_document(**span)).SerializeToString()])
    return found


@pytest.mark.parametrize(
    ("trace_id", "span_id"),
    [
        (_TRACE.upper(), _SPAN.upper()),
        ("CvdlGRbNQ92ESOshHIAxnA==", "t61rcWkgMzE="),
        ("CvdlGRbNQ92ESOshHIAxnA", "t61rcWkgMzE"),
    ],
)
def test_ids_are_hexadecimal_in_either_case_or_base64(trace_id: str, span_id: str) -> None:
    span = _read(traceId=trace_id, spanId=span_id)
    assert (span.trace_id, span.span_id) == (_TRACE, _SPAN)


def test_integers_and_enums_come_in_both_forms() -> None:
    numbers = _read(startTimeUnixNano=12, kind=3, status={"code": 2})
    texts = _read(
        startTimeUnixNano="12", kind="SPAN_KIND_CLIENT", status={"code": "STATUS_CODE_ERROR"}
    )
    assert (numbers.start, numbers.kind, numbers.status) == (12, 3, SpanStatus.ERROR)
    assert (texts.start, texts.kind, texts.status) == (12, 3, SpanStatus.ERROR)


def test_snake_case_nulls_and_unknown_fields_are_read_over() -> None:
    span = _read(
        parent_span_id=_SPAN,
        start_time_unix_nano="5",
        unheard_of=[1],
        links=None,
        endTimeUnixNano=None,
    )
    assert (span.parent_id, span.start, span.end, span.links) == (_SPAN, 5, 0, ())


def test_values_of_every_kind() -> None:
    values = {
        "a": {"stringValue": "x"},
        "b": {"intValue": "9007199254740993"},
        "c": {"doubleValue": "NaN"},
        "d": {"boolValue": True},
        "e": {"bytesValue": "/w=="},
        "f": {"arrayValue": {"values": [{"intValue": 1}, {}]}},
        "g": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}},
        "h": {},
        "i": None,
    }
    span = _read(attributes=[{"key": key, "value": value} for key, value in values.items()])
    assert span.attributes == {
        "a": "x",
        "b": 9007199254740993,
        "c": "nan",
        "d": True,
        "e": "/w==",
        "f": [1, None],
        "g": {"k": "v"},
        "h": None,
        "i": None,
    }


def test_log_records() -> None:
    record = {
        "traceId": _TRACE,
        "spanId": _SPAN,
        "eventName": "details",
        "severityNumber": "SEVERITY_NUMBER_INFO",
        "body": {"stringValue": "hello"},
    }
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    logs = logs_from_json(json.dumps(document).encode())
    ((found,),) = decode_records([logs.SerializeToString()]).values()
    assert (found.name, found.attributes) == ("details", {"body": "hello"})


_IN_SPAN = "resourceSpans[0].scopeSpans[0].spans[0]"


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"traceId": 5}, f"{_IN_SPAN}.traceId: must be an id in hexadecimal digits"),
        ({"spanId": "what?"}, f"{_IN_SPAN}.spanId: must be an id in hexadecimal digits"),
        ({"name": 1}, f"{_IN_SPAN}.name: must be a text"),
        ({"kind": "CLIENT"}, f"{_IN_SPAN}.kind: is a name that OTLP does not know"),
        ({"kind": True}, f"{_IN_SPAN}.kind: must be an integer"),
        ({"startTimeUnixNano": -1}, f"{_IN_SPAN}.startTimeUnixNano: must be between"),
        ({"attributes": {}}, f"{_IN_SPAN}.attributes: must be a list"),
        ({"attributes": [{"value": {}}]}, f"{_IN_SPAN}.attributes[0].key: must be a text"),
        (
            {
                "attributes": [
                    {"key": "a", "value": {"arrayValue": {"values": [{"intValue": "x"}]}}}
                ]
            },
            f"{_IN_SPAN}.attributes[0].value.arrayValue.values[0].intValue: must be an integer",
        ),
        (
            {"attributes": [{"key": "a", "value": {"intValue": 1, "boolValue": True}}]},
            f"{_IN_SPAN}.attributes[0].value: must have one value only",
        ),
        ({"status": []}, f"{_IN_SPAN}.status: must be an object"),
        ({"events": [3]}, f"{_IN_SPAN}.events[0]: must be an object"),
    ],
)
def test_what_is_no_otlp_is_refused_with_its_path(span: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"resourceSpans") as refusal:
        traces_from_json(_document(**span))
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"\xff", b"[" * 5000 + b"]" * 5000])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"document|JSON"):
        traces_from_json(document)


def test_values_nest_only_so_deep_that_they_can_be_read_again() -> None:
    def nested(depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {"stringValue": "x"}
        for _ in range(depth):
            value = {"kvlistValue": {"values": [{"key": "k", "value": value}]}}
        return value

    deepest = _read(attributes=[{"key": "a", "value": nested(28)}]).attributes["a"]
    for _ in range(28):
        deepest = deepest["k"]
    assert deepest == "x"
    with pytest.raises(ValueError, match="nested too deeply"):
        traces_from_json(_document(attributes=[{"key": "a", "value": nested(29)}]))
