"""Spans that come in while the file system takes no more."""

from __future__ import annotations

import os
from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from tests.e2e.processes import Server
from tests.fault.test_full_disk import largest_file, let_files_grow
from tests.hostile_spans import tool
from trialbook.client import Client

LARGE = "x" * 20_000


@pytest.fixture
def backend() -> str:
    """The limit is on the server's own files."""
    return "sqlite"


def request(trace: bytes) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    made.resource_spans.add().scope_spans.add().spans.extend(
        tool(trace, number, b"", gen_ai__tool__call__result=LARGE) for number in range(4)
    )
    return made


def export_until_refused(stub: Any, kept: list[bytes]) -> tuple[bytes, Any]:
    """Export traces until one is refused; return that one, and the error."""
    while True:
        trace = os.urandom(16)
        try:
            stub.Export(request(trace))
        except grpc.RpcError as error:
            return trace, error
        kept.append(trace)


def received(client: Client, trace: bytes) -> int:
    return client.traces.get(trace.hex()).state.received_spans


def test_a_full_disk_refuses_spans_until_there_is_room_and_loses_none(
    server: Server, client: Client
) -> None:
    let_files_grow(server, to=largest_file(server) + 1_000_000)
    with grpc.insecure_channel(server.address) as channel:
        stub: Any = TraceServiceStub(channel)  # type: ignore[no-untyped-call]
        kept: list[bytes] = []
        trace, refused = export_until_refused(stub, kept)
        assert refused.code() is grpc.StatusCode.UNAVAILABLE
        assert says_when_to_try_again(refused)
        assert kept
        assert {received(client, one) for one in kept} == {4}

        let_files_grow(server)
        answer = stub.Export(request(trace))
        assert not answer.HasField("partial_success")
        assert received(client, trace) == 4
    server.kill()
    server.admin("verify", "--read-models")
    server.start()
    assert {received(client, one) for one in [*kept, trace]} == {4}


def says_when_to_try_again(error: Any) -> bool:
    told = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    return any(detail.type_url.endswith("RetryInfo") for detail in told.details)
