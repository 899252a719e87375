"""Gives every test the marker of the folder that it lies in, so that none is forgotten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before gRPC is imported: a child that is forked to become another user, as PostgreSQL's server
# must, would run gRPC's own handlers, and crash in them now and then.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# The suite lives in the distribution; its failed asserts are to tell what they compared.
pytest.register_assert_rewrite("trialbook.eventstore.conformance")

KINDS = frozenset(
    {"unit", "contract", "property", "integration", "e2e", "fault", "frameworks", "bench"}
)
TESTS = Path(__file__).parent


# First, so that `-m fault` and its like see the markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks `tests/unit/…` as unit, `tests/fault/…` as fault, and so on."""
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind in KINDS:
            item.add_marker(kind)
