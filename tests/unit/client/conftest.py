"""A fake of the service for each test, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.unit.client.fake_service import FakeServer, FakeService, serving
from trialbook.client import AsyncClient, Client


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


@pytest.fixture
def server(fake: FakeService) -> Iterator[FakeServer]:
    with serving(fake) as running:
        yield running


@pytest.fixture
def client(server: FakeServer) -> Iterator[Client]:
    with Client(server.address) as opened:
        yield opened


@pytest.fixture
async def async_client(server: FakeServer) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(server.address) as opened:
        yield opened
