"""allowed_tools: only certain tools were called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.trajectory.finding import Finding, agreed, gate
from trialbook.services.scoring.trajectory.gap import step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import AGENT, Scope, read_scope
from trialbook.services.scoring.trajectory.sequence import flatten
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import TOOL_CALLS
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class AllowedTools:
    """Looks for calls of other tools."""

    tools: frozenset[str]
    scope: Scope

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 if no other tool was called, else 0."""
        found = sample.trajectory
        return self._finding(found).judgement(found)

    def _finding(self, trajectory: Trajectory) -> Finding:
        calls = flatten(trajectory, TOOL_CALLS, self.scope)
        others = [
            step_entry(step, position)
            for step, position in zip(calls.steps, calls.positions, strict=True)
            if step.name not in self.tools
        ]
        gap = step_gap(trajectory, TOOL_CALLS)
        allowed = not others
        return gate(
            agreed(allowed and gap is None, allowed),
            ("allowed", "not_allowed"),
            f"{len(others)} of {len(calls)} tool calls are not allowed.",
            {"tool_calls": len(calls), "not_allowed": others},
            gap,
        )


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer from parameters that fit the schema."""
    tools = frozenset(cast("list[str]", parameters["tools"]))
    return AllowedTools(tools, read_scope(parameters))


ALLOWED_TOOLS = BuiltInTrajectoryScorer(
    unit_interval(
        "allowed_tools",
        "No tool was called but those that are allowed, at any depth. It passes only where all "
        "tool calls can be seen.",
        {
            "tools": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 1000},
                "maxItems": 1000,
                "description": "The names of the tools that may be called; empty, none may.",
            },
            "agent": AGENT,
        },
        required=("tools",),
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
