"""The place where the suite keeps a database, whatever its kind."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from trialbook.eventstore import Database, SQLiteDatabase
from trialbook.eventstore.conformance import notebook

PATIENCE = 60.0
"""Seconds after which what was to happen is taken for lost."""


@dataclass(frozen=True)
class Backend:
    """How the suite opens one database, in this process and in others that it starts."""

    opener: str
    """``package.module:function``; called with the location, and settings by their names:
    ``registry``, ``projection``, ``schema``, and those that the cases of the suite vary."""
    location: str
    """What the opener needs to find the database."""
    shared: bool
    """Whether several may have it open at once."""
    cut: Callable[[], int] | None = None
    """Cuts the connections of all who have it open, and returns how many; None if that cannot
    be done to this kind of database."""

    def open(self, **settings: Any) -> Database:
        """Open it as a notebook, unless the settings say otherwise."""
        chosen: dict[str, Any] = {
            "registry": notebook.registry(),
            "projection": notebook.project,
            "schema": notebook.SCHEMA,
            **settings,
        }
        opener = cast("Callable[..., Database]", pkgutil.resolve_name(self.opener))
        return opener(self.location, **chosen)

    @contextmanager
    def process(self, task: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """Start a process with one of the tasks in `conformance/process.py`; kill it at the end.

        Its standard output can be read; it goes on until it is done, killed, or its standard input
        is closed, as the task says.
        """
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", "trialbook.eventstore.conformance.process"),
                *(task, self.opener, self.location, json.dumps(arguments)),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            with child:
                try:
                    yield child
                finally:
                    child.kill()
        finally:
            child.wait()


def open_sqlite(location: str, **settings: Any) -> Database:
    """The opener of SQLite's backend: the location is the file's path."""
    settings.pop("migrate", None)  # it always is
    return SQLiteDatabase(Path(location), **settings)


def open_postgres(location: str, **settings: Any) -> Database:
    """The opener of PostgreSQL's backend: the location is JSON, ``[url, namespace]``."""
    from trialbook.eventstore.postgres import PostgresDatabase  # noqa: PLC0415  # an extra

    url, namespace = json.loads(location)
    return PostgresDatabase(url, namespace=namespace, **settings)
