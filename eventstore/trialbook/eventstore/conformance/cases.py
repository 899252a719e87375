"""What the parts of the suite have in common."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from trialbook.eventstore import Database, Reader, Transaction
from trialbook.eventstore.conformance.backend import PATIENCE, Backend


class Cases:
    """A part of the suite. It needs a fixture ``backend``: an empty database for each test."""

    @pytest.fixture
    def database(self, backend: Backend) -> Iterator[Database]:
        with backend.open() as opened:
            yield opened


def require_shared(backend: Backend) -> None:
    """Skip the test if only one may have the database open."""
    if not backend.shared:
        pytest.skip("one process holds this kind of database alone")


@contextmanager
def writer_held(database: Database) -> Iterator[None]:
    """Keep the writer busy, so that what is submitted meanwhile becomes one batch."""
    held, let_go = threading.Event(), threading.Event()

    def work(_: Transaction) -> None:
        held.set()
        let_go.wait(PATIENCE)

    holding = database.submit(work)
    assert held.wait(PATIENCE)
    try:
        yield
    finally:
        let_go.set()
        holding.result()


@contextmanager
def readers_held(database: Database, count: int) -> Iterator[None]:
    """Keep so many reads going on."""
    all_held, let_go = threading.Barrier(count + 1), threading.Event()

    def work(view: Reader) -> None:
        view.query("SELECT 1")
        all_held.wait(PATIENCE)
        let_go.wait(PATIENCE)

    async def hold() -> None:
        await asyncio.gather(*(database.read(work) for _ in range(count)))

    holding = threading.Thread(target=asyncio.run, args=(hold(),))
    holding.start()
    try:
        all_held.wait(PATIENCE)
        yield
    finally:
        let_go.set()
        holding.join()
