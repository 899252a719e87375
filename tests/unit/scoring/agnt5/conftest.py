"""A short way to judge one trace context, or one trajectory, by a scorer of AGNT5."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.catalogue import configure_trajectory
from trialbook.services.scoring.judgement import Judgement, Sample
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.trajectory import Trajectory


def context_of(*steps: dict[str, Any], **fields: object) -> dict[str, Any]:
    """Return a valid context; each step is numbered and a tool call unless it says otherwise."""
    numbered = [
        {"index": index, "kind": "tool_call", **step} for index, step in enumerate(steps, start=1)
    ]
    return {
        "schema_version": "agnt5.eval.trace_eval_context.v1",
        "project_id": "p",
        "session_id": "s",
        "root_run_id": "r",
        "execution_steps": numbered,
        **fields,
    }


def judge_reported(scorer: str, reported: object, **parameters: object) -> Judgement:
    text = None if reported is None else json.dumps(reported)
    sample = TrajectorySample(Sample("null", None, "null"), None, reported=text)
    return configure_trajectory(scorer, json.dumps(parameters))(sample)


def judge_found(scorer: str, found: Trajectory | None, **parameters: object) -> Judgement:
    sample = TrajectorySample(Sample("null", None, "null"), found)
    return configure_trajectory(scorer, json.dumps(parameters))(sample)


@pytest.fixture
def context() -> Callable[..., dict[str, Any]]:
    """``context(step, step, field=value)``."""
    return context_of


@pytest.fixture
def reported() -> Callable[..., Judgement]:
    """``reported(scorer, reported, **parameters)``."""
    return judge_reported


@pytest.fixture
def found() -> Callable[..., Judgement]:
    """``found(scorer, trajectory, **parameters)``."""
    return judge_found
