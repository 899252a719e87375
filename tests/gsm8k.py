"""Recorded answers of four models to grade-school problems, as datasets and runs of a service."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.service import PROJECT, Service, ended, item, new_dataset, new_experiment, scorer
from tests.service import json as payload
from trialbook.v1 import run_service_pb2

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TRIALBOOK_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "gsm8k_model_solutions.jsonl"

needs_file = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")

_BATCH = 1_000


def problems() -> list[dict[str, Any]]:
    """Read the problems, each with its true solution and what the models gave."""
    with FILE.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


async def new_problems(service: Service, some: Sequence[dict[str, Any]]) -> str:
    """Create an experiment on a dataset of problems, p0, p1 …; return its name."""
    content = [
        item(
            json.dumps(problem["question"]),
            json.dumps(problem["ground_truth"]),
            item_id=f"p{number}",
        )
        for number, problem in enumerate(some)
    ]
    dataset = await new_dataset(service, content)
    return (await new_experiment(service, dataset.name, scorer("numeric_match"))).name


async def new_answers(
    service: Service, experiment: str, some: Sequence[dict[str, Any]], model: str
) -> str:
    """Return the name of a run, driven here, of what a model gave."""
    started = await service.runs.StartRun(
        run_service_pb2.StartRunRequest(
            parent=PROJECT, experiment=experiment, caller_driven=True, display_name=model
        )
    )
    run = started.run.name
    results = [
        run_service_pb2.SubmittedResult(
            item_id=f"p{number}", output=payload(json.dumps(problem[model]["solution"]))
        )
        for number, problem in enumerate(some)
    ]
    for first in range(0, len(results), _BATCH):
        await service.runs.SubmitResults(
            run_service_pb2.SubmitResultsRequest(
                parent=run, results=results[first : first + _BATCH]
            )
        )
    await service.runs.FinishRun(run_service_pb2.FinishRunRequest(name=run))
    await ended(service, run)
    return run
