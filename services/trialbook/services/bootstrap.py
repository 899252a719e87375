"""Puts the parts together. The only place that names concrete classes."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from trialbook.eventstore import Database, EventRegistry, Projection, SQLiteDatabase
from trialbook.services.application.ports import Store
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS
from trialbook.services.engine.engine import Engine, EngineSettings
from trialbook.services.engine.retention import Retention
from trialbook.services.otlp.collector import collector_services
from trialbook.services.otlp.evaluation import EvaluationSender
from trialbook.services.otlp.http import otlp_routes
from trialbook.services.otlp.receiver import Receiver
from trialbook.services.otlp.tee import Tee
from trialbook.services.projections.migrations import MIGRATIONS
from trialbook.services.projections.unit_of_work import READ_MODELS, SCHEMA, SqlStore, project
from trialbook.services.rpc.server import CannotBind, Credentials, Server
from trialbook.services.settings import DEFAULT_TRACE_WAIT, InvalidSettings, PostgresUrl, Settings
from trialbook.services.telemetry.choice import from_environment
from trialbook.services.telemetry.telemetry import Telemetry
from trialbook.services.web.server import CannotListen, Tls, WebServer

_STOP_GRACE = 5.0
_TEE_GRACE = 2.0
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


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running server answers: gRPC as it was bound, and HTTP as `host:port`, if at all."""

    grpc: str
    http: str | None


@asynccontextmanager
async def listening(
    settings: Settings, telemetry: Telemetry | None = None
) -> AsyncIterator[Addresses]:
    """Run a server for as long as the context lasts, and give its addresses.

    Its operators see it through `telemetry`, which ends with it; by default they do not.

    Raises StoreError, CannotBind, InvalidSettings.
    """
    credentials = _credentials(settings)
    telemetry = telemetry or Telemetry()
    database = open_database(settings, projection=telemetry.counted(project))
    interval = sys.getswitchinterval()
    # The writer's thread and the event loop hand the interpreter to and fro for each statement;
    # the default of 5 ms would let either wait for the other for most of the time.
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        telemetry.watch(database.read_now)
        store = telemetry.measured(SqlStore(database))
        async with (
            _working(store, settings, telemetry) as work,
            _answering(settings, credentials, store, work, telemetry) as addresses,
        ):
            if isinstance(database, SQLiteDatabase):
                database.lock.set_address(addresses.grpc)
            yield addresses
    finally:
        # The process is not ours alone where the service is embedded.
        sys.setswitchinterval(interval)
        # The last figures are of the database: it must still be open.
        await telemetry.stop()
        database.close()


@asynccontextmanager
async def running(settings: Settings, telemetry: Telemetry | None = None) -> AsyncIterator[str]:
    """Do as `listening` does, for those who need the address of gRPC only."""
    async with listening(settings, telemetry) as addresses:
        yield addresses.grpc


@asynccontextmanager
async def _working(
    store: Store, settings: Settings, telemetry: Telemetry
) -> AsyncIterator[tuple[Engine, Receiver]]:
    """Run what goes on behind the doors."""
    endpoint = settings.tee
    tee = None if endpoint is None else Tee(endpoint)
    retention = Retention(store, settings.trace_retention)
    sender = None if settings.evaluation is None else EvaluationSender(store, settings.evaluation)
    engine = Engine(
        store,
        EngineSettings(
            lease_duration=settings.lease_duration,
            trace_patience=settings.trace_wait / DEFAULT_TRACE_WAIT,
        ),
        telemetry.observer,
    )
    await engine.start()
    retention.start()
    if tee is not None:
        tee.start()
    if sender is not None:
        await sender.start()
    try:
        yield engine, Receiver(store, tee, telemetry.received)
    finally:
        if sender is not None:
            await sender.stop()
        await engine.stop()
        await retention.stop()
        if tee is not None:
            await tee.stop(_TEE_GRACE)


@asynccontextmanager
async def _answering(
    settings: Settings,
    credentials: Credentials,
    store: Store,
    work: tuple[Engine, Receiver],
    telemetry: Telemetry,
) -> AsyncIterator[Addresses]:
    """Open the doors."""
    engine, receiver = work
    others = collector_services(receiver)
    server = Server(
        store,
        engine,
        credentials,
        settings.largest_file,
        others,
        interceptors=telemetry.interceptors,
    )
    web = _web_server(settings, receiver)
    try:
        address = await server.start(settings.address)
        yield Addresses(address, None if web is None else await _bind(web, settings))
    finally:
        stopping = [server.stop(_STOP_GRACE)]
        if web is not None:
            stopping.append(web.stop(_STOP_GRACE))
        await asyncio.gather(*stopping)


def _web_server(settings: Settings, receiver: Receiver) -> WebServer | None:
    if settings.http_place is None:
        return None
    tls = None
    if settings.tls_certificate is not None and settings.tls_key is not None:
        tls = Tls(settings.tls_certificate, settings.tls_key)
    return WebServer(otlp_routes(receiver), settings.token, tls)


async def _bind(web: WebServer, settings: Settings) -> str:
    """Let HTTP be answered; return the address with its real port."""
    place, parts = settings.http_place, settings.http_host_and_port
    assert place is not None
    assert parts is not None
    try:
        port = await web.start(*parts)
    except CannotListen as error:
        raise CannotBind(
            f"cannot listen on {place} for HTTP: it is in use or not an address of this machine; "
            "choose another with --http-address, or none"
        ) from error
    except ssl.SSLError as error:
        raise InvalidSettings(f"the TLS certificate and key cannot be used: {error}") from error
    return f"{place.rpartition(':')[0]}:{port}"


async def serve(settings: Settings, *, on_ready: Callable[[Addresses], None]) -> None:
    """Run a server until SIGTERM or SIGINT; `on_ready` gets its addresses.

    Raises as `listening` does.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with listening(settings, from_environment()) as addresses:
        on_ready(addresses)
        await stop.wait()


def run(settings: Settings, *, on_ready: Callable[[Addresses], None]) -> None:
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
