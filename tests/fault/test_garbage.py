"""Whatever arrives on the port that is not a call."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import psutil
import pytest

from tests.e2e.processes import Server, wait_until
from trialbook.client import Client

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
CONNECTIONS = 300


@pytest.fixture
def backend() -> str:
    """None of this comes as far as the database."""
    return "sqlite"


def connect(server: Server) -> socket.socket:
    host, _, port = server.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def send(server: Server, data: bytes) -> None:
    """Send bytes and hang up, whether or not they were wanted."""
    with closing(connect(server)) as connection, suppress(ConnectionError, TimeoutError):
        connection.sendall(data)


def frame(chance: random.Random) -> bytes:
    """A frame of HTTP/2 with a kind, flags, a stream and a length that may mean anything."""
    body = chance.randbytes(chance.randrange(200))
    claimed = len(body) if chance.random() < 0.5 else chance.randrange(1 << 24)
    head = bytes([chance.randrange(12), chance.randrange(256)])
    return claimed.to_bytes(3) + head + chance.randrange(1 << 32).to_bytes(4) + body


def garbage(chance: random.Random) -> Iterator[bytes]:
    yield from (chance.randbytes(chance.randrange(1, 5000)) for _ in range(30))
    yield from (PREFACE[: chance.randrange(len(PREFACE))] for _ in range(10))
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(500)  # TLS's hello
    for _ in range(40):
        frames = b"".join(frame(chance) for _ in range(chance.randrange(1, 20)))
        yield PREFACE + SETTINGS + frames


def open_files(server: Server) -> int:
    assert server.process is not None
    return psutil.Process(server.process.pid).num_fds()


def test_bytes_that_are_no_call_leave_the_server_as_it_was(
    server: Server, client: Client, chance: random.Random
) -> None:
    client.datasets.create("before")
    for data in garbage(chance):
        send(server, data)

    assert client.datasets.get("before").version == 0
    with Client(server.address) as another:
        another.datasets.create("after")


def test_connections_that_say_nothing_or_half_a_word_are_no_harm(
    server: Server, client: Client, chance: random.Random
) -> None:
    client.datasets.create("before")
    before = open_files(server)
    silent = [connect(server) for _ in range(CONNECTIONS)]
    for connection in silent[::2]:
        connection.sendall(PREFACE[: chance.randrange(1, len(PREFACE))])
    with Client(server.address) as another:
        another.datasets.create("meanwhile")
    assert open_files(server) > before
    for connection in silent:
        connection.close()

    wait_until(lambda: open_files(server) <= before + 5, what="the server lets go of them")
    with Client(server.address) as another:
        another.datasets.create("after")
    assert {dataset.id for dataset in client.datasets.list()} == {"before", "meanwhile", "after"}
