"""The client's calls fit the contract, and its two forms fit each other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from trialbook.client import AsyncClient, Client, RunSettings, Scorer, Target
from trialbook.client.operation import Operation
from trialbook.client.requests import dataset, experiment, run, scorer
from trialbook.v1 import (
    dataset_service_pb2,
    experiment_service_pb2,
    run_service_pb2,
    scorer_service_pb2,
)

STREAMS = {"DatasetService/ImportItems", "RunService/WatchRun"}


def operations() -> Iterator[Operation[Any, Any]]:
    repeat: dict[str, Any] = {"etag": None, "request_id": None}
    definition = experiment.definition(
        "p", dataset="d", target=Target("t"), scorers=[Scorer("s", k=1)], settings=RunSettings()
    )
    yield dataset.create_dataset(
        "p", "d", display_name="", description="", metadata={}, request_id=None
    )
    yield dataset.get_dataset("p", "d")
    yield dataset.list_datasets("p", 1)("")
    yield dataset.update_dataset(
        "p", "d", display_name="n", description="t", metadata=None, **repeat
    )
    yield dataset.delete_dataset("p", "d", **repeat)
    yield dataset.add_items("p", "d", [], expected_version=1, request_id=None)
    yield dataset.get_item("p", "d", "i", version=None)
    yield dataset.list_items("p", "d", version=2, page_size=3)("token")
    yield dataset.list_versions("p", "d", 0)("")
    yield experiment.create_experiment("p", "e", definition[0], request_id=None)
    yield experiment.get_experiment("p", "e", 3)
    yield experiment.list_experiments("p", 0)("")
    yield experiment.update_experiment("p", "e", definition, **repeat)
    yield experiment.delete_experiment("p", "e", **repeat)
    yield experiment.list_versions("p", "e", 0)("")
    yield run.start_run("p", "e", run_id=None, wait_for_worker=True, request_id=None)
    yield run.get_run("p", "r")
    yield run.list_runs("p", "e", 0)("")
    yield run.cancel_run("p", "r", reason="why", request_id=None)
    yield run.list_results(
        "p", "r", status="failed", order="slowest", include_items=True, page_size=0
    )("")
    yield run.get_result("p", "r", 1)
    yield scorer.list_scorers("p", 0)("")
    yield scorer.describe_scorer("p", "s")


def contract() -> dict[str, Any]:
    modules = (
        dataset_service_pb2,
        experiment_service_pb2,
        run_service_pb2,
        scorer_service_pb2,
    )
    return {
        f"{service.name}/{method.name}": method
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


def test_every_method_of_the_contract_has_an_operation() -> None:
    assert {operation.method for operation in operations()} | STREAMS == contract().keys()


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation.method)
def test_an_operation_has_the_messages_of_its_method(operation: Operation[Any, Any]) -> None:
    method = contract()[operation.method]

    assert operation.request.DESCRIPTOR is method.input_type
    assert operation.response_type.DESCRIPTOR is method.output_type
    operation.read(operation.response_type())


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation.method)
def test_every_write_is_safe_to_repeat(operation: Operation[Any, Any]) -> None:
    fields = operation.request.DESCRIPTOR.fields_by_name

    if "request_id" in fields:
        assert operation.request.request_id  # type: ignore[attr-defined]


@pytest.mark.parametrize("noun", ["datasets", "experiments", "runs", "scorers"])
def test_both_clients_have_the_same_methods(noun: str) -> None:
    with Client("127.0.0.1:1") as client:
        blocking = vars(type(getattr(client, noun)))
    asynchronous = vars(type(getattr(AsyncClient("127.0.0.1:1"), noun)))

    public = [name for name in blocking if not name.startswith("_")]
    assert public == [name for name in asynchronous if not name.startswith("_")]
    for name in public:
        ours, theirs = inspect.signature(blocking[name]), inspect.signature(asynchronous[name])
        assert list(ours.parameters.values()) == list(theirs.parameters.values()), name
