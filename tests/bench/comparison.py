"""Two large runs beside each other, statistics included."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from statistics import median

import grpc

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.processes import peak_memory, wait_until
from tests.bench.server import Served, serving
from tests.bench.workload import questions
from trialbook.client import Item
from trialbook.v1 import comparison_pb2, experiment_pb2, payload_pb2, run_pb2, score_pb2
from trialbook.v1.run_service_pb2 import (
    CompareRunsRequest,
    FinishRunRequest,
    GetRunRequest,
    ScorerList,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.run_service_pb2_grpc import RunServiceStub

ITEMS = 100_000
ROUNDS = 3
PROJECT = "projects/default"
SCORERS = ("exact", "close")
_BATCH = 1_000


def comparison_sqlite(bench: Bench) -> list[Figure]:
    """Compare two runs on SQLite."""
    return _comparison(bench, Backend.SQLITE)


def comparison_postgres(bench: Bench) -> list[Figure]:
    """Compare two runs on PostgreSQL."""
    return _comparison(bench, Backend.POSTGRES)


def _comparison(bench: Bench, backend: Backend) -> list[Figure]:
    folder, count = bench.folder / f"comparison-{backend.name.lower()}", bench.sized(ITEMS)
    with (
        backend.database(folder) as database,
        serving(database, folder, profile=bench.profile) as served,
        grpc.insecure_channel(served.address) as channel,
    ):
        stub = RunServiceStub(channel)
        _prepare(served, count)
        runs = [_submit(stub, count, right) for right in (0.70, 0.72)]
        before = peak_memory(served.process)
        first, *others = [_compare(stub, count, *runs) for _ in range(1 + ROUNDS)]
        grown = peak_memory(served.process) - before
    asked = at_most(2)
    return [
        Figure("comparison of two runs with two scorers", median(others), "s", asked),
        Figure("the first one, which loads the statistics", first, "s"),
        Figure("memory that comparisons take at most", grown, "MB"),
    ]


def _prepare(served: Served, count: int) -> None:
    """Make a dataset, and an experiment whose runs their caller drives."""
    served.client.datasets.create("compared")
    items = (
        Item(asked.input, asked.expected, id=f"q{number}")
        for number, asked in enumerate(questions(count))
    )
    served.client.datasets.import_items("compared", items)
    served.client.experiments.create("compared", dataset="compared", target="caller")


def _submit(stub: RunServiceStub, count: int, right: float) -> str:
    """Return a run of which so large a share is right."""
    scorers = [experiment_pb2.ScorerSpec(scorer=name, by_caller=True) for name in SCORERS]
    started = stub.StartRun(
        StartRunRequest(
            parent=PROJECT,
            experiment=f"{PROJECT}/experiments/compared",
            scorers=ScorerList(scorers=scorers),
            caller_driven=True,
        )
    )
    run = started.run.name
    results = _results(count, right)
    for _ in range(0, count, _BATCH):
        batch = islice(results, _BATCH)
        stub.SubmitResults(SubmitResultsRequest(parent=run, results=batch))
    stub.FinishRun(FinishRunRequest(name=run))
    wait_until(lambda: _has_ended(stub, run), "the run ends")
    return run


def _has_ended(stub: RunServiceStub, run: str) -> bool:
    told = stub.GetRun(GetRunRequest(name=run)).run
    return told.status == run_pb2.RUN_STATUS_COMPLETED


def _results(count: int, right: float) -> Iterator[SubmittedResult]:
    """Make results with a verdict, a value of many digits, a latency, tokens and a cost."""
    draw = random.Random(right)
    for number in range(count):
        passed = draw.random() < right
        result = SubmittedResult(
            item_id=f"q{number}",
            output=payload_pb2.Payload(json=f'"the answer is {number * 31}"'),
            usage=run_pb2.Usage(
                input_tokens=200 + draw.randrange(50), output_tokens=draw.randrange(90), cost=0.01
            ),
            scores=[_score("exact", float(passed), passed), _score("close", draw.random(), passed)],
        )
        result.latency.FromMicroseconds(draw.randrange(1, 2_000_000))
        yield result


def _score(scorer: str, value: float, passed: bool) -> score_pb2.Score:
    status = score_pb2.SCORE_STATUS_SCORED
    return score_pb2.Score(scorer=scorer, status=status, value=value, passed=passed)


def _compare(stub: RunServiceStub, count: int, baseline: str, candidate: str) -> float:
    """Compare two runs; return the seconds that it took."""
    began = time.perf_counter()
    answer = stub.CompareRuns(CompareRunsRequest(baseline=baseline, candidates=[candidate]))
    took = time.perf_counter() - began
    (told,) = answer.comparison.candidates
    assert isinstance(told, comparison_pb2.RunComparison)
    assert [scorer.difference.count for scorer in told.scorers] == [count, count]
    return took
