"""Puts the parts together. The only place that names concrete classes."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trialbook.eventstore import EventRegistry, SQLiteDatabase
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.engine.engine import Engine, EngineSettings
from trialbook.services.projections.unit_of_work import (
    READ_MODEL_SCHEMA,
    READ_MODELS,
    SCHEMA,
    SqlStore,
    project,
)
from trialbook.services.rpc.server import Credentials, Server
from trialbook.services.settings import InvalidSettings, Settings

_STOP_GRACE = 5.0
_SWITCH_INTERVAL = 0.0005


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did."""

    events: int
    tables: int
    seconds: float


def open_database(settings: Settings) -> SQLiteDatabase:
    """Open the database alone. Raises DatabaseLocked and other StoreErrors."""
    registry = EventRegistry()
    for topic, event_class in EVENT_TYPES.items():
        registry.register(topic, event_class)
    return SQLiteDatabase(
        settings.database,
        registry=registry,
        projection=project,
        schema=SCHEMA,
        durability=settings.durability,
    )


def rebuild(settings: Settings) -> RebuildReport:
    """Make all read models anew from the log, while no server has the database open.

    Raises InvalidSettings if there is no database, DatabaseLocked and other StoreErrors.
    """
    if not settings.database.exists():
        raise InvalidSettings(f"there is no database at {settings.database}; name another path")
    began = time.monotonic()
    with open_database(settings) as database:
        events = database.rebuild(tables=READ_MODELS, schema=READ_MODEL_SCHEMA)
    return RebuildReport(events, len(READ_MODELS), time.monotonic() - began)


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
        server = Server(store, engine, credentials)
        await engine.start()
        try:
            address = await server.start(settings.address)
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
