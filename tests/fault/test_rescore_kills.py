"""Kill -9 of the server in the middle of a rescore."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import pytest

from tests.e2e.processes import Server
from tests.fault.scene import DATASET, Watcher, all_events, wait_for_end
from trialbook.client import Client
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.experiment_pb2 import ScorerSpec
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.run_service_pb2_grpc import RunServiceStub

ITEMS = 2000
TEXT = "words " * 400
"""So long, and by so many scorers, that a rescore takes some seconds."""
SCORERS = ("exact_match", *(f"distance-{number}" for number in range(1, 16)))
RUN = "projects/default/runs/the-run"


@pytest.fixture
def recorded(server: Server, client: Client) -> int:
    """A run whose caller has submitted and finished it; how many facts it has."""
    client.datasets.create(DATASET)
    client.datasets.import_items(
        DATASET, ({"id": f"i{n}", "input": n, "expected": f"{TEXT}{n}"} for n in range(ITEMS))
    )
    client.experiments.create("experiment", dataset=DATASET, target="none")
    with grpc.insecure_channel(server.address) as channel:
        runs = RunServiceStub(channel)
        runs.StartRun(
            rpc.StartRunRequest(
                parent="projects/default",
                experiment="projects/default/experiments/experiment",
                run_id="the-run",
                caller_driven=True,
            )
        )
        for first in range(0, ITEMS, 500):
            some = map(submitted, range(first, first + 500))
            runs.SubmitResults(rpc.SubmitResultsRequest(parent=RUN, results=some))
        runs.FinishRun(rpc.FinishRunRequest(name=RUN))
    return wait_for_end(client).last_position


def submitted(number: int) -> rpc.SubmittedResult:
    text = f'"{TEXT}{number // 2 * 2}"'
    return rpc.SubmittedResult(item_id=f"i{number}", output=Payload(json=text))


def rescore(server: Server) -> None:
    scorers = [
        ScorerSpec(scorer="exact_match" if name == "exact_match" else "levenshtein", alias=name)
        for name in SCORERS
    ]
    with grpc.insecure_channel(server.address) as channel:
        RunServiceStub(channel).RescoreRun(rpc.RescoreRunRequest(name=RUN, scorers=scorers))


def test_a_rescore_outlives_its_server_and_every_score_is_there_once(
    server: Server, client: Client, recorded: int
) -> None:
    rescore(server)
    watcher = Watcher(server.address)
    watcher.start()
    # Past who rescored it, the next thing that is told is a score.
    watcher.reach(recorded + 2)
    server.kill()
    killed = datetime.now(UTC)
    server.start()
    server.kill()
    server.start()

    told = watcher.finish()
    run = wait_for_end(client)

    assert run.status == "completed"
    assert told[-1].record_time > killed
    assert told == all_events(client)
    rescored, ended = 1, 1
    last = recorded + rescored + ITEMS * len(SCORERS) + ended
    assert [event.position for event in told] == list(range(1, last + 1))
    assert [summary.scored for summary in run.scores] == [ITEMS] * len(SCORERS)
    assert run.scores[0].passed == ITEMS // 2
    for result in client.runs.results("the-run", page_size=1000):
        assert [score.scorer for score in result.scores] == list(SCORERS)
    server.kill()
    server.admin("verify", "--read-models")
