"""Serves a database inside the command's own process, for those who have no server of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trialbook.services.cli.database import database_failures
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.embedded import start

DATABASE_NAME = "trialbook.db"


@contextmanager
def embedded_service(folder: Path) -> Iterator[str]:
    """Serve the database of a folder while the context lasts; gives the address."""
    # Looked for first: a service would make an empty database in a folder that was misspelt.
    database = folder / DATABASE_NAME
    if not database.is_file():
        raise CommandFailure(
            f"there is no database {database}",
            hint="name the folder that evaluate(directory=…) or trialbook serve used",
        )
    with database_failures(database):
        service = start(folder)
    try:
        yield service.address
    finally:
        service.close()
