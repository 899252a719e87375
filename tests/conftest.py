"""Gives every test the marker of the folder that it lies in, so that none is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

KINDS = frozenset({"unit", "contract", "property", "integration", "e2e", "fault", "bench"})
TESTS = Path(__file__).parent


# First, so that `-m fault` and its like see the markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks `tests/unit/…` as unit, `tests/fault/…` as fault, and so on."""
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind in KINDS:
            item.add_marker(kind)
