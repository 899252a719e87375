"""The backends of the store, for the suite and for the tests that only some of them have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends import KINDS, made_backend
from trialbook.eventstore import Database
from trialbook.eventstore.conformance.backend import Backend


@pytest.fixture(params=KINDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with made_backend(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
def other_backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Another empty database, of the same or another kind."""
    with made_backend(request.param, tmp_path / "other") as made:
        yield made


@pytest.fixture
def database(backend: Backend) -> Iterator[Database]:
    with backend.open() as opened:
        yield opened
