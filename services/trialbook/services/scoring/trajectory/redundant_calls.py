"""redundant_calls: no call is made again without need."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from msgspec import UNSET

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import field_gap, step_gap
from trialbook.services.scoring.trajectory.json_equality import canonical
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import AGENT, EVERYTHING, Scope, read_scope
from trialbook.services.scoring.trajectory.sequence import StepSequence, flatten
from trialbook.services.scoring.trajectory.step_match import has_arguments
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import TOOL_CALLS, Step
from trialbook.services.trajectory.trajectory import Trajectory

_LONGEST_CYCLE = 50


class Loop(NamedTuple):
    """A cycle of `length` calls that ends before `end` and is run through `repeats` times."""

    length: int
    repeats: int
    end: int


@dataclass(frozen=True, slots=True)
class RedundantCalls:
    """Counts calls that were made before, with the same arguments and by the same agent."""

    consecutive: bool = True
    scope: Scope = EVERYTHING
    allowed: int = 0
    allowed_repeats: int | None = None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 less the share of the calls that are redundant."""
        found = sample.trajectory
        return self.finding(found).judgement(found)

    def finding(self, trajectory: Trajectory) -> Finding:
        """Judge a trajectory.

        The value is 1 - redundant/calls, and 1 without calls.
        """
        calls = flatten(trajectory, TOOL_CALLS, self.scope)
        surely, perhaps = _keys(calls)
        redundant = _redundant(calls, surely, consecutive=self.consecutive)
        loop = longest_loop(surely)
        details = {
            "tool_calls": len(calls),
            "redundant": [_entry(calls, number) for number in redundant],
            "loop": _loop_entry(calls, loop),
        }
        failed = len(redundant) > self.allowed or self._loops(loop)
        gap = step_gap(trajectory, TOOL_CALLS)
        if gap is not None and self._survives_more_calls(redundant):
            gap = None
        more = _redundant(calls, perhaps, consecutive=self.consecutive)
        if not failed and (more != redundant or self._loops(longest_loop(perhaps))):
            gap = gap or field_gap(())
        if gap is not None:
            return Finding(details=details, gap=gap)
        label = "loop" if self._loops(loop) else "redundant" if failed else "no_redundancy"
        return Finding(
            1.0 - len(redundant) / len(calls) if len(calls) else 1.0,
            not failed,
            label,
            f"{len(redundant)} of {len(calls)} tool calls repeat an earlier one.",
            details,
        )

    def _survives_more_calls(self, redundant: list[int]) -> bool:
        """Tell whether calls that were not seen, between others, could not undo a failure."""
        return not self.consecutive and len(redundant) > self.allowed

    def _loops(self, loop: Loop | None) -> bool:
        if self.allowed_repeats is None or loop is None:
            return False
        return loop.repeats > self.allowed_repeats


def longest_loop(keys: list[Hashable]) -> Loop | None:
    """Return the cycle, of at most 50 calls, whose repetitions make the longest stretch.

    It is run through at least twice. Of stretches that are as long the shortest cycle counts.
    """
    best: Loop | None = None
    for length in range(1, min(_LONGEST_CYCLE, len(keys) // 2) + 1):
        run = 0
        for end in range(length, len(keys)):
            run = run + 1 if keys[end] == keys[end - length] else 0
            repeats = run // length + 1
            if repeats > 1 and (best is None or repeats * length > best.repeats * best.length):
                best = Loop(length, repeats, end + 1)
    return best


class _Earlier:
    """An agent's calls so far by their keys; if `near`, those of this block and the one before."""

    def __init__(self, near: bool) -> None:
        self._near = near
        self._block = -1
        self._here: dict[Hashable, int] = {}
        self._before: dict[Hashable, int] = {}

    def take(self, block: int, key: Hashable, number: int) -> int | None:
        """Return the latest call of the same key, None if there is none, and add this one."""
        if self._near and block != self._block:
            self._block, self._before, self._here = block, self._here, {}
        found = self._here.get(key, self._before.get(key))
        self._here[key] = number
        return found


def _redundant(calls: StepSequence, keys: list[Hashable], *, consecutive: bool) -> list[int]:
    """Return the calls that are the same as an earlier one of the same agent, which did not fail.

    If `consecutive`, only the agent's call just before counts, or the calls side by side.
    """
    earlier: dict[str | None, _Earlier] = {}
    redundant: list[int] = []
    for number, step in enumerate(calls.steps):
        of_agent = earlier.setdefault(step.agent, _Earlier(near=consecutive))
        before = of_agent.take(calls.blocks[number], keys[number], number)
        if before is not None and calls.steps[before].success is not False:
            redundant.append(number)
    return redundant


def _keys(calls: StepSequence) -> tuple[list[Hashable], list[Hashable]]:
    """Return the keys of the calls, surely and perhaps equal; they differ without arguments."""
    surely = [_key(step, number, strict=True) for number, step in enumerate(calls.steps)]
    vague = {step.name for step in calls.steps if not has_arguments(step)}
    perhaps = [
        _key(step, 0, strict=False) if step.name in vague else key
        for step, key in zip(calls.steps, surely, strict=True)
    ]
    return surely, perhaps


def _key(step: Step, number: int, *, strict: bool) -> Hashable:
    """Return what is equal for equal calls.

    Without its arguments a call equals no other if `strict`, else every other of the same tool.
    """
    if not strict:
        return (step.agent, step.name)
    args: Hashable = canonical(step.args) if has_arguments(step) else (UNSET, number)
    return (step.agent, step.name, args)


def _entry(calls: StepSequence, number: int) -> dict[str, object]:
    return step_entry(calls.steps[number], calls.positions[number])


def _loop_entry(calls: StepSequence, loop: Loop | None) -> dict[str, object] | None:
    if loop is None:
        return None
    start = loop.end - loop.length * loop.repeats
    cycle = range(start, start + loop.length)
    return {"repeats": loop.repeats, "cycle": [_entry(calls, number) for number in cycle]}


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer from parameters that fit the schema."""
    return RedundantCalls(
        parameters.get("mode", "consecutive") == "consecutive",
        read_scope(parameters),
        cast("int", parameters.get("max_redundant", 0)),
        cast("int | None", parameters.get("max_cycle_repeats")),
    )


REDUNDANT_CALLS = BuiltInTrajectoryScorer(
    unit_interval(
        "redundant_calls",
        "No tool is called again with the same arguments by the same agent, unless the call before "
        "failed: 1 minus the share of such calls. The evidence has the longest loop.",
        {
            "mode": {
                "enum": ["consecutive", "any"],
                "default": "consecutive",
                "description": "Whether only the agent's call just before counts, or any earlier.",
            },
            "max_redundant": {
                "type": "integer",
                "minimum": 0,
                "default": 0,
                "description": "How many redundant calls still pass.",
            },
            "max_cycle_repeats": {
                "type": ["integer", "null"],
                "minimum": 1,
                "default": None,
                "description": "How often a cycle of calls may be run through and still pass; by "
                "default loops are reported only.",
            },
            "agent": AGENT,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
