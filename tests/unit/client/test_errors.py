from __future__ import annotations

import grpc
import pytest

from tests.unit.client.fake_service import FakeServer, FakeService, Fault
from trialbook import client as trialbook
from trialbook.client import AsyncClient, Client
from trialbook.client.errors import ERROR_CLASSES
from trialbook.client.retry import MAX_TRIES


@pytest.mark.parametrize(
    ("code", "error_class"),
    [(grpc.StatusCode[name], error_class) for name, error_class in ERROR_CLASSES.items()],
)
def test_each_code_has_its_class(
    fake: FakeService,
    client: Client,
    code: grpc.StatusCode,
    error_class: type[trialbook.TrialbookError],
) -> None:
    fake.faults["GetDataset"].extend([Fault(code, "told by the server")] * MAX_TRIES)

    with pytest.raises(error_class) as caught:
        client.datasets.get("d")

    assert caught.value.code == code.name
    assert caught.value.message == "told by the server"


def test_details_become_reason_fields_and_metadata(fake: FakeService, client: Client) -> None:
    fake.faults["AddItems"].append(
        Fault(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Two fields are wrong.",
            "ERROR_REASON_INVALID_JSON",
            violations=(("items[0].input.json", "is not JSON"), ("items[1].tags", "too many")),
            metadata={"resource": "projects/default/datasets/d"},
        )
    )

    with pytest.raises(trialbook.InvalidArgument) as caught:
        client.datasets.add_items("d", [{"input": 1}])

    error = caught.value
    assert error.reason == "INVALID_JSON"
    assert error.metadata == {"resource": "projects/default/datasets/d"}
    assert error.violations[1] == ("items[1].tags", "too many")
    assert str(error).splitlines() == [
        "Two fields are wrong.",
        "items[0].input.json: is not JSON",
        "items[1].tags: too many",
    ]


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(trialbook.Unavailable) as caught:
        client.datasets.get("d")

    assert "127.0.0.1:1" in str(caught.value)
    assert "trialbook serve" in str(caught.value)


async def test_the_async_client_raises_the_same(
    fake: FakeService, async_client: AsyncClient
) -> None:
    with pytest.raises(trialbook.NotFound) as caught:
        await async_client.datasets.get("missing")

    assert caught.value.reason == "RESOURCE_NOT_FOUND"
    assert caught.value.metadata["resource"].endswith("datasets/missing")


def test_a_code_without_a_class_raises_the_base_class(fake: FakeService, client: Client) -> None:
    fake.faults["GetDataset"].append(Fault(grpc.StatusCode.DATA_LOSS, "gone"))

    with pytest.raises(trialbook.TrialbookError) as caught:
        client.datasets.get("d")

    assert type(caught.value) is trialbook.TrialbookError
    assert caught.value.code == "DATA_LOSS"


def test_calls_carry_the_token(server: FakeServer, fake: FakeService) -> None:
    with Client(server.address, token="secret") as client:
        client.datasets.create("d")

    assert fake.metadata[-1]["authorization"] == "Bearer secret"
