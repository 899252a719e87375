"""What the two doors promise: encodings, limits, refusals, and the exporters of the SDK."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import random
import ssl
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

from tests.contract.otlp.telemetry import (
    JSON,
    PROTOBUF,
    Answer,
    Collector,
    new_span,
    new_trace,
    receiving,
    spans,
    text,
)
from tests.service import refusal, settings_in
from trialbook.services import bootstrap
from trialbook.services.otlp import receiver
from trialbook.services.otlp.admission import Admission
from trialbook.services.rpc.server import CannotBind
from trialbook.v1.dataset_service_pb2 import ListDatasetsRequest

TRACES = "/v1/traces"
LOGS = "/v1/logs"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
COLLECTORS = [
    "opentelemetry.proto.collector.trace.v1.TraceService",
    "opentelemetry.proto.collector.logs.v1.LogsService",
]
MIB = 1024 * 1024
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def backend() -> str:
    """None of this differs between databases."""
    return "sqlite"


def as_json(trace: bytes, name: str) -> bytes:
    """Return a request as exporters of other languages write it."""
    span = {
        "traceId": trace.hex().upper(),
        "spanId": "00F067AA0BA902B7",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": "1",
        "endTimeUnixNano": 2,
        "flags": 257,
        "somethingNew": [],
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def records_as_json(**record: Any) -> bytes:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def status(answer: Answer) -> Status:
    """Return what an error says, in the encoding that it came in."""
    if answer.headers["content-type"] == PROTOBUF:
        return Status.FromString(answer.body)
    assert answer.headers["content-type"].startswith(JSON)
    return Parse(answer.body, Status())


async def test_http_takes_every_encoding(collector: Collector) -> None:
    trace = new_trace()
    whole = [spans(new_span(trace, name)).SerializeToString() for name in "abc"]
    sent = [
        await collector.post(TRACES, whole[0], content_type=PROTOBUF),
        await collector.post(
            TRACES, gzip.compress(whole[1]), content_type=PROTOBUF, content_encoding="gzip"
        ),
        await collector.post(TRACES, iter([whole[2][:9], whole[2][9:]]), content_type=PROTOBUF),
        await collector.post(
            TRACES, as_json(trace, "d"), content_type="application/json; charset=utf-8"
        ),
        await collector.post(
            TRACES,
            # Two members, as a sender that compresses piece by piece writes them.
            gzip.compress(as_json(trace, "e")[:50]) + gzip.compress(as_json(trace, "e")[50:]),
            content_type=JSON,
            content_encoding="gzip",
        ),
    ]

    assert [answer.status for answer in sent] == [200] * 5
    assert [answer.headers["content-type"] for answer in sent] == [PROTOBUF] * 3 + [JSON] * 2
    assert [answer.body for answer in sent] == [b""] * 3 + [b"{}"] * 2
    assert await collector.names(trace) == list("abcde")


async def test_http_takes_records(collector: Collector) -> None:
    trace = new_trace()
    body = records_as_json(traceId=trace.hex(), body={"intValue": "7"})

    answer = await collector.post(LOGS, body, content_type=JSON)

    assert answer.status == 200
    (data,) = await collector.stored_logs(trace)
    assert data.resource_logs[0].scope_logs[0].log_records[0].body.int_value == 7


async def test_http_tells_what_was_rejected(collector: Collector) -> None:
    body = spans(new_span(b"short"), new_span(new_trace())).SerializeToString()
    log = records_as_json(body={"stringValue": "lost"})

    binary = await collector.post(TRACES, body, content_type=PROTOBUF)
    written = await collector.post(LOGS, log, content_type=JSON)

    told = ExportTraceServiceResponse.FromString(binary.body).partial_success
    assert (binary.status, told.rejected_spans) == (200, 1)
    assert b'"rejectedLogRecords":"1"' in written.body.replace(b" ", b"")


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
async def test_what_is_no_telemetry_is_refused(collector: Collector, kind: str) -> None:
    answer = await collector.post(TRACES, b"\xff\xff\xff", content_type=kind)

    assert answer.status == 400
    assert status(answer).code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


async def test_json_is_refused_with_the_path_of_the_fault(collector: Collector) -> None:
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"ok"},{"name":7}]}]}]}'

    answer = await collector.post(TRACES, body, content_type=JSON)

    assert answer.status == 400
    assert "resourceSpans[0].scopeSpans[0].spans[1].name" in status(answer).message


async def test_grpc_refuses_what_is_no_telemetry(collector: Collector) -> None:
    channel: Any = collector.channel

    told = await refusal(channel.unary_unary(EXPORT)(b"\xff\xff\xff"))

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_random_bytes_are_answered_as_they_deserve(collector: Collector) -> None:
    chance = random.Random(5)
    export: Any = collector.channel.unary_unary(EXPORT)
    good = spans(new_span(new_trace()), new_span(new_trace())).SerializeToString()
    for _ in range(40):
        body = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        kind = chance.choice([PROTOBUF, JSON])
        answer = await collector.post(TRACES, bytes(body), content_type=kind)
        assert answer.status in (200, 400), answer
        assert await code_of(export(bytes(body))) is (
            grpc.StatusCode.OK if await accepted(collector, bytes(body)) else INVALID
        )


async def accepted(collector: Collector, body: bytes) -> bool:
    return (await collector.post(TRACES, body, content_type=PROTOBUF)).status == 200


async def code_of(call: Any) -> grpc.StatusCode:
    with suppress(grpc.aio.AioRpcError):
        await call
    code: grpc.StatusCode = await call.code()
    return code


async def test_both_doors_ask_for_the_token(tmp_path: Path) -> None:
    async with receiving(tmp_path, token="open sesame") as collector:
        request = spans(new_span(new_trace()))
        body = request.SerializeToString()
        wrong = (("authorization", "Bearer wrong"),)
        right = (("authorization", "Bearer open sesame"),)

        told = await refusal(collector.export(request))
        told_too = await refusal(collector.export(request, metadata=wrong))
        await collector.export(request, metadata=right)
        refused = [
            await collector.post(TRACES, body, content_type=PROTOBUF),
            await collector.post(TRACES, body, content_type=PROTOBUF, authorization=wrong[0][1]),
        ]
        taken = await collector.post(
            TRACES, body, content_type=PROTOBUF, authorization="Bearer open sesame"
        )
        health = await collector.post("/health", b"", "GET")

    assert told.code is told_too.code is grpc.StatusCode.UNAUTHENTICATED
    assert [answer.status for answer in refused] == [401, 401]
    assert status(refused[0]).code == grpc.StatusCode.UNAUTHENTICATED.value[0]
    assert refused[0].headers["www-authenticate"] == "Bearer"
    assert (taken.status, health.status) == (200, 200)


async def test_http_refuses_what_it_does_not_answer(collector: Collector) -> None:
    body = b"x" * (3 * MIB)
    answers = [
        await collector.post("/v1/metrics", body, content_type=PROTOBUF),
        await collector.post(TRACES, b"", "GET"),
        await collector.post(TRACES, body, content_type="text/plain"),
        await collector.post(TRACES, body, content_type=JSON, content_encoding="br"),
        await collector.post(TRACES, b"no gzip", content_type=JSON, content_encoding="gzip"),
        await collector.post(
            TRACES, gzip.compress(b"{}")[:-9], content_type=JSON, content_encoding="gzip"
        ),
    ]

    assert [answer.status for answer in answers] == [404, 405, 415, 415, 400, 400]
    assert all(len(status(answer).message) > 10 for answer in answers)


async def test_a_request_that_is_too_large_is_refused_for_good(collector: Collector) -> None:
    large = spans(new_span(new_trace(), attributes=[text("x", "x" * 64 * MIB)]))
    body = large.SerializeToString()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await collector.export(large)
    plain = await collector.post(TRACES, body, content_type=PROTOBUF)
    packed = await collector.post(
        TRACES, zlib_bomb(body), content_type=PROTOBUF, content_encoding="gzip"
    )

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (plain.status, packed.status) == (413, 413)
    assert status(plain).code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert "retry-after" not in plain.headers


async def test_a_sender_that_goes_away_harms_nobody(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    assert collector.addresses.http is not None
    host, _, port = collector.addresses.http.rpartition(":")
    head = b"POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-length: 99\r\n"
    for lost in (b"nonsense\r\n\r\n", head + b"content-type: application/json\r\n\r\n{"):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(lost)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    answer = await collector.post(TRACES, as_json(new_trace(), "n"), content_type=JSON)

    assert answer.status == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"") * 10_001, gzip.compress(b"{}") + b"\0"],
    ids=["many members", "rubbish behind"],
)
async def test_gzip_that_is_meant_to_keep_the_service_busy_is_refused(
    collector: Collector, packed: bytes
) -> None:
    answer = await collector.post(TRACES, packed, content_type=JSON, content_encoding="gzip")

    assert answer.status == 400
    assert "gzip" in status(answer).message


def zlib_bomb(body: bytes) -> bytes:
    """Return little that becomes much."""
    packed = zlib.compressobj(1, wbits=31)
    return packed.compress(body) + packed.flush()


async def test_a_large_request_is_taken(collector: Collector) -> None:
    trace = new_trace()
    many = [new_span(trace, attributes=[text("x", "x" * MIB)]) for _ in range(20)]

    answer = await collector.export(spans(*many))

    assert not answer.HasField("partial_success")
    row = await collector.row(trace)
    assert row is not None
    assert row.spans == 20


async def test_only_the_collectors_take_large_requests(collector: Collector) -> None:
    channel: Any = collector.channel
    list_datasets = channel.unary_unary("/trialbook.v1.DatasetService/ListDatasets")
    request = ListDatasetsRequest(parent="p" * 9 * MIB).SerializeToString()

    told = await refusal(list_datasets(request))

    assert (told.code, told.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE")
    assert told.metadata == {"limit": str(8 * MIB)}


async def test_too_much_at_once_is_to_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "Admission", lambda *_: Admission(1000))
    async with receiving(tmp_path) as collector:
        large = spans(new_span(new_trace(), "n" * 1000))

        told = await refusal(collector.export(large))
        answer = await collector.post(TRACES, large.SerializeToString(), content_type=PROTOBUF)
        small = await collector.export(spans(new_span(new_trace())))

    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "OVERLOADED")
    assert told.retry_after == 1.0
    check_unavailable(answer)
    assert not small.HasField("partial_success"), "what was refused is not held any more"


async def test_a_store_that_is_away_is_to_be_asked_again(tmp_path: Path) -> None:
    async with receiving(tmp_path) as collector:
        collector.store._database.close()
        request = spans(new_span(new_trace()))

        told = await refusal(collector.export(request))
        answer = await collector.post(TRACES, request.SerializeToString(), content_type=PROTOBUF)

    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
    assert told.retry_after == 1.0
    check_unavailable(answer)


def check_unavailable(answer: Answer) -> None:
    told = status(answer)
    assert (answer.status, told.code) == (503, grpc.StatusCode.UNAVAILABLE.value[0])
    assert answer.headers["retry-after"] == "1"
    retry = RetryInfo()
    assert any(detail.Unpack(retry) for detail in told.details)
    assert retry.retry_delay.seconds == 1


def exporters(collector: Collector) -> Iterator[SpanExporter]:
    yield GrpcExporter(endpoint=f"http://{collector.addresses.grpc}", insecure=True)
    yield HttpExporter(endpoint=f"http://{collector.addresses.http}{TRACES}")


async def test_the_exporters_of_the_sdk_are_understood(collector: Collector) -> None:
    def trace() -> list[bytes]:
        ids = []
        for exporter in exporters(collector):
            provider = TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            with provider.get_tracer("tests").start_as_current_span("real") as span:
                ids.append(span.get_span_context().trace_id.to_bytes(16, "big"))
            provider.shutdown()
        return ids

    for trace_id in await asyncio.to_thread(trace):
        assert await collector.names(trace_id) == ["real"]


@pytest.mark.parametrize("name", COLLECTORS)
async def test_health_and_reflection_know_the_collectors(collector: Collector, name: str) -> None:
    health: Any = health_pb2_grpc.HealthStub(collector.channel)
    answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub(collector.channel)  # type: ignore[arg-type]
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=name)
    answers = [one async for one in reflection.ServerReflectionInfo(iter([request]))]

    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert answers[0].file_descriptor_response.file_descriptor_proto


async def test_http_shows_the_certificate_of_the_server(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    settings = settings_in(
        tmp_path,
        address="localhost:0",
        http_address="localhost:0",
        tls_certificate=certificate,
        tls_key=key,
    )

    def ask(address: str) -> int:
        with urllib.request.urlopen(f"https://{address}/health", context=trust) as answer:
            return int(answer.status)

    async with bootstrap.listening(settings) as addresses:
        assert addresses.http is not None
        assert await asyncio.to_thread(ask, addresses.http) == 200


async def test_an_http_address_that_is_taken_cannot_be_bound(
    tmp_path: Path, collector: Collector
) -> None:
    settings = settings_in(
        tmp_path / "other", address="127.0.0.1:0", http_address=collector.addresses.http
    )

    with pytest.raises(CannotBind, match="--http-address"):
        async with bootstrap.listening(settings):
            pass


async def test_http_can_be_switched_off(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, address="127.0.0.1:0", http_address="none")

    async with bootstrap.listening(settings) as addresses:
        assert addresses.http is None
