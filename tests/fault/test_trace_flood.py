"""What comes to the collector's doors to do harm: it is refused, and costs others nothing."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psutil
import pytest
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.processes import Server, wait_until
from tests.fault.scene import server_address
from tests.hostile_spans import span, tool
from trialbook.client import Client

MIB = 1024 * 1024
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
TRACES = "/v1/traces"
REQUESTS = 2_000
SENDERS = 200
HARMLESS_GROWTH = 48 * MIB
"""What allocators and caches may keep; 2,000 requests of which a copy stayed would be far more."""


@pytest.fixture
def backend() -> str:
    """None of this depends on the database."""
    return "sqlite"


@pytest.fixture
def collector() -> str:
    """Where the server takes OTLP over HTTP."""
    return server_address()


@pytest.fixture
def server(tmp_path: Path, collector: str) -> Iterator[Server]:
    with ExitStack() as stack:
        variables = {"TRIALBOOK_HTTP_ADDRESS": collector}
        running = Server(tmp_path, address=server_address(), variables=variables)
        stack.callback(running.kill)
        yield running.start()


def post(
    collector: str, body: bytes, kind: str = PROTOBUF, encoding: str = ""
) -> tuple[int, Status]:
    """Send a request; return the code and what was said."""
    with closing(http.client.HTTPConnection(collector, timeout=60)) as connection:
        headers = {"content-type": kind, "content-encoding": encoding}
        connection.request("POST", TRACES, body, {k: v for k, v in headers.items() if v})
        answer = connection.getresponse()
        told = answer.read()
    if answer.status == 200:
        return 200, Status()
    if kind == PROTOBUF:
        return answer.status, Status.FromString(told)
    return answer.status, Parse(told, Status())


def request(trace: bytes, count: int = 50, filling: str = "") -> bytes:
    made = ExportTraceServiceRequest()
    spans = (tool(trace, number, b"", result=filling) for number in range(count))
    made.resource_spans.add().scope_spans.add().spans.extend(spans)
    return made.SerializeToString()


def memory(server: Server) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


@contextmanager
def watched(server: Server, client: Client) -> Iterator[list[int]]:
    """Ask for something again and again meanwhile; gives the memory at each answer."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            client.datasets.get("there")
            seen.append(memory(server))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def json_span(**fields: object) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}).encode()


def invalid_utf8() -> bytes:
    """A span whose name is no text."""
    good = ExportTraceServiceRequest()
    good.resource_spans.add().scope_spans.add().spans.append(span(b"1" * 16, 1, name="name"))
    return good.SerializeToString().replace(b"name", b"na\xff\xfe")


BOMBS = {
    "zeros": (b"\0" * 70 * MIB, PROTOBUF),
    "resources without end": (b"\x0a\x00" * 30 * MIB, PROTOBUF),
    "brackets without end": (b'{"resourceSpans":[' + b"{}," * 20 * MIB, JSON),
    "lists without end": (b"[" + b"[]," * 20 * MIB, JSON),
}
NONSENSE = {
    "no json": (b"nonsense", JSON),
    "a list": (b"[]", JSON),
    "a number": (b'{"resourceSpans": 7}', JSON),
    "not a number": (json_span(startTimeUnixNano=1).replace(b"1}", b"NaN}"), JSON),
    "before all time": (json_span(startTimeUnixNano="-5"), JSON),
    "after all time": (json_span(endTimeUnixNano=str(2**64)), JSON),
    "half a pair": (json_span(name="?").replace(b"?", b"\\ud800"), JSON),
    "no utf-8 in json": (json_span(name="?").replace(b"?", b"\xff"), JSON),
    "no utf-8": (invalid_utf8(), PROTOBUF),
    "very deep": (b"[" * 100_000, JSON),
    "half a message": (request(b"1" * 16)[:-5], PROTOBUF),
}


def test_bombs_are_refused_while_others_are_answered(
    server: Server, client: Client, collector: str
) -> None:
    client.datasets.create("there")
    before = memory(server)
    with watched(server, client) as seen:
        for name, (body, kind) in BOMBS.items():
            code, told = post(collector, gzip.compress(body, 1), kind, "gzip")
            assert (code, told.code) == (413, 8), (name, told)

    assert len(seen) > len(BOMBS), "nobody else was answered"
    assert max(seen) < before + 400 * MIB
    assert post(collector, request(b"2" * 16))[0] == 200


def test_nonsense_is_refused_and_nothing_of_it_is_kept(
    server: Server, client: Client, collector: str
) -> None:
    for name, (body, kind) in NONSENSE.items():
        code, told = post(collector, body, kind)
        assert (code, told.code) == (400, 3), (name, told)
        assert len(told.message) > 10, name
    whole = gzip.compress(request(b"3" * 16))
    assert post(collector, whole[:-9], PROTOBUF, "gzip")[0] == 400
    assert post(collector, whole[9:], PROTOBUF, "gzip")[0] == 400
    assert post(collector, whole, PROTOBUF, "br")[0] == 415
    assert post(collector, b"{}", "text/html")[0] == 415

    assert "Traceback" not in server.log.read_text()
    server.kill()
    server.admin("verify", "--read-models")


def test_two_thousand_requests_leave_memory_as_it_was(
    server: Server, client: Client, collector: str
) -> None:
    bad = [*NONSENSE.values()]
    held: list[int] = []
    with closing(http.client.HTTPConnection(collector, timeout=30)) as connection:
        for number in range(REQUESTS):
            body, kind = bad[number % len(bad)]
            if number % 2:
                body, kind = request(os.urandom(16), 20, "x" * 500), PROTOBUF
            connection.request("POST", TRACES, body, {"content-type": kind})
            assert connection.getresponse().read() is not None
            if number % (REQUESTS // 4) == REQUESTS // 4 - 1:
                held.append(memory(server))

    assert held[-1] < held[0] + HARMLESS_GROWTH, held


def half_sent(collector: str) -> socket.socket:
    """A connection on which a request has begun that never ends."""
    host, _, port = collector.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(
        b"POST /v1/traces HTTP/1.1\r\nhost: here\r\ncontent-length: 1000000\r\n"
        b"content-type: application/json\r\n\r\n" + b'{"resourceSpans":'
    )
    return connection


def test_senders_that_dawdle_or_go_away_keep_nobody_waiting(
    server: Server, client: Client, collector: str
) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    before = process.num_fds()
    slow = [half_sent(collector) for _ in range(SENDERS)]
    for connection in slow:
        connection.sendall(b"[")
    assert post(collector, request(b"4" * 16))[0] == 200
    assert process.num_fds() > before + SENDERS // 2
    for connection in slow:
        connection.close()

    wait_until(lambda: process.num_fds() <= before + 5, what="the server lets go of them")
    assert post(collector, request(b"5" * 16))[0] == 200
    assert "Traceback" not in server.log.read_text()
