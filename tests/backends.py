"""The store's backends, each with an empty database, for the tests that run on all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.postgres import fresh_namespace, postgres_url, terminate_backends
from trialbook.eventstore.conformance.backend import Backend

KINDS = ("sqlite", "postgres")
OPENERS = "trialbook.eventstore.conformance.backend"


@contextmanager
def made_backend(kind: str, folder: Path) -> Iterator[Backend]:
    """An empty database of a kind; it is gone afterwards."""
    with ExitStack() as stack:
        if kind == "sqlite":
            yield sqlite_backend(folder / "store.db")
        else:
            yield postgres_backend(postgres_url(), stack.enter_context(fresh_namespace()))


def sqlite_backend(path: Path) -> Backend:
    return Backend(f"{OPENERS}:open_sqlite", str(path), shared=False)


def postgres_backend(url: str, namespace: str) -> Backend:
    return Backend(
        f"{OPENERS}:open_postgres",
        json.dumps([url, namespace]),
        shared=True,
        cut=partial(terminate_backends, url, application=f"%{namespace}%"),
    )
