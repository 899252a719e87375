"""A server's HTTP door, as an operator and an exporter meet it."""

from __future__ import annotations

import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.processes import Server, run_command

TRACE = b"0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path).start()
    yield running
    running.stop()


def http_address(server: Server) -> str:
    """Return what the server said last of where it answers HTTP."""
    return str(re.findall(r"^HTTP +(http://\S+)$", server.log.read_text(), re.MULTILINE)[-1])


def export(server: Server, span_id: bytes) -> int:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id = TRACE, span_id
    sent = urllib.request.Request(
        f"{http_address(server)}/v1/traces",
        request.SerializeToString(),
        {"content-type": "application/x-protobuf"},
    )
    with urllib.request.urlopen(sent) as answer:
        return int(answer.status)


def test_what_was_acknowledged_survives_a_kill(server: Server) -> None:
    assert export(server, b"before..") == 200

    server.kill()
    server.start()
    assert export(server, b"before..") == 200
    assert export(server, b"after...") == 200
    assert server.stop() == 0

    with closing(sqlite3.connect(server.database)) as database:
        rows = database.execute("SELECT trace_id, spans, version FROM trace").fetchall()
    assert rows == [(TRACE.hex(), 2, 2)]


def test_an_http_address_in_use_is_told_with_its_option(server: Server, tmp_path: Path) -> None:
    taken = http_address(server).removeprefix("http://")

    refused = run_command(
        *("serve", "--database", str(tmp_path / "other.db"), "--address", "127.0.0.1:0"),
        *("--http-address", taken),
    )

    assert refused.code == 1
    assert f"cannot listen on {taken} for HTTP" in refused.err
    assert "--http-address" in refused.err
