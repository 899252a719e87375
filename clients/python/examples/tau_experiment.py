"""Make a dataset and an experiment of τ-bench's airline tasks, for the agent of tau_worker.py.

It needs a server, which TRIALBOOK_ADDRESS names, and a worker that runs `tau_worker.py`. The file
of the conversations is that of the worker, TAU_FILE; how many of its tasks are taken is an
argument, by default all:

    python tau_experiment.py 12
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trialbook.client import AlreadyExists, Client, RunSettings, Scorer, Target

NAME = "tau-airline"
SCORERS: list[Scorer | str] = [
    "reward",
    "outputs_told",
    # Every action that the task needs is called with its arguments; what else is called is free.
    Scorer("trajectory_match", alias="actions", mode="superset"),
    Scorer("trajectory_alignment", alias="recall", figure="recall", ordered=False),
    "tool_failures",
    Scorer("trajectory_budget", alias="budget", max_tool_calls=15, max_llm_calls=20),
]


def item_of(task_id: int, task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task as an item: what the user wants, must hear, and needs to be done."""
    steps = [{"name": action["name"], "args": action["kwargs"]} for action in task["actions"]]
    return {
        "id": f"task-{task_id}",
        "input": task["instruction"],
        "expected": task["outputs"],
        "expected_trajectory": {"ordering": "unordered", "steps": steps},
        "metadata": {"user_id": task["user_id"]},
    }


def main(most: int | None = None) -> None:
    path = Path(os.environ.get("TAU_FILE", "gpt-4o-airline.json"))
    conversations = json.loads(path.read_text(encoding="utf-8"))
    tasks = {each["task_id"]: each["info"]["task"] for each in conversations}
    items = [item_of(*task) for task in sorted(tasks.items())[:most]]
    trials = 1 + max(conversation["trial"] for conversation in conversations)
    with Client() as client:
        with contextlib.suppress(AlreadyExists):
            client.datasets.create(NAME)
        client.datasets.add_items(NAME, items)
        with contextlib.suppress(AlreadyExists):
            client.experiments.create(
                NAME,
                dataset=NAME,
                target=Target("airline_agent"),
                scorers=SCORERS,
                settings=RunSettings(trials=trials),
            )
    print(f"{NAME}: {len(items)} tasks, {trials} trials each")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
