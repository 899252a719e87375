"""What holds for every call: the token, undecodable bytes, health, reflection, coming and going."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.service import (
    PATIENCE,
    PROJECT,
    Service,
    connected,
    hosts_target,
    new_dataset,
    new_run,
    new_worker,
    refusal,
    seconds,
    started,
)
from trialbook.services import bootstrap
from trialbook.services.bootstrap import running
from trialbook.services.rpc.server import SERVICES, CannotBind
from trialbook.services.settings import Settings
from trialbook.v1 import (
    dataset_service_pb2,
    event_service_pb2,
    experiment_service_pb2,
    review_service_pb2,
    run_service_pb2,
    scorer_service_pb2,
    worker_service_pb2,
)
from trialbook.v1.dataset_service_pb2 import GetDatasetRequest, ListDatasetsRequest
from trialbook.v1.experiment_pb2 import Target
from trialbook.v1.run_service_pb2 import WatchRunRequest
from trialbook.v1.worker_service_pb2 import LeaseTasksRequest

_FILES = (
    dataset_service_pb2,
    event_service_pb2,
    experiment_service_pb2,
    review_service_pb2,
    run_service_pb2,
    scorer_service_pb2,
    worker_service_pb2,
)


def methods() -> Iterator[MethodDescriptor]:
    for module in _FILES:
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


METHODS = list(methods())
reflection: Any = reflection_pb2  # its stubs know no messages


def raw(service: Service) -> Any:
    """Return the channel, for calls that no stub makes."""
    return service.channel


def path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


async def call(
    channel: Any, method: MethodDescriptor, data: bytes, *metadata: tuple[str, str]
) -> None:
    """Send bytes as the request of a method, whatever its arity."""
    options: Any = {"metadata": metadata, "timeout": 10}
    if method.client_streaming:
        await channel.stream_unary(path(method))(iter([data]), **options)
    elif method.server_streaming:
        async for _ in channel.unary_stream(path(method))(data, **options):
            pass
    else:
        await channel.unary_unary(path(method))(data, **options)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_bytes_that_are_no_message_are_refused(
    service: Service, method: MethodDescriptor
) -> None:
    told = await refusal(call(raw(service), method, b"\xff\xff\xff"))

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.reason == "INVALID_FIELD"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_an_empty_message_is_refused_by_its_fields(
    service: Service, method: MethodDescriptor
) -> None:
    told = await refusal(call(raw(service), method, b""))

    needs_session = method.containing_service.name == "WorkerService"
    if needs_session and method.name != "RegisterWorker":
        assert told.reason == "SESSION_EXPIRED"
    else:
        assert told.code is grpc.StatusCode.INVALID_ARGUMENT
        assert told.paths


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_every_method_asks_for_the_token(tmp_path: Path, method: MethodDescriptor) -> None:
    async with started(tmp_path, token="open sesame") as service:
        for shown in (
            (),
            (("authorization", "Bearer wrong"),),
            (("authorization", "open sesame"),),
        ):
            told = await refusal(call(raw(service), method, b"", *shown))
            assert told.code is grpc.StatusCode.UNAUTHENTICATED
            assert told.reason == "INVALID_TOKEN"

        told = await refusal(
            call(raw(service), method, b"", ("authorization", "Bearer open sesame"))
        )
        assert told.reason != "INVALID_TOKEN"


async def test_the_right_token_opens_the_door(tmp_path: Path) -> None:
    async with started(tmp_path, token="open sesame") as service:
        answer = await service.datasets.ListDatasets(
            ListDatasetsRequest(parent=PROJECT),
            metadata=(("authorization", "Bearer open sesame"),),
        )

    assert list(answer.datasets) == []


async def test_a_method_of_nobody_is_unimplemented(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await raw(service).unary_unary("/trialbook.v1.DatasetService/Nothing")(b"")

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("name", ["", *SERVICES])
async def test_every_service_is_healthy_without_a_token(tmp_path: Path, name: str) -> None:
    async with started(tmp_path, token="open sesame") as service:
        stub: Any = health_pb2_grpc.HealthStub(service.channel)

        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_tells_every_service_without_a_token(tmp_path: Path) -> None:
    async with started(tmp_path, token="open sesame") as service:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(raw(service))
        request = reflection.ServerReflectionRequest(list_services="")
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]

    told = {entry.name for entry in answers[0].list_services_response.service}
    assert told >= {*SERVICES, "grpc.health.v1.Health"}


async def test_reflection_tells_the_files_of_a_service(service: Service) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(raw(service))
    request = reflection.ServerReflectionRequest(file_containing_symbol=SERVICES[0])

    answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]

    assert answers[0].file_descriptor_response.file_descriptor_proto


async def test_a_service_that_stops_answers_those_who_wait(tmp_path: Path) -> None:
    async with connected(f"unix:{tmp_path / 'socket'}") as service:
        async with started(tmp_path):
            run = await new_run(service, 1)
            watch = service.runs.WatchRun(WatchRunRequest(name=run.name))
            await watch.read()
            idle = await new_worker(service, hosts_target(Target(name="nothing")))
            waiting = asyncio.ensure_future(service.workers.LeaseTasks(lease_request(idle.token)))
            # Calls of one connection arrive in their order.
            await idle.heartbeat()

        answer = await waiting
        async with asyncio.timeout(PATIENCE):
            told = await refusal(read_to_the_end(watch))

    assert answer.HasField("retry_after")
    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")


def lease_request(token: str) -> LeaseTasksRequest:
    return LeaseTasksRequest(
        session_token=token, max_tasks=1, max_wait=seconds(20), request_id="r-1"
    )


async def read_to_the_end(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_the_address_tells_the_port_that_was_taken(tmp_path: Path) -> None:
    async with started(tmp_path, address="127.0.0.1:0") as service:
        assert service.address.startswith("127.0.0.1:")
        assert not service.address.endswith(":0")
        await new_dataset(service)


async def test_an_address_that_is_taken_cannot_be_bound(tmp_path: Path) -> None:
    async with started(tmp_path, address="127.0.0.1:0") as service:
        settings = Settings(database=tmp_path / "other.db", address=service.address)
        with pytest.raises(CannotBind, match="in use"):
            async with running(settings):
                pass


async def test_an_error_carries_the_details_of_its_status(service: Service) -> None:
    name = f"{PROJECT}/datasets/none"

    told = await refusal(service.datasets.GetDataset(GetDatasetRequest(name=name)))

    assert name in told.message
    assert told.retry_after is None


async def test_a_closed_store_is_unavailable_for_now(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "t.db", address=f"unix:{tmp_path / 'socket'}")
    with pytest.MonkeyPatch.context() as patch:
        database = bootstrap.open_database(settings)
        patch.setattr(bootstrap, "open_database", lambda *_, **__: database)
        async with running(settings) as address, connected(address) as service:
            await new_dataset(service, dataset_id="before")
            database.close()

            told = await refusal(new_dataset(service, dataset_id="after"))

    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
    assert told.retry_after == 1.0
