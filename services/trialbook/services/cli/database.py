"""Opening a database for the server or an admin verb: where it is, and what can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from trialbook.eventstore import DatabaseLocked, StoreError
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.domain.errors import Unavailable
from trialbook.services.rpc.server import CannotBind
from trialbook.services.settings import InvalidSettings

database_option = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file; TRIALBOOK_DATABASE.  [.trialbook/trialbook.db]",
)


@contextmanager
def database_failures(database: Path | None = None) -> Iterator[None]:
    """Word what stands against settings, against opening `database`, or against listening."""
    try:
        yield
    except DatabaseLocked as error:
        raise CommandFailure(
            str(error), hint="one process at a time works on a database; stop the other one"
        ) from error
    except (StoreError, Unavailable) as error:
        raise CommandFailure(f"{database}: {error}" if database else str(error)) from error
    except (InvalidSettings, CannotBind) as error:
        raise CommandFailure(str(error)) from error
