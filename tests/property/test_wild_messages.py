"""Random bytes and wild messages at every method: the service answers, and lives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service import (
    PROJECT,
    ScriptedWorker,
    answered,
    connected,
    hosts_scorer,
    hosts_target,
    item,
    json,
    new_run,
    new_worker,
    read_refusal,
    scorer,
)
from trialbook.services import embedded
from trialbook.services.rpc.server import SERVICES
from trialbook.v1 import dataset_service_pb2 as datasets
from trialbook.v1 import experiment_service_pb2 as experiments
from trialbook.v1 import run_service_pb2 as runs
from trialbook.v1 import score_service_pb2 as scores
from trialbook.v1 import trace_service_pb2 as traces
from trialbook.v1 import worker_service_pb2 as workers
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceStub
from trialbook.v1.experiment_pb2 import Experiment
from trialbook.v1.review_service_pb2 import ResultFilter
from trialbook.v1.run_pb2 import Run
from trialbook.v1.scorer_service_pb2 import DescribeScorerRequest, ListScorersRequest
from trialbook.v1.trace_pb2 import TraceViewer
from trialbook.v1.worker_pb2 import Task

SANE = "projects/sane"
SOON = 0.5
"""Seconds after which a call that may wait is left alone."""
LATEST = 10.0
"""Seconds after which any other call must have been answered."""
NEVER = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
_DEEPEST = 4


def all_methods() -> Iterator[MethodDescriptor]:
    """Every method of every service, so that new ones are covered by themselves."""
    for name in SERVICES:
        module = name.removeprefix("trialbook.v1.")
        stem = "".join(f"_{c.lower()}" if c.isupper() else c for c in module).lstrip("_")
        import_module(f"trialbook.v1.{stem}_pb2")
        yield from Default().FindServiceByName(name).methods


METHODS = list(all_methods())


class Target:
    """The service under fire, texts that mean something to it, and requests that it grants."""

    def __init__(self, address: str, texts: list[str], granted: list[Message]) -> None:
        self.address = address
        self.texts = texts
        self.granted = {message.DESCRIPTOR.full_name: message for message in granted}
        options = [("grpc.max_receive_message_length", 64 * 1024 * 1024)]
        self.channel: Any = grpc.insecure_channel(address, options=options)

    def send(self, method: MethodDescriptor, requests: list[bytes]) -> grpc.StatusCode:
        """Call a method and return the code of its answer, after checking its details."""
        path = f"/{method.containing_service.full_name}/{method.name}"
        patient = not may_wait(method)
        try:
            if method.client_streaming and method.server_streaming:
                answers = self.channel.stream_stream(path)(iter(requests), timeout=LATEST)
                assert all(isinstance(answer, bytes) for answer in answers)
            elif method.client_streaming:
                self.channel.stream_unary(path)(iter(requests), timeout=LATEST)
            elif method.server_streaming:
                stream = self.channel.unary_stream(path)(requests[0], timeout=SOON)
                next(iter(stream), None)
                stream.cancel()
            else:
                call = self.channel.unary_unary(path)
                call(requests[0], timeout=LATEST if patient else SOON)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            if code is grpc.StatusCode.DEADLINE_EXCEEDED and not patient:
                return grpc.StatusCode.OK
            if code not in NEVER:
                read_refusal(error)
            return code
        return grpc.StatusCode.OK

    def require_sanity(self) -> None:
        """Check that the service serves as before."""
        stub = DatasetServiceStub(self.channel)
        answer = stub.GetDataset(
            datasets.GetDatasetRequest(name=f"{SANE}/datasets/d"), timeout=LATEST
        )
        assert answer.dataset.display_name == "Sane"
        listed = stub.ListDatasets(datasets.ListDatasetsRequest(parent=SANE), timeout=LATEST)
        assert len(listed.datasets) == 1


def may_wait(method: MethodDescriptor) -> bool:
    """Whether the contract lets a call of this method wait for something to happen."""
    return method.server_streaming or "max_wait" in method.input_type.fields_by_name


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder: Path = tmp_path_factory.mktemp("wild")
    handle = embedded.start(folder)
    try:
        fired_at = Target(handle.address, *asyncio.run(furnish(handle.address)))
        yield fired_at
        fired_at.channel.close()
    finally:
        handle.close()


async def furnish(address: str) -> tuple[list[str], list[Message]]:
    """Put something of everything into the service; return texts and requests that reach it."""
    async with connected(address) as service:
        await service.datasets.CreateDataset(sane_dataset())
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        over = await new_run(service, 3, scorer("exact_match"), scorer("tone"))
        await worker.finish(over.name)
        going_on = await new_run(service, 9, scorer("tone"), concurrency=9)
        tasks = await worker.lease_all(9)
        await worker.answer(tasks[0])
        names = [*names_of(over), *names_of(going_on), tasks[1].task_id]
        return [*meaningful(worker), *names], [
            *granted_of_datasets(over),
            *granted_of_runs(over, going_on),
            *granted_of_scores(over),
            *granted_of_traces(over),
            *granted_of_workers(worker, tasks[2]),
        ]


def sane_dataset() -> datasets.CreateDatasetRequest:
    request = datasets.CreateDatasetRequest(parent=SANE, dataset_id="d")
    request.dataset.display_name = "Sane"
    return request


def names_of(run: Run) -> list[str]:
    return [
        run.name,
        run.uid,
        f"{run.uid}/1",
        f"{run.name}/results/1",
        f"{run.name}/results/1/scores/exact_match",
        run.experiment,
        run.experiment.partition("/versions")[0],
        run.dataset,
        run.dataset.partition("/versions")[0],
        run.dataset.partition("/versions")[0] + "/items/i1",
    ]


def meaningful(worker: ScriptedWorker) -> list[str]:
    return [
        "projects/default",
        "projects/default/scorers/tone",
        "exact_match",
        "regex_match",
        "json_schema",
        "tone",
        "echo",
        "display_name",
        "settings",
        "{}",
        "[1]",
        '{"pattern":"(a+)+$"}',
        '{"schema":{"$ref":"#"}}',
        "1e999",
        worker.token,
    ]


def granted_of_datasets(run: Run) -> list[Message]:
    """A request of each kind about datasets that is granted."""
    name = run.dataset.partition("/versions")[0]
    row = item("1", "2", context=json("{}"), metadata=json("{}"), tags=["t"], split="s")
    described = Dataset(name=name, display_name="n", description="d", metadata=json("{}"))
    return [
        datasets.CreateDatasetRequest(
            parent=PROJECT, dataset_id="a", dataset=described, request_id="r"
        ),
        datasets.GetDatasetRequest(name=name),
        datasets.ListDatasetsRequest(parent=PROJECT, page_size=1),
        datasets.UpdateDatasetRequest(dataset=described, update_mask=FieldMask(paths=["metadata"])),
        datasets.AddItemsRequest(parent=name, items=[row, item()]),
        datasets.ImportItemsRequest(parent=name, items=[row, item()]),
        datasets.ImportFileRequest(parent=name, data=b'{"input": 1}\n', last=True),
        datasets.ExportItemsRequest(parent=name, version=1, format="FILE_FORMAT_CSV"),
        datasets.GetItemRequest(name=f"{name}/items/i1", version=1),
        datasets.ListItemsRequest(parent=name, version=1, page_size=1),
        datasets.ListVersionsRequest(parent=name, page_size=1),
    ]


def granted_of_traces(run: Run) -> list[Message]:
    """A request of each kind about traces that is granted, but for what lacks a trajectory."""
    name = f"{run.name}/results/1"
    viewer = TraceViewer(name="Jaeger", url_template="http://j/{trace}?{span}{start}{end}")
    return [
        traces.GetTraceRequest(name=name),
        traces.GetTrajectoryRequest(name=name),
        traces.DiffTrajectoryRequest(
            name=name, expected_trajectory=json('{"steps":[{"name":"a","args":{"b":1}}]}')
        ),
        traces.ListSpansRequest(name=name, page_size=1),
        traces.GetTraceViewersRequest(parent=PROJECT),
        traces.SetTraceViewersRequest(parent=PROJECT, viewers=[viewer], request_id="r"),
    ]


def granted_of_runs(over: Run, going_on: Run) -> list[Message]:
    """A request of each kind about experiments, runs and scorers that is granted."""
    name = over.experiment.partition("/versions")[0]
    definition = Experiment(
        name=name,
        dataset=over.dataset,
        target=over.target,
        scorers=[scorer("regex_match", '{"pattern":"a"}'), scorer("tone", "{}", "t")],
        settings=over.settings,
    )
    return [
        experiments.CreateExperimentRequest(
            parent=PROJECT, experiment_id="a", experiment=definition
        ),
        experiments.GetExperimentRequest(name=over.experiment),
        experiments.ListExperimentsRequest(parent=PROJECT, page_size=1),
        experiments.UpdateExperimentRequest(experiment=definition),
        experiments.ListExperimentVersionsRequest(parent=name, page_size=1),
        runs.StartRunRequest(parent=PROJECT, experiment=name, wait_for_worker=True),
        runs.GetRunRequest(name=over.name),
        runs.ListRunsRequest(parent=PROJECT, experiment=name, page_size=1),
        runs.ListResultsRequest(parent=over.name, page_size=1, include_items=True),
        runs.GetResultRequest(name=f"{over.name}/results/1"),
        runs.WatchRunRequest(name=going_on.name, after_position=1),
        ListScorersRequest(parent=PROJECT, page_size=1),
        DescribeScorerRequest(name=f"{PROJECT}/scorers/tone"),
    ]


def granted_of_scores(over: Run) -> list[Message]:
    """A request of each kind about scores, and for a file of results, that is granted."""
    name = f"{over.name}/results/1/scores/exact_match"
    return [
        scores.ListScoresRequest(parent=over.name, page_size=1, scorer="tone"),
        scores.GetScoreRequest(name=name),
        scores.ExplainScoreRequest(name=name),
        runs.ExportResultsRequest(
            parent=over.name,
            format="RESULT_FILE_FORMAT_CSV",
            filter=ResultFilter(numbers=[1], failing=True, scorer="tone", item_ids=["i1"]),
        ),
    ]


def granted_of_workers(worker: ScriptedWorker, task: Task) -> list[Message]:
    """A request of each kind from a worker that is granted."""
    schema = json('{"type":"object","properties":{"a":{"type":"string"}}}')
    return [
        workers.RegisterWorkerRequest(
            parent=PROJECT,
            worker_id="w",
            capabilities=[hosts_target(), hosts_scorer("kind", params_schema=schema)],
            max_concurrent_tasks=9,
        ),
        workers.LeaseTasksRequest(session_token=worker.token, max_tasks=1, request_id="r"),
        workers.CompleteTasksRequest(session_token=worker.token, reports=[answered(task)]),
        workers.HeartbeatRequest(session_token=worker.token, running_task_ids=[task.task_id]),
    ]


def texts(known: list[str]) -> st.SearchStrategy[str]:
    """Texts that mean something, and texts that mean nothing."""
    return st.one_of(
        st.sampled_from(known),
        st.sampled_from(known),
        st.text(max_size=20),
        st.sampled_from(["", "/", "\x00", "\N{OWL}" * 3000, "x" * 5000, "[" * 500, "-1", "\ufeff"]),
    )


_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: 32,
    FieldDescriptor.CPPTYPE_INT64: 64,
}


def written(text: str) -> bytes:
    """A text as a file may have it."""
    return text.encode(errors="replace")


def scalars(field: FieldDescriptor, known: list[str]) -> st.SearchStrategy[Any]:
    """Values that the type of a field allows, the unreasonable ones more often than not."""
    kind = field.cpp_type
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.one_of(st.binary(max_size=200), texts(known).map(written))
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return texts(known)
    if kind in _INTEGERS:
        edge = 2 ** (_INTEGERS[kind] - 1)
        return st.one_of(
            st.sampled_from([0, 1, 2, -1, edge - 1, -edge]), st.integers(-edge, edge - 1)
        )
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return st.one_of(st.integers(0, 6), st.integers(-(2**31), 2**31 - 1))
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    assert kind == FieldDescriptor.CPPTYPE_DOUBLE, field.full_name
    return st.floats()


@st.composite
def wild(draw: st.DrawFn, descriptor: Descriptor, known: list[str], depth: int = 0) -> Message:
    """A message of any fields with any values."""
    message: Message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if draw(st.integers(0, 3)):
            set_field(draw, message, field, known, depth)
    return message


def add_value(
    draw: st.DrawFn, container: Any, field: FieldDescriptor, known: list[str], depth: int
) -> None:
    if field.message_type is None:
        container.append(draw(scalars(field, known)))
    elif depth < _DEEPEST:
        container.append(draw(wild(field.message_type, known, depth + 1)))


def fields_of(message: Message) -> list[FieldDescriptor]:
    fields: list[Any] = list(message.DESCRIPTOR.fields)
    return fields


@st.composite
def spoilt(draw: st.DrawFn, granted: Message, known: list[str]) -> Message:
    """A request that would be granted, but for a few of its fields at any depth."""
    message: Message = type(granted)()
    message.CopyFrom(granted)
    for _ in range(draw(st.integers(1, 3))):
        part = message
        while True:
            field: FieldDescriptor = draw(st.sampled_from(fields_of(part)))
            deeper = field.message_type is not None and not field.is_repeated
            if not deeper or draw(st.integers(0, 3)) == 0:
                break
            part = getattr(part, field.name)
        part.ClearField(field.name)
        set_field(draw, part, field, known, 1)
    return message


def set_field(
    draw: st.DrawFn, message: Message, field: FieldDescriptor, known: list[str], depth: int
) -> None:
    """Give a field a wild value, unless the message is too deep already."""
    if field.is_repeated:
        for _ in range(draw(st.integers(0, 3))):
            add_value(draw, getattr(message, field.name), field, known, depth)
    elif field.message_type is None:
        setattr(message, field.name, draw(scalars(field, known)))
    elif depth < _DEEPEST:
        getattr(message, field.name).CopyFrom(draw(wild(field.message_type, known, depth + 1)))


def fire(target: Target, method: MethodDescriptor, requests: list[bytes]) -> None:
    code = target.send(method, requests)
    assert code not in NEVER, f"{method.name} answers {code}"


FIRE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@FIRE
@given(data=st.data())
def test_wild_messages_are_answered(
    target: Target, method: MethodDescriptor, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, 3)) if method.client_streaming else 1
    messages = [data.draw(wild(method.input_type, target.texts)) for _ in range(count)]

    fire(target, method, [message.SerializeToString() for message in messages])
    target.require_sanity()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@FIRE
@given(data=st.data())
def test_spoilt_requests_are_answered(
    target: Target, method: MethodDescriptor, data: st.DataObject
) -> None:
    # Of what ends things, and of methods that are new, no request is known that is granted.
    blank = GetMessageClass(method.input_type)()
    granted = target.granted.get(method.input_type.full_name, blank)
    count = data.draw(st.integers(1, 3)) if method.client_streaming else 1
    messages = [data.draw(spoilt(granted, target.texts)) for _ in range(count)]

    fire(target, method, [message.SerializeToString() for message in messages])
    target.require_sanity()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@FIRE
@given(requests=st.lists(st.binary(max_size=200), min_size=1, max_size=3))
def test_random_bytes_are_answered(
    target: Target, method: MethodDescriptor, requests: list[bytes]
) -> None:
    fire(target, method, requests)
    target.require_sanity()
