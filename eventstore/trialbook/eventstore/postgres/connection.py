"""Opening connections, each for a purpose."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Literal

import psycopg
from psycopg import Connection, RawCursor
from psycopg.conninfo import conninfo_to_dict

from trialbook.eventstore.errors import StoreError, StoreUnavailable
from trialbook.eventstore.postgres.failures import store_error
from trialbook.eventstore.postgres.values import adapters

Role = Literal["writer", "reader", "recorder", "listener", "analyst"]

_NAMESPACE = re.compile(r"[a-z_][a-z0-9_]{0,49}")
_DEFAULTS = {
    "connect_timeout": 10,
    # A server that went away without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_PREPARED = 500
# A process that stands still in the midst of writing must not hold up all others for ever.
_IDLE_IN_TRANSACTION = "60s"


class Connector:
    """Knows a database and a namespace in it; opens connections to them.

    The password is in no message: `description` names the database without it.
    """

    def __init__(self, url: str, namespace: str, *, lock_timeout: float = 60.0) -> None:
        """Take the address apart, without connecting.

        Raises ValueError for a namespace that is no plain, short, lower-case name, StoreError for
        an address that cannot be understood.
        """
        if _NAMESPACE.fullmatch(namespace) is None:
            raise ValueError(
                f"{namespace!r} is not a namespace: give a lower-case name of up to 50 letters, "
                "digits and underscores"
            )
        self.namespace = namespace
        self._params = _parsed(url)
        self._lock_milliseconds = int(lock_timeout * 1000)
        self._adapters = adapters()
        digest = sha256(f"trialbook/{namespace}".encode()).digest()
        self.lock_key = int.from_bytes(digest[:8], "big", signed=True)
        """The key of the advisory lock that orders the log's transactions."""
        self.channel = f"trialbook_{digest[:8].hex()}"
        """Where commits are announced."""

    @property
    def description(self) -> str:
        """Where the database is, for messages."""
        given = self._params
        host = given.get("host") or given.get("hostaddr") or "localhost"
        port = f":{given['port']}" if given.get("port") else ""
        name = given.get("dbname") or given.get("user") or ""
        return f"postgresql://{host}{port}/{name} (namespace {self.namespace})"

    def connect(self, role: Role) -> Connection[tuple[Any, ...]]:
        """Open a connection that takes our statements; StoreUnavailable if that fails."""
        try:
            connection = Connection.connect(
                **{
                    **_DEFAULTS,
                    **self._params,
                    "client_encoding": "UTF8",
                    "application_name": f"trialbook {self.namespace} {role}",
                },
                autocommit=True,
                prepare_threshold=2,
                context=self._adapters,
                cursor_factory=RawCursor,
            )
        except (psycopg.Error, OSError) as error:
            raise self._refused(error) from None
        try:
            connection.prepared_max = _PREPARED
            execute_script(connection, self._settings(role))
        except psycopg.Error as error:
            connection.close()
            raise store_error(error) from error
        return connection

    def _settings(self, role: Role) -> str:
        lines = [
            f'SET search_path TO "{self.namespace}"',
            "SET client_min_messages TO warning",
            # Our statements are many and short; compiling one would take longer than running it.
            "SET jit TO off",
            # They ask for a few rows in the order of an index. What the server believes of a table
            # that has just grown would lead it to fetch all rows and sort them.
            "SET plan_cache_mode TO force_generic_plan",
            "SET enable_bitmapscan TO off",
        ]
        if role in {"writer", "recorder"}:
            lines.append(f"SET lock_timeout TO {self._lock_milliseconds}")
            lines.append(f"SET idle_in_transaction_session_timeout TO '{_IDLE_IN_TRANSACTION}'")
        return "; ".join(lines)

    def _refused(self, error: Exception) -> StoreUnavailable:
        said = str(error).partition("\n")[0]
        password = str(self._params.get("password") or "")
        if password:
            said = said.replace(password, "***")
        return StoreUnavailable(
            f"There is no connection to {self.description}: {said}. "
            "Check that the server runs and the address is right, then try again."
        )


def execute_script(
    connection: Connection[tuple[Any, ...]], script: str
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run several statements in one round trip; the cursor is at the result of the last."""
    cursor = connection.execute(script.encode(), prepare=False)
    while cursor.nextset():
        pass
    return cursor


def _parsed(url: str) -> dict[str, Any]:
    try:
        params = conninfo_to_dict(url)
    except psycopg.Error:
        # What the driver says would quote the address, and the password with it.
        raise StoreError(_NOT_AN_ADDRESS) from None
    given = {key: value for key, value in params.items() if value is not None}
    # A password with an unescaped character would end up in these, and in messages.
    ports = str(given.get("port", "")).split(",")
    if "@" in str(given.get("host", "")) or not all(re.fullmatch(r"\d*", port) for port in ports):
        raise StoreError(_NOT_AN_ADDRESS)
    return given


_NOT_AN_ADDRESS = (
    "The database's address is not one of PostgreSQL. Give it as "
    "postgresql://user:password@host:port/name, with special characters percent-encoded."
)
