"""Trialbook's own attributes: the way out for what no other convention can say."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Rule
from trialbook.services.trajectory.step import StepType

OWN = Convention(
    "trialbook",
    rules=tuple(
        Rule(
            f"trialbook.{step_type}",
            "eval.step.type",
            step_type,
            value=step_type.value,
            names=("eval.step.name", "gen_ai.tool.name", "gen_ai.agent.name"),
        )
        for step_type in StepType
    ),
    fields=Fields(
        args=("eval.step.args",),
        output=("eval.step.output",),
        step_input=("eval.step.args",),
        step_output=("eval.step.output",),
    ),
)
