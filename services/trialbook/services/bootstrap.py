"""Puts the parts together. The only place that names concrete classes."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from trialbook.eventstore import Database, EventRegistry, Projection, SQLiteDatabase
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS
from trialbook.services.engine.engine import Engine, EngineSettings
from trialbook.services.projections.migrations import MIGRATIONS
from trialbook.services.projections.unit_of_work import READ_MODELS, SCHEMA, SqlStore, project
from trialbook.services.rpc.server import Credentials, Server
from trialbook.services.settings import InvalidSettings, PostgresUrl, Settings

_STOP_GRACE = 5.0
_SWITCH_INTERVAL = 0.0005


def event_registry() -> EventRegistry:
    """Return the names of all events that were ever released."""
    registry = EventRegistry()
    for topic, event_class in EVENT_TYPES.items():
        registry.register(topic, event_class, upcast=UPCASTS.get(topic))
    return registry


def open_database(
    settings: Settings, *, migrate: bool = False, projection: Projection = project
) -> Database:
    """Open the database alone.

    An older one is brought forward: an SQLite file at once, PostgreSQL with `migrate` only. Raises
    InvalidSettings, DatabaseLocked, DatabaseOlder and other StoreErrors.
    """
    if isinstance(settings.database, PostgresUrl):
        return _open_postgres(settings, settings.database, projection, migrate=migrate)
    return SQLiteDatabase(
        settings.database,
        registry=event_registry(),
        projection=projection,
        schema=SCHEMA,
        read_models=READ_MODELS,
        migrations=MIGRATIONS,
        durability=settings.durability,
    )


def _open_postgres(
    settings: Settings, place: PostgresUrl, projection: Projection, *, migrate: bool
) -> Database:
    try:
        # Late: SQLite's users need not have it.
        from trialbook.eventstore.postgres import PostgresDatabase  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidSettings(
            f'{error.name} is missing, which PostgreSQL needs: pip install "trialbook[postgres]"'
        ) from error
    return PostgresDatabase(
        _postgres_address(settings, place),
        registry=event_registry(),
        projection=projection,
        schema=SCHEMA,
        read_models=READ_MODELS,
        migrations=MIGRATIONS,
        namespace=settings.namespace,
        migrate=migrate,
    )


def _postgres_address(settings: Settings, place: PostgresUrl) -> str:
    """Return the address with what stands beside it in the settings."""
    import psycopg  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415

    try:
        given: dict[str, Any] = conninfo_to_dict(place.url)
        if settings.database_password:
            given["password"] = settings.database_password
        if settings.durability == "normal":
            options = given.get("options") or ""
            given["options"] = f"{options} -c synchronous_commit=off".lstrip()
        return make_conninfo(**given)
    except psycopg.Error:
        # What the driver says would quote the address, and the password with it.
        raise InvalidSettings(
            f"the database's URL is not understood: {place}; "
            "write postgresql://user@host:5432/database"
        ) from None


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """Run a server for as long as the context lasts, and give its address.

    Raises StoreError, CannotBind, InvalidSettings.
    """
    credentials = _credentials(settings)
    database = open_database(settings)
    interval = sys.getswitchinterval()
    # The writer's thread and the event loop hand the interpreter to and fro for each statement;
    # the default of 5 ms would let either wait for the other for most of the time.
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        store = SqlStore(database)
        engine = Engine(store, EngineSettings(lease_duration=settings.lease_duration))
        server = Server(store, engine, credentials, settings.largest_file)
        await engine.start()
        try:
            address = await server.start(settings.address)
            if isinstance(database, SQLiteDatabase):
                database.lock.set_address(address)
            yield address
        finally:
            await server.stop(_STOP_GRACE)
            await engine.stop()
    finally:
        # The process is not ours alone where the service is embedded.
        sys.setswitchinterval(interval)
        database.close()


async def serve(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Run a server until SIGTERM or SIGINT; `on_ready` gets the address.

    Raises as `running` does.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with running(settings) as address:
        on_ready(address)
        await stop.wait()


def run(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Do as `serve` does, on an event loop of its own."""
    import uvloop  # noqa: PLC0415 — only a server needs it, not every command

    uvloop.run(serve(settings, on_ready=on_ready))


def _credentials(settings: Settings) -> Credentials:
    if settings.tls_certificate is None or settings.tls_key is None:
        return Credentials(token=settings.token)
    try:
        return Credentials(
            settings.token, settings.tls_certificate.read_bytes(), settings.tls_key.read_bytes()
        )
    except OSError as error:
        raise InvalidSettings(f"cannot read {error.filename}: {error.strerror}") from error
