"""Short ways to say what was done, and to have it judged."""

from __future__ import annotations

import json
from typing import Any

from trialbook.services.scoring.catalogue import configure_trajectory
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import Step, StepType, Tokens
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

PARTIAL = Evidence(complete=False, received_spans=3, expected_spans=5)
NO_TOOLS = Evidence(tools_observable=False)


def call(name: str, *, span: str = "", **fields: Any) -> Step:
    """A call of a tool, with no arguments unless some are given."""
    spans = (SpanRef("0" * 32, span),) if span else ()
    return Step(StepType.TOOL_CALL, name, **{"args": {}, "spans": spans, "success": True, **fields})


def calls(names: str) -> tuple[Step, ...]:
    """Calls of the tools in a text of names."""
    return tuple(call(name) for name in names.split())


def parallel(*steps: Step, group: int = 1) -> tuple[Step, ...]:
    """The steps, side by side."""
    return tuple(step_with(step, parallel_group=group) for step in steps)


def step_with(step: Step, **fields: Any) -> Step:
    """The step with some fields otherwise."""
    given = {name: getattr(step, name) for name in step.__struct_fields__}
    return Step(**{**given, **fields})


def agent(name: str, *children: Step, **fields: Any) -> Step:
    """A run of an agent."""
    return Step(StepType.AGENT_RUN, name, children=children, **fields)


def model(tokens: tuple[int, int] | None = None, **fields: Any) -> Step:
    """A generation of a model."""
    used = None if tokens is None else Tokens(*tokens)
    return Step(StepType.MODEL_GENERATION, "chat", tokens=used, **fields)


def trajectory(*steps: Step, evidence: Evidence | None = None, **fields: Any) -> Trajectory:
    """What was done."""
    return Trajectory(steps, evidence=evidence or Evidence(), **fields)


def judge(
    scorer: str, found: Trajectory | None, expectation: object = None, **parameters: Any
) -> Judgement:
    """Let a scorer judge; an expectation is the item's."""
    text = None if expectation is None else json.dumps(expectation)
    sample = TrajectorySample(Sample("null", None, "null"), found, text)
    return configure_trajectory(scorer, json.dumps(parameters))(sample)


def expected(names: str, **fields: object) -> dict[str, object]:
    """An expectation of steps in a text of names."""
    return {"steps": [{"name": name} for name in names.split()], **fields}


def outcome(judgement: Judgement) -> float | str | None:
    """The value, or the label where there is none."""
    if judgement.status is ScoreStatus.NOT_EVALUABLE:
        assert (judgement.value, judgement.passed) == (None, None)
        return judgement.label
    return judgement.value


def evidence_of(judgement: Judgement) -> dict[str, Any]:
    """The evidence, decoded."""
    decoded: dict[str, Any] = json.loads(judgement.evidence or "null")
    return decoded
