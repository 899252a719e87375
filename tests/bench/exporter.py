"""One exporter: a connection to a collector that sends a request after the other."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.bench.processes import PATIENCE, BenchFailure

Send = Callable[[bytes], bytes]
"""Sends a serialised request, again if it has to, and returns the answer to it."""

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_BUSY_CODES = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
_BUSY_STATUSES = (429, 503)
_REST = 0.05
"""Seconds before a request is sent again that was refused for now: less than exporters wait."""


@contextmanager
def grpc_exporter(address: str) -> Iterator[Send]:
    """Send over one gRPC connection, as a client that has serialised its requests before."""
    with grpc.insecure_channel(address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_EXPORT)

        def attempt(body: bytes) -> bytes | None:
            try:
                return call(body, timeout=PATIENCE)
            except grpc.RpcError as error:
                code = cast("grpc.Call", error).code()
                if code in _BUSY_CODES:
                    return None
                raise BenchFailure(f"the collector refuses spans: {error}") from error

        yield lambda body: _until_taken(attempt, body)


@contextmanager
def http_exporter(address: str) -> Iterator[Send]:
    """Send over one HTTP connection that stays open, as protobuf."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)

    def attempt(body: bytes) -> bytes | None:
        headers = {"content-type": "application/x-protobuf"}
        connection.request("POST", "/v1/traces", body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status in _BUSY_STATUSES:
            return None
        if response.status != http.HTTPStatus.OK:
            raise BenchFailure(f"the collector refuses spans: {response.status} {answer!r}")
        return answer

    try:
        yield lambda body: _until_taken(attempt, body)
    finally:
        connection.close()


def export(send: Send, requests: Sequence[bytes]) -> float:
    """Send requests; return the seconds until the last is acknowledged.

    Raises BenchFailure if a span is rejected.
    """
    began = time.perf_counter()
    answers = [send(request) for request in requests]
    seconds = time.perf_counter() - began
    for answer in answers:
        told = ExportTraceServiceResponse.FromString(answer).partial_success
        if told.rejected_spans or told.error_message:
            raise BenchFailure(f"{told.rejected_spans} spans are rejected: {told.error_message}")
    return seconds


def _until_taken(attempt: Callable[[bytes], bytes | None], body: bytes) -> bytes:
    end = time.monotonic() + PATIENCE
    while (answer := attempt(body)) is None:
        if time.monotonic() > end:
            raise BenchFailure(f"the collector has been busy for {PATIENCE:g} s")
        time.sleep(_REST)
    return answer
