"""A worker that answers grade-school math problems with the recorded solutions of four models.

The file is `gsm8k_model_solutions.jsonl`: on each line a `question`, and for each model the
`solution` that it gave. Its path is taken from the environment variable GSM8K_FILE:

    GSM8K_FILE=gsm8k_model_solutions.jsonl trialbook worker run gsm8k_worker.py:worker
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from trialbook.client import FinalError, Worker

MODELS = ("6b-finetuning", "6b-verification", "175b-finetuning", "175b-verification")

path = Path(os.environ.get("GSM8K_FILE", "gsm8k_model_solutions.jsonl"))
with path.open(encoding="utf-8") as lines:
    problems = {problem["question"]: problem for problem in map(json.loads, lines)}

worker = Worker()


def recorded(model: str) -> Callable[[str], str]:
    """Make a target that answers as the model did."""
    field = model.replace("-", "_")

    def solve(question: str) -> str:
        if question not in problems:
            raise FinalError(f"{path} has no such problem")
        solution: str = problems[question][field]["solution"]
        return solution

    return solve


for model in MODELS:
    worker.target(model)(recorded(model))

if __name__ == "__main__":
    worker.run()
