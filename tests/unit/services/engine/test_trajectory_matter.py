"""Trajectories on their way to workers."""

from __future__ import annotations

import json

from trialbook.services.engine.trajectory_matter import trajectory_json
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

CALL = Step(StepType.TOOL_CALL, "search", args={"q": "x" * 500}, output="y" * 500)
TRAJECTORY = Trajectory((Step(StepType.AGENT_RUN, "helper", children=(CALL,)),))


def test_one_that_fits_is_told_whole() -> None:
    (agent,) = json.loads(trajectory_json(TRAJECTORY))["steps"]
    assert agent["children"][0]["args"] == {"q": "x" * 500}


def test_one_that_is_too_large_loses_what_is_large_and_says_so() -> None:
    told = json.loads(trajectory_json(TRAJECTORY, most=600))

    (agent,) = told["steps"]
    (call,) = agent["children"]
    assert "args" not in call
    assert "output" not in call
    assert call["missing"] == ["args", "output"]
    assert "too large" in told["evidence"]["notes"][0]
