"""Recorded conversations of an airline's agent, and what they come to, counted from the file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TRIALBOOK_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "tau_airline_gpt4o_sample.json"

needs_file = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")

Figures = dict[str, float | None]
"""What each scorer says of a conversation; None where it cannot say anything."""


def conversations() -> dict[str, list[Mapping[str, Any]]]:
    """Return the conversations of each item, its first trial first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    everything = json.loads(FILE.read_text(encoding="utf-8"))
    for told in sorted(everything, key=lambda told: (told["task_id"], told["trial"])):
        found.setdefault(f"task-{told['task_id']}", []).append(told)
    return found


def figures(conversation: Mapping[str, Any]) -> Figures:
    """Count what the scorers of the example are to say of a conversation."""
    calls = calls_of(conversation["traj"])
    expected = conversation["info"]["task"]["actions"]
    called = [
        any(each["name"] == name and holds(args, each["kwargs"]) for name, args, _ in calls)
        for each in expected
    ]
    turns = sum(message["role"] == "assistant" for message in conversation["traj"])
    excess = [max(0, len(calls) - 15) / 15, max(0, turns - 20) / 20]
    return {
        "reward": conversation["reward"],
        "outputs_told": told_outputs(conversation),
        "actions": float(all(called)),
        "recall": fmean(called),
        "tool_failures": made_good(calls),
        "budget": fmean(max(0.0, 1 - over) for over in excess),
    }


def calls_of(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any, bool]]:
    """Return the tool calls: name, arguments, and whether they succeeded."""
    return [
        (
            call["function"]["name"],
            json.loads(call["function"]["arguments"]),
            not answer["content"].startswith("Error"),
        )
        for asked, answer in pairwise(messages)
        for call in asked.get("tool_calls") or ()
    ]


def holds(value: Any, part: Any) -> bool:
    """Whether a value has everything that a part of it has, at any depth."""
    if isinstance(part, dict):
        return all(name in value and holds(value[name], part[name]) for name in part)
    if isinstance(part, list):
        return len(value) == len(part) and all(map(holds, value, part))
    return bool(value == part)


def made_good(calls: Sequence[tuple[str, Any, bool]]) -> float:
    """The share of the failed calls after which the same tool succeeded."""
    recovered = [
        any(later == name and good for later, _, good in calls[place + 1 :])
        for place, (name, _, succeeded) in enumerate(calls)
        if not succeeded
    ]
    return fmean(recovered) if recovered else 1.0


def told_outputs(conversation: Mapping[str, Any]) -> float | None:
    """The share of the outputs that the agent has said."""
    said = [
        message["content"].replace(",", "")
        for message in conversation["traj"]
        if message["role"] == "assistant" and message["content"]
    ]
    outputs = conversation["info"]["task"]["outputs"]
    return fmean(any(part in text for text in said) for part in outputs) if outputs else None


def pass_hat(k: int, passed: Sequence[Sequence[bool]]) -> float:
    """The chance that all of k trials of an item pass, on average over items."""
    return fmean(comb(sum(trials), k) / comb(len(trials), k) for trials in passed)
