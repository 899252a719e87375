"""The service of each test at both OTLP doors, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.service", "tests.contract.otlp.telemetry")

from tests.contract.otlp.telemetry import Collector, receiving  # noqa: E402
from tests.service import BACKENDS, database_of  # noqa: E402


@pytest.fixture(params=BACKENDS, autouse=True)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Which database the service in the test's folder has."""
    with database_of(tmp_path, request.param):
        yield request.param


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    async with receiving(tmp_path) as running:
        yield running
