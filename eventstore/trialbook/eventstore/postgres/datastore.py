"""The library's datastore over our connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import psycopg
from eventsourcing import persistence
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row
from psycopg.types.composite import register_composite

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.errors import StoreUnavailable
from trialbook.eventstore.postgres.connection import Connector
from trialbook.eventstore.postgres.pool import ConnectionPool


class LogDatastore(PostgresDatastore):
    """A namespace as the library's recorders use it, on connections of our own pool."""

    def __init__(
        self,
        connector: Connector,
        *,
        size: int = 4,
        commits: CommitSignal | None = None,
        originator_id_type: Literal["uuid", "text"] = "text",
    ) -> None:
        """Connect to nothing yet; ``commits`` is told of what the recorders commit."""
        # The library's pool is made but never opened.
        super().__init__(
            "", "", "", "", "", schema=connector.namespace, originator_id_type=originator_id_type
        )
        self.connector = connector
        self.commits = CommitSignal() if commits is None else commits
        self._lending = ConnectionPool(connector, "recorder", size, "SELECT 1")

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection; errors rise in the library's words."""
        with _library_errors(), self._lending.lent() as lent:
            connection = cast("Connection[DictRow]", lent)
            # The library writes statements as the driver's plain cursors take them.
            connection.cursor_factory = cast("type[Cursor[DictRow]]", Cursor)
            connection.row_factory = dict_row
            for info in self.psycopg_type_adapters.values():
                if not connection.adapters.types.get(info.oid):
                    register_composite(info, connection)
            yield connection

    def close(self) -> None:
        """Lend no more and close the connections."""
        # The base class closes from __del__ too, even where the constructor failed half-way.
        if "_lending" in self.__dict__:
            self._lending.close()


@contextmanager
def _library_errors() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise persistence.OperationalError(str(error)) from error
    except psycopg.Error as error:
        raise _library_error(error) from error


def _library_error(error: psycopg.Error) -> persistence.PersistenceError:
    # The library names its errors as every driver does.
    for kind in type(error).__mro__:
        named: Any = getattr(persistence, kind.__name__, None)
        if isinstance(named, type) and issubclass(named, persistence.PersistenceError):
            return named(str(error))
    return persistence.PersistenceError(str(error))
