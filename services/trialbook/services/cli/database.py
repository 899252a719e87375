"""Opening a database for the server or an admin verb: where it is, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from trialbook.eventstore import DatabaseLocked, StoreError
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.domain.errors import Unavailable
from trialbook.services.rpc.server import CannotBind
from trialbook.services.settings import (
    DatabaseLocation,
    InvalidSettings,
    PostgresUrl,
    database_at,
)

Command = TypeVar("Command", bound=Callable[..., Any])


def _read(_: click.Context, __: click.Parameter, value: str | None) -> DatabaseLocation | None:
    if value is None:
        return None
    try:
        location = database_at(value)
    except InvalidSettings as error:
        raise click.BadParameter(str(error)) from error
    if isinstance(location, Path) and location.is_dir():
        raise click.BadParameter(f"{value} is a folder; name a file in it")
    if isinstance(location, PostgresUrl) and location.has_password:
        # The list of processes shows it to everyone on the machine.
        raise click.BadParameter(
            "leave the password out of the command; put it into TRIALBOOK_DATABASE_PASSWORD, "
            "or into ~/.pgpass"
        )
    return location


_database_option = click.option(
    "--database",
    callback=_read,
    metavar="PATH|URL",
    help="SQLite file or postgresql://user@host/name; TRIALBOOK_DATABASE.  "
    "[.trialbook/trialbook.db]",
)
_namespace_option = click.option(
    "--namespace",
    metavar="NAME",
    help="PostgreSQL schema of all tables; TRIALBOOK_NAMESPACE.  [trialbook]",
)


def database_options(command: Command) -> Command:
    """Give a command the options that say where the database is."""
    return _database_option(_namespace_option(command))


@contextmanager
def database_failures(database: DatabaseLocation | None = None) -> Iterator[None]:
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
