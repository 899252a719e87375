"""The running service of each test on both databases, and one whose leases expire quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.service")

from tests.service import BACKENDS, QUICK, Service, database_of, started  # noqa: E402


@pytest.fixture(params=BACKENDS, autouse=True)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Which database the service in the test's folder has."""
    with database_of(tmp_path, request.param):
        yield request.param


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path) as running:
        yield running


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path, engine=QUICK) as running:
        yield running
