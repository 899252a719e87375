"""The gRPC server: its services, its limits, its coming and going."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trialbook.services.application.ports import Store
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.dataset import DatasetServicer
from trialbook.services.rpc.door import Door
from trialbook.services.rpc.event import EventServicer
from trialbook.services.rpc.experiment import ExperimentServicer
from trialbook.services.rpc.review import ReviewServicer
from trialbook.services.rpc.run import RunServicer
from trialbook.services.rpc.score import ScoreServicer
from trialbook.services.rpc.scorer import ScorerServicer
from trialbook.services.rpc.tail import Tail
from trialbook.services.rpc.trace import TraceServicer
from trialbook.services.rpc.worker import WorkerServicer
from trialbook.v1 import (
    dataset_service_pb2,
    dataset_service_pb2_grpc,
    event_service_pb2,
    event_service_pb2_grpc,
    experiment_service_pb2,
    experiment_service_pb2_grpc,
    review_service_pb2,
    review_service_pb2_grpc,
    run_service_pb2,
    run_service_pb2_grpc,
    score_service_pb2,
    score_service_pb2_grpc,
    scorer_service_pb2,
    scorer_service_pb2_grpc,
    trace_service_pb2,
    trace_service_pb2_grpc,
    worker_service_pb2,
    worker_service_pb2_grpc,
)

# That of the services which are handed in; the door keeps messages to the others smaller.
_RECEIVE_LIMIT = 64 * 1024 * 1024
_OPTIONS: list[tuple[str, int]] = [
    # gRPC would let a second server bind the same port in silence and take half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", _RECEIVE_LIMIT),
    ("grpc.max_send_message_length", -1),
    # Workers and watchers sit idle for long: their pings keep the connection, and are allowed.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
_DESCRIPTORS = (
    dataset_service_pb2.DESCRIPTOR,
    event_service_pb2.DESCRIPTOR,
    experiment_service_pb2.DESCRIPTOR,
    review_service_pb2.DESCRIPTOR,
    run_service_pb2.DESCRIPTOR,
    score_service_pb2.DESCRIPTOR,
    scorer_service_pb2.DESCRIPTOR,
    trace_service_pb2.DESCRIPTOR,
    worker_service_pb2.DESCRIPTOR,
)
SERVICES = tuple(
    service.full_name
    for descriptor in _DESCRIPTORS
    for service in descriptor.services_by_name.values()
)


class CannotBind(Exception):
    """The address is taken, or is none of this machine's."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the server shows, and what callers must show it."""

    token: str | None = None
    certificate: bytes | None = None
    key: bytes | None = None


class Server:
    """Answers the whole contract on one address, and services of others beside it.

    `others` are the handlers of their methods, by the names of service and method; they take
    messages of 64 MiB, as bytes or however they read them. `interceptors` see calls before the door
    does.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        credentials: Credentials,
        largest_file: int,
        others: Mapping[str, Mapping[str, Any]],
        *,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        self._engine = engine
        self._tail = Tail(store)
        self._credentials = credentials
        self._health = health.aio.HealthServicer()
        self._services = (*SERVICES, *others)
        door = Door(credentials.token, roomy=others.keys())
        self._server = grpc.aio.server(interceptors=(*interceptors, door), options=_OPTIONS)
        self._add_servicers(store, largest_file)
        for name, methods in others.items():
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(name, dict(methods)),)
            )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )

    def _add_servicers(self, store: Store, largest_file: int) -> None:
        engine = self._engine
        dataset_service_pb2_grpc.add_DatasetServiceServicer_to_server(
            DatasetServicer(store, engine, largest_file), self._server
        )
        event_service_pb2_grpc.add_EventServiceServicer_to_server(
            EventServicer(store, self._tail), self._server
        )
        experiment_service_pb2_grpc.add_ExperimentServiceServicer_to_server(
            ExperimentServicer(store), self._server
        )
        review_service_pb2_grpc.add_ReviewServiceServicer_to_server(
            ReviewServicer(store), self._server
        )
        run_service_pb2_grpc.add_RunServiceServicer_to_server(
            RunServicer(store, engine), self._server
        )
        score_service_pb2_grpc.add_ScoreServiceServicer_to_server(
            ScoreServicer(store), self._server
        )
        scorer_service_pb2_grpc.add_ScorerServiceServicer_to_server(
            ScorerServicer(store), self._server
        )
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(
            TraceServicer(store, engine.patience), self._server
        )
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(
            WorkerServicer(engine), self._server
        )

    async def start(self, address: str) -> str:
        """Bind and begin to answer; return the address with its real port. Raises CannotBind."""
        try:
            port = self._bind(address)
        except RuntimeError as error:
            raise CannotBind(
                f"cannot listen on {address}: it is in use or not an address of this machine; "
                "choose another, or stop what uses it"
            ) from error
        self._tail.start()
        await self._server.start()
        await self._tell_health(health_pb2.HealthCheckResponse.SERVING)
        host = address.rpartition(":")[0]
        return address if address.startswith("unix:") else f"{host}:{port}"

    def _bind(self, address: str) -> int:
        certificate, key = self._credentials.certificate, self._credentials.key
        if certificate is None or key is None:
            return self._server.add_insecure_port(address)
        credentials = grpc.ssl_server_credentials([(key, certificate)])
        return self._server.add_secure_port(address, credentials)

    async def stop(self, grace: float) -> None:
        """Say that it goes, answer those who wait, let calls finish for `grace` seconds, go."""
        await self._tell_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        self._engine.drain()
        self._tail.drain()
        await self._server.stop(grace)
        await self._tail.stop()

    async def _tell_health(self, status: int) -> None:
        for service in ("", *self._services):
            await self._health.set(service, status)
