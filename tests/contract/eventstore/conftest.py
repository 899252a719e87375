"""Opens the store for the contract tests, on every backend there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.eventstore.toy import open_database
from trialbook.eventstore import SQLiteDatabase


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteDatabase]:
    with open_database(tmp_path / "store.db") as opened:
        yield opened
