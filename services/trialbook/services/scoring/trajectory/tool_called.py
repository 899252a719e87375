"""tool_called and tool_not_called: a tool was called, or was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import msgspec

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.arguments_reading import RULE_NAMES, read_rule
from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode
from trialbook.services.scoring.expectation.expectation import ExpectedStep
from trialbook.services.scoring.expectation.fields import Fields
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import Gap, field_gap, step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import AGENT, Scope, refused
from trialbook.services.scoring.trajectory.sequence import flatten
from trialbook.services.scoring.trajectory.step_match import match_step
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import TOOL_CALLS
from trialbook.services.trajectory.trajectory import Trajectory


class _Calls(NamedTuple):
    """How often it was called: surely, and at most as far as can be told; None has no limit."""

    least: int
    most: int | None
    entries: list[dict[str, object]]
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """Counts the calls of one tool, those that have the arguments that are asked for."""

    wanted: ExpectedStep
    least: int
    most: int | None
    scope: Scope
    threshold: float

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 if the tool was called as often as it should be, else 0."""
        found = sample.trajectory
        calls = _count(self.wanted, found, self.scope)
        finding = self._finding(calls)
        return finding.judgement(found)

    def _finding(self, calls: _Calls) -> Finding:
        enough = calls.least >= self.least
        can_be_enough = calls.most is None or calls.most >= self.least
        not_too_often = self.most is None or (calls.most is not None and calls.most <= self.most)
        surely_too_often = self.most is not None and calls.least > self.most
        details: dict[str, object] = {"count": calls.least, "calls": calls.entries}
        if enough and not_too_often:
            return self._verdict(True, calls, details)
        if surely_too_often or not can_be_enough:
            return self._verdict(False, calls, details)
        return Finding(details=details, gap=calls.gap)

    def _verdict(self, passed: bool, calls: _Calls, details: dict[str, object]) -> Finding:
        wanted = f"at least {self.least}"
        if self.most is not None:
            wanted = f"{self.least} to {self.most}" if self.most else "no call"
        value = float(passed)
        return Finding(
            value,
            value >= self.threshold,
            self._label(passed, calls.least),
            f"`{self.wanted.name}` was called {_times(calls.least)}; expected {wanted}.",
            details,
        )

    def _label(self, passed: bool, count: int) -> str:
        if not count:
            return "not_called"
        if passed or not self.most:
            return "called" if count >= self.least else "called_too_seldom"
        return "called_too_seldom" if count < self.least else "called_too_often"


def _count(wanted: ExpectedStep, trajectory: Trajectory, scope: Scope) -> _Calls:
    calls = flatten(trajectory, TOOL_CALLS, scope)
    least = most = 0
    unknown: set[str] = set()
    entries: list[dict[str, object]] = []
    for step, position in zip(calls.steps, calls.positions, strict=True):
        match = match_step(wanted, msgspec.structs.replace(step, name=step.name.strip()))
        if match.unknown:
            unknown.add(match.unknown)
        if match.most >= 1.0:
            most += 1
            certain = match.least >= 1.0
            least += certain
            entries.append({**step_entry(step, position), "certain": certain})
    hole = step_gap(trajectory, TOOL_CALLS)
    gap = hole or (field_gap(unknown) if unknown else None)
    return _Calls(least, most if hole is None else None, entries, gap)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _configure(parameters: Mapping[str, object], least: int, most: int | None) -> ToolCalled:
    threshold = parameters.get("score_threshold", parameters.get("threshold"))
    return ToolCalled(
        _wanted(parameters),
        least,
        most,
        Scope(agent=cast("str | None", parameters.get("agent"))),
        1.0 if threshold is None else cast("float", threshold),
    )


def _wanted(parameters: Mapping[str, object]) -> ExpectedStep:
    stated = {name: parameters[name] for name in RULE_NAMES if name in parameters}
    args = parameters.get("args", msgspec.UNSET)
    try:
        rule = read_rule(Fields(stated, "", RULE_NAMES), has_args=args is not msgspec.UNSET)
    except InvalidExpectation as error:
        raise refused(error) from error
    return ExpectedStep(cast("str", parameters["tool"]).strip(), args=args, rule=rule)


def configure_called(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make tool_called. Raise `InvalidParameters` if the limits or the arguments are of no use."""
    least = cast("int", parameters.get("min", 1))
    most = cast("int | None", parameters.get("max"))
    if most is not None and most < least:
        raise invalid("max", f"`max` must be at least `min`, which is {least}.")
    return _configure(parameters, least, most)


def configure_not_called(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make tool_not_called, which is to be called at most never. Raise likewise."""
    return _configure(parameters, 0, 0)


_TOOL: dict[str, object] = {
    "type": "string",
    "pattern": r"\S",
    "minLength": 1,
    "maxLength": 1000,
    "description": "The name of the tool.",
}
_PASSING: dict[str, object] = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "default": 1,
    "description": "The least value that passes; 0 passes always.",
}
_ARGUMENTS: dict[str, dict[str, object]] = {
    "args": {
        "type": "object",
        "description": "Count only calls with these arguments; see `args_mode`.",
    },
    "args_mode": {
        "enum": [str(each) for each in ArgumentsMode],
        "description": "How the arguments are compared; by default `superset`, or what the other "
        "parameters call for.",
    },
    "arg_paths": {
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": 1000,
        "description": "JSON Pointers to the arguments that must be those of `args`.",
    },
    "args_schema": {
        "type": ["object", "boolean"],
        "description": "A JSON Schema that the arguments must fit.",
    },
    "args_patterns": {
        "type": "object",
        "description": "Regular expressions (RE2) by JSON Pointer, which the arguments must match.",
    },
    "agent": AGENT,
    "score_threshold": _PASSING,
    "threshold": {**_PASSING, "description": "The same as `score_threshold`, which goes before."},
}

TOOL_CALLED = BuiltInTrajectoryScorer(
    unit_interval(
        "tool_called",
        "A tool was called, at any depth, at least so often and at most so often, counting calls "
        "with certain arguments if these are given.",
        {
            "tool": _TOOL,
            "min": {
                "type": "integer",
                "minimum": 0,
                "default": 1,
                "description": "The least number of calls.",
            },
            "max": {
                "type": ["integer", "null"],
                "minimum": 0,
                "default": None,
                "description": "The largest number of calls; by default there is none.",
            },
            **_ARGUMENTS,
        },
        required=("tool",),
        scope=ScorerScope.TRAJECTORY,
    ),
    configure_called,
)
TOOL_NOT_CALLED = BuiltInTrajectoryScorer(
    unit_interval(
        "tool_not_called",
        "A tool was not called, at any depth; or not with certain arguments, if these are given. "
        "It passes only where all tool calls can be seen.",
        {"tool": _TOOL, **_ARGUMENTS},
        required=("tool",),
        scope=ScorerScope.TRAJECTORY,
    ),
    configure_not_called,
)
