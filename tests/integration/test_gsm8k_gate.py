"""A gate on recorded answers: no worse than the baseline fails one way and passes the other."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    Service,
    database_of,
    ended,
    item,
    json,
    new_dataset,
    new_experiment,
    scorer,
    started,
)
from trialbook.v1.gate_pb2 import (
    GATE_METRIC_MEAN,
    GATE_METRIC_PASS_RATE,
    VERDICT_FAILED,
    VERDICT_PASSED,
    Gate,
    GateCondition,
)
from trialbook.v1.run_pb2 import Run
from trialbook.v1.run_service_pb2 import (
    EvaluateGateRequest,
    FinishRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TRIALBOOK_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "gsm8k_model_solutions.jsonl"
NO_WORSE = Gate(
    conditions=[
        GateCondition(metric=GATE_METRIC_MEAN, scorer="numeric_match", max_regression=0),
        GateCondition(metric=GATE_METRIC_PASS_RATE, max_regression=0),
    ]
)

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[str]:
    with database_of(tmp_path, "sqlite"):
        yield "sqlite"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path) as running:
        yield running


async def recorded(service: Service, experiment: str, solutions: list[str]) -> Run:
    """A run that its caller drives, of these outputs in the order of the items."""
    begun = await service.runs.StartRun(
        StartRunRequest(parent=PROJECT, experiment=experiment, caller_driven=True)
    )
    results = [
        SubmittedResult(item_id=f"p{number}", output=json(jsonlib.dumps(solution)))
        for number, solution in enumerate(solutions)
    ]
    for start in range(0, len(results), 1000):
        await service.runs.SubmitResults(
            SubmitResultsRequest(parent=begun.run.name, results=results[start : start + 1000])
        )
    await service.runs.FinishRun(FinishRunRequest(name=begun.run.name))
    return await ended(service, begun.run.name)


async def test_the_better_model_passes_and_the_worse_one_fails(service: Service) -> None:
    with FILE.open(encoding="utf-8") as lines:
        problems = [jsonlib.loads(line) for line in lines]
    dataset = await new_dataset(
        service,
        [
            item(
                jsonlib.dumps(problem["question"]),
                jsonlib.dumps(problem["ground_truth"]),
                item_id=f"p{number}",
            )
            for number, problem in enumerate(problems)
        ],
    )
    experiment = await new_experiment(service, dataset.name, scorer("numeric_match"))
    small, large = [
        await recorded(
            service, experiment.name, [problem[model]["solution"] for problem in problems]
        )
        for model in ("6b_verification", "175b_verification")
    ]

    for run, baseline, verdict in (
        (small, large, VERDICT_FAILED),
        (large, small, VERDICT_PASSED),
    ):
        answer = await service.runs.EvaluateGate(
            EvaluateGateRequest(name=run.name, gate=NO_WORSE, baseline=baseline.name)
        )
        assert answer.verdict.verdict == verdict
        for finding in answer.verdict.findings:
            sign = 1 if run is large else -1
            assert finding.verdict == verdict
            assert finding.count == 1319
            assert finding.difference == pytest.approx(sign * (742 - 515) / 1319)
            assert finding.lower < finding.difference < finding.upper
