from __future__ import annotations

import grpc
import pytest

from tests.unit.client.fake_service import LOST_ANSWER, FakeService, Fault
from trialbook.client import AlreadyExists, AsyncClient, Client, InvalidArgument, Unavailable
from trialbook.client.retry import MAX_TRIES, Backoff, Tries

NOT_YET = Fault()


def test_waits_double_up_to_the_longest_and_are_drawn_from_zero_up() -> None:
    longest = Backoff(0.1, 5.0, draw=lambda: 1.0)
    shortest = Backoff(0.1, 5.0, draw=lambda: 0.0)

    waits = [longest.next_delay() for _ in range(8)]

    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    assert shortest.next_delay() == 0.0
    assert shortest.next_delay(at_least=2.0) == 2.0
    assert longest.next_delay(at_most=0.5) == 0.5
    assert longest.next_delay(at_least=2.0, at_most=0.5) == 2.0


def test_only_unavailable_is_tried_again() -> None:
    wrong = InvalidArgument("no")

    with pytest.raises(InvalidArgument):
        Tries(30).delay_after(wrong)


def test_tries_end_with_the_deadline() -> None:
    tries = Tries(0.0, Backoff(draw=lambda: 1.0))

    with pytest.raises(Unavailable):
        tries.delay_after(Unavailable("away"))


def test_a_call_is_made_again_while_the_server_is_away(fake: FakeService, client: Client) -> None:
    fake.faults["CreateDataset"].extend([NOT_YET] * 2)

    assert client.datasets.create("d").id == "d"
    assert fake.calls["CreateDataset"] == 3


def test_a_call_gives_up_after_some_tries(fake: FakeService, client: Client) -> None:
    fake.faults["GetDataset"].extend([NOT_YET] * 20)

    with pytest.raises(Unavailable):
        client.datasets.get("d")

    assert fake.calls["GetDataset"] == MAX_TRIES


def test_a_lost_answer_does_not_double_a_write(fake: FakeService, client: Client) -> None:
    fake.faults["CreateDataset"].append(LOST_ANSWER)

    client.datasets.create("d")

    first, second = fake.requests["CreateDataset"]
    assert first.request_id == second.request_id != ""


async def test_the_async_client_repeats_calls_too(
    fake: FakeService, async_client: AsyncClient
) -> None:
    fake.faults["CreateDataset"].append(LOST_ANSWER)

    assert (await async_client.datasets.create("d")).id == "d"


def test_a_refusal_is_not_repeated(fake: FakeService, client: Client) -> None:
    fake.faults["CreateDataset"].append(Fault(grpc.StatusCode.ALREADY_EXISTS, "taken"))

    with pytest.raises(AlreadyExists):
        client.datasets.create("d")

    assert fake.calls["CreateDataset"] == 1
