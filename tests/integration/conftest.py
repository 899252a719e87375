"""The running service of each test, and one whose leases expire quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.service")

from tests.service import QUICK, Service, started  # noqa: E402


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path) as running:
        yield running


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path, engine=QUICK) as running:
        yield running
