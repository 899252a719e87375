"""Recorded answers of four models to 1,319 problems, counted by numeric_match."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import COMMAND_LINE, ROOT, Server, environment

DATA = Path(os.environ.get("TRIALBOOK_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "gsm8k_model_solutions.jsonl"
PASSED = {
    "6b-finetuning": 286,
    "6b-verification": 515,
    "175b-finetuning": 458,
    "175b-verification": 742,
}


@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")
def test_every_model_passes_as_often_as_the_data_says(
    server: Server, processes: list[subprocess.Popen[bytes]]
) -> None:
    server.succeed(
        "dataset", "import", str(FILE), "--dataset", "gsm8k",
        "--input-field", "question", "--expected-field", "ground_truth",
    )  # fmt: skip
    example = ROOT / "clients" / "python" / "examples" / "gsm8k_worker.py"
    processes.append(
        subprocess.Popen(
            [*COMMAND_LINE, "worker", "run", f"{example}:worker"],
            env=environment(TRIALBOOK_ADDRESS=server.address, GSM8K_FILE=str(FILE)),
        )
    )
    counted = {}
    for model in PASSED:
        server.succeed(
            "experiment", "create", model, "--dataset", "gsm8k", "--target", model,
            "--scorer", "numeric_match", "--concurrency", "100",
        )  # fmt: skip
        arguments = ["run", "start", model, "--id", model, "--wait", "--wait-for-worker"]
        run = server.succeed(*arguments, "--format", "json").json()
        assert run["counts"]["succeeded"] == 1319
        assert run["scores"][0]["scored"] == 1319
        counted[model] = run["scores"][0]["passed"]
    assert counted == PASSED
    gates_say_which_model_is_better(server)


def gates_say_which_model_is_better(server: Server) -> None:
    """The one condition fails one way and passes the other, by the interval of the difference."""
    condition = ["--gate", "mean(numeric_match)>=baseline"]
    for run, baseline, code in (
        ("6b-verification", "175b-verification", 2),
        ("175b-verification", "6b-verification", 0),
    ):
        judged = server.run("run", "gate", run, *condition, "--baseline", baseline)
        assert judged.code == code, judged
        assert server.run("run", "wait", run).code == 0, "the run has no gate of its own"
    [row] = server.succeed(
        "run", "compare", "6b-verification", "175b-verification", "--format", "csv"
    ).out.splitlines()[1:]  # fmt: skip
    improved, regressed, unchanged, unpaired = map(int, row.split(",")[-4:])
    assert improved - regressed == 742 - 515
    assert improved + regressed + unchanged == 1319
    assert unpaired == 0
