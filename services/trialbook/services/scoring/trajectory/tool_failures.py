"""tool_failures: what failed was made good before the end."""

from __future__ import annotations

from bisect import bisect_right
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
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import OUTCOMES, step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import AGENT, Scope, read_scope
from trialbook.services.scoring.trajectory.sequence import StepSequence, flatten
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import TOOL_CALLS, Step
from trialbook.services.trajectory.trajectory import Trajectory

Fallbacks = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class ToolFailures:
    """Looks for failed calls, and for a later success of the same tool or of a fallback."""

    tools: frozenset[str] | None
    fallbacks: Fallbacks
    scope: Scope

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the share of the failed calls that were made good; 1 if none failed."""
        found = sample.trajectory
        return self._finding(found).judgement(found)

    def _finding(self, trajectory: Trajectory) -> Finding:
        calls = flatten(trajectory, TOOL_CALLS, self.scope)
        recoveries = self._recoveries(calls, unknown=True)
        lost = [failed for failed, recovery in recoveries.items() if recovery is None]
        details = {
            "tool_calls": len(calls),
            "failures": [_entry(calls, *pair) for pair in recoveries.items()],
        }
        gap = step_gap(trajectory, TOOL_CALLS)
        if gap is None and not lost and None in self._recoveries(calls, unknown=False).values():
            gap = OUTCOMES
        if gap is not None:
            return Finding(details=details, gap=gap)
        if not recoveries:
            return Finding(1.0, True, "no_failures", "No tool call failed.", details)
        count = len(recoveries)
        return Finding(
            (count - len(lost)) / count,
            not lost,
            "not_recovered" if lost else "recovered",
            f"{count - len(lost)} of {count} failed tool calls were made good later.",
            details,
        )

    def _recoveries(self, calls: StepSequence, *, unknown: bool) -> dict[int, int | None]:
        """Return each failed call and the first later one that made it good, None if there is none.

        `unknown` says whether a call of which nothing is known succeeded.
        """

        def succeeded(step: Step) -> bool:
            return unknown if step.success is None else step.success

        latest: dict[str, list[int]] = {}
        for number, step in enumerate(calls.steps):
            if succeeded(step):
                latest.setdefault(step.name, []).append(number)
        return {
            number: self._first_after(calls, number, latest)
            for number, step in enumerate(calls.steps)
            if not succeeded(step) and (self.tools is None or step.name in self.tools)
        }

    def _first_after(
        self, calls: StepSequence, failed: int, successes: Mapping[str, list[int]]
    ) -> int | None:
        name = calls.steps[failed].name
        blocks = calls.blocks
        later: list[int] = []
        for tool in (name, *self.fallbacks.get(name, ())):
            numbers = successes.get(tool, [])
            # Blocks rise with the numbers.
            at = bisect_right(numbers, blocks[failed], key=blocks.__getitem__)
            later += numbers[at : at + 1]
        return min(later, default=None)


def _entry(calls: StepSequence, failed: int, recovery: int | None) -> dict[str, object]:
    step = calls.steps[failed]
    return {
        **step_entry(step, calls.positions[failed]),
        "error": step.error,
        "recovered_by": None
        if recovery is None
        else step_entry(calls.steps[recovery], calls.positions[recovery]),
    }


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer from parameters that fit the schema."""
    tools = cast("list[str] | None", parameters.get("tools"))
    return ToolFailures(
        None if tools is None else frozenset(tools),
        cast("Fallbacks", parameters.get("fallbacks", {})),
        read_scope(parameters),
    )


_NAMES: dict[str, object] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 1000},
    "minItems": 1,
    "maxItems": 1000,
}

TOOL_FAILURES = BuiltInTrajectoryScorer(
    unit_interval(
        "tool_failures",
        "The share of failed tool calls that were made good: by a later success of the same tool "
        "or of one that may stand in for it. It is 1 if none failed.",
        {
            "tools": {
                **_NAMES,
                "description": "Look only at failures of these tools; by default at all.",
            },
            "fallbacks": {
                "type": "object",
                "additionalProperties": _NAMES,
                "default": {},
                "description": "Per tool the names of those that may stand in for it.",
            },
            "agent": AGENT,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
