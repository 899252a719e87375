from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from tests.unit.client.fake_service import FakeService, Fault
from trialbook.client import (
    AsyncClient,
    Client,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    SubmissionDisposition,
    SubmittedResult,
)
from trialbook.v1 import dataset_pb2, run_pb2

RECORDED = SubmissionDisposition.RECORDED
NOT_THERE = Fault(grpc.StatusCode.NOT_FOUND, reason="ERROR_REASON_RESOURCE_NOT_FOUND")
TAKEN = Fault(grpc.StatusCode.ALREADY_EXISTS, reason="ERROR_REASON_RESOURCE_EXISTS")


@pytest.fixture(autouse=True)
def run(fake: FakeService) -> run_pb2.Run:
    """Two items, the second with its own options and context, and one that was purged."""
    name = "projects/default/datasets/d"
    items = [dataset_pb2.Item(item_id="a"), dataset_pb2.Item(item_id="b")]
    items.append(dataset_pb2.Item(item_id="gone", purged=True))
    items[0].input.json, items[1].input.json, items[2].input.json = "1", "2", "null"
    items[1].start_options.json, items[1].context.json = '{"k":2}', '{"user":"b"}'
    fake.items[name] = items
    run = fake.run
    run.dataset, run.experiment = f"{name}/versions/3", "projects/default/experiments/e/versions/1"
    run.settings.trials, run.caller_driven = 2, True
    run.status = run_pb2.RUN_STATUS_RUNNING
    run.target_options.json, run.context.json = '{"k":1,"m":"x"}', '{"team":"t"}'
    run.selection.tags.append("t")
    return run


def test_a_driven_run_gives_every_trial_and_is_finished(fake: FakeService, client: Client) -> None:
    with client.runs.drive("e", display_name="mine") as driven:
        given = [(item.id, item.trial, item.input) for item in driven.items()]
        items = list(driven.items())
        done = [driven.submit(item, {"answer": item.input}, latency=0.5) for item in items[:-1]]
        done.append(driven.fail(items[-1], ValueError("lost")))
        assert "FinishRun" not in fake.calls

    assert given == [("a", 1, 1), ("a", 2, 1), ("b", 1, 2), ("b", 2, 2)]
    assert done == [RECORDED] * 4
    assert fake.submitted["b", 1].output.json == '{"answer":2}'
    assert fake.submitted["b", 2].error.kind == "ValueError"
    assert (items[0].options, items[0].context) == ({"k": 1, "m": "x"}, {"team": "t"})
    assert (items[2].options["k"], items[2].context) == (2, {"team": "t", "user": "b"})
    (started,), (finished,) = fake.requests["StartRun"], fake.requests["FinishRun"]
    assert (started.caller_driven, started.display_name) == (True, "mine")
    assert finished.name == fake.run.name
    listed = fake.requests["ListItems"][0]
    assert (listed.version, listed.selection.tags) == (3, ["t"])


def test_a_run_that_is_there_is_continued_where_it_was(fake: FakeService, client: Client) -> None:
    client.runs.submit("r1", [SubmittedResult("a", 1), SubmittedResult("b", 1, trial=2)])

    with client.runs.drive("e", run_id="r1") as driven:
        left = [(item.id, item.trial) for item in driven.items()]

    assert driven.continued
    assert left == [("a", 2), ("b", 1)]
    assert fake.calls["StartRun"] == 0


def test_the_slower_of_two_starters_joins_the_run_of_the_other(
    fake: FakeService, client: Client
) -> None:
    fake.faults["GetRun"].append(NOT_THERE)
    fake.faults["StartRun"].append(TAKEN)

    with client.runs.drive("e", run_id="r1") as driven:
        assert driven.continued


def test_an_error_in_the_block_cancels_the_run(fake: FakeService, client: Client) -> None:
    with pytest.raises(RuntimeError, match="mine"), client.runs.drive("e"):
        raise RuntimeError("mine")

    assert (fake.calls["CancelRun"], fake.calls["FinishRun"]) == (1, 0)


def test_an_error_is_told_even_if_the_run_cannot_be_cancelled(
    fake: FakeService, client: Client
) -> None:
    fake.faults["CancelRun"].append(NOT_THERE)

    with pytest.raises(RuntimeError, match="mine"), client.runs.drive("e"):
        raise RuntimeError("mine")


def test_a_run_can_be_left_open_after_an_error(fake: FakeService, client: Client) -> None:
    with pytest.raises(RuntimeError), client.runs.drive("e", cancel_on_error=False):
        raise RuntimeError

    assert (fake.calls["CancelRun"], fake.calls["FinishRun"]) == (0, 0)


def refuse(run: run_pb2.Run, how: str) -> None:
    if how == "other":
        run.experiment = "projects/default/experiments/e2/versions/1"
    elif how == "hosted":
        run.caller_driven = False
    else:
        run.status = run_pb2.RUN_STATUS_CANCELLED


@pytest.mark.parametrize(
    ("how", "error", "reason"),
    [
        ("other", InvalidArgument, "INVALID_FIELD"),
        ("hosted", FailedPrecondition, "NOT_CALLER_DRIVEN"),
        ("cancelled", FailedPrecondition, "RUN_ENDED"),
    ],
)
def test_a_run_that_cannot_be_continued_is_refused(
    run: run_pb2.Run, client: Client, how: str, error: Any, reason: str
) -> None:
    refuse(run, how)

    with pytest.raises(error) as caught, client.runs.drive("e", run_id="r1"):
        pass

    assert caught.value.reason == reason


def test_what_is_wrong_with_the_start_is_raised(fake: FakeService, client: Client) -> None:
    fake.faults["StartRun"].append(NOT_THERE)

    with pytest.raises(NotFound), client.runs.drive("none"):
        pass


def test_threads_share_a_driven_run(fake: FakeService, client: Client) -> None:
    with client.runs.drive("e") as driven:
        threads = [
            threading.Thread(target=driven.submit, args=(item, 1)) for item in driven.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(fake.submitted) == 4


async def test_the_async_client_drives_likewise(
    fake: FakeService, async_client: AsyncClient
) -> None:
    await async_client.runs.submit("r1", [SubmittedResult("a", 1)])

    async with async_client.runs.drive("e", run_id="r1") as driven:
        left = [item async for item in driven.items()]
        done = [await driven.submit(item, 1) for item in left[:2]]
        done.append(await driven.fail(left[2], "no answer"))
    with pytest.raises(RuntimeError):
        async with async_client.runs.drive("e"):
            raise RuntimeError

    assert ([item.trial for item in left], done) == ([2, 1, 2], [RECORDED] * 3)
    assert (fake.calls["FinishRun"], fake.calls["CancelRun"]) == (1, 1)


def test_a_bad_result_is_named_by_its_place_among_all(fake: FakeService, client: Client) -> None:
    refusal = Fault(
        grpc.StatusCode.INVALID_ARGUMENT,
        "results[3].item_id: is not in the run",
        "ERROR_REASON_INVALID_FIELD",
        violations=(("results[3].item_id", "is not in the run"),),
    )

    def results() -> Iterator[SubmittedResult]:
        for number in range(1_500):
            if number == 1_200:
                fake.faults["SubmitResults"].append(refusal)
            yield SubmittedResult(f"i{number}", number)

    with pytest.raises(InvalidArgument) as caught:
        client.runs.submit("r1", results())

    assert str(caught.value) == "results[1003].item_id: is not in the run"
    assert caught.value.violations[0].field == "results[1003].item_id"
    assert len(fake.submitted) == 1_000


def test_a_lost_answer_does_not_record_a_result_twice(fake: FakeService, client: Client) -> None:
    fake.faults["SubmitResults"].append(Fault(after_effect=True, details=False))

    dispositions = client.runs.submit("r1", (SubmittedResult(f"i{n}", n) for n in range(3)))

    assert dispositions == [SubmissionDisposition.ALREADY_RECORDED] * 3
    assert len(fake.submitted) == 3
