"""subtree: what one agent or workflow did below is what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import msgspec

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.expectation import Expectation
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import NO_EXPECTATION, step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import (
    ARGS_MODE,
    EXPECTED,
    STEPS,
    Expected,
    Scope,
    read_expected,
    read_scope,
)
from trialbook.services.scoring.trajectory.trajectory_match import MatchMode, match_finding
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subtree:
    """Matches what is below the steps at a path, all of them or any."""

    path: Path
    expected: Expected
    scope: Scope
    mode: MatchMode | None
    every: bool

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the share of the subtrees that match, or 1 if any is enough and one does."""
        expectation = self._expectation(sample)
        found = sample.trajectory
        return self._finding(expectation, found).judgement(found)

    def _expectation(self, sample: TrajectorySample) -> Expectation:
        expectation = self.expected.of(sample)
        if self.expected.given is None:
            below = _below(expectation, self.path)
            if below is None:
                raise NotEvaluable(NO_EXPECTATION.label, NO_EXPECTATION.reason)
            expectation = below
        return expectation

    def _finding(self, expectation: Expectation, trajectory: Trajectory) -> Finding:
        findings = [
            (position, step, self._match(expectation, trajectory, position, step))
            for position, step in steps_at(trajectory, self.path)
        ]
        details: dict[str, object] = {
            "path": list(self.path),
            "subtrees": [
                {**step_entry(step, position), "passed": each.passed, **each.details}
                for position, step, each in findings
            ],
        }
        if not findings:
            return self._missing(details, trajectory)
        judged = [each for _, _, each in findings if each.gap is None]
        gaps = [each.gap for _, _, each in findings if each.gap is not None]
        passed = [bool(each.passed) for each in judged]
        settled = not all(passed) if self.every else any(passed)
        # A subtree of which too little is known may still turn what the others leave open.
        if gaps and not settled:
            return Finding(details=details, gap=gaps[0])
        verdict = all(passed) if self.every else any(passed)
        return Finding(
            sum(passed) / len(passed) if self.every else float(verdict),
            verdict,
            "match" if verdict else "mismatch",
            f"{sum(passed)} of {len(findings)} subtrees at {' / '.join(self.path)} match.",
            details,
        )

    def _match(
        self, expectation: Expectation, trajectory: Trajectory, position: int, step: Step
    ) -> Finding:
        below = subtree_of(trajectory, step)
        scope = replace(self.scope, first=position + 1)
        return match_finding(expectation, below, scope, self.mode)

    def _missing(self, details: dict[str, object], trajectory: Trajectory) -> Finding:
        gap = step_gap(trajectory, None)
        if gap is not None:
            return Finding(details=details, gap=gap)
        reason = f"There is no step at the path {' / '.join(self.path)}."
        return Finding(0.0, False, "path_missing", reason, details)


def subtree_of(trajectory: Trajectory, step: Step) -> Trajectory:
    """Return what is below a step as a trajectory with the same evidence."""
    return msgspec.structs.replace(trajectory, steps=step.children, duration=step.duration)


def steps_at(trajectory: Trajectory, path: Path) -> list[tuple[int, Step]]:
    """Return the steps at a path, and where they stand among all.

    They have the last of its names, and above them stand steps with the others in turn, perhaps
    with more between. Below a step that is found nothing is looked for.
    """
    found: list[tuple[int, Step]] = []
    pending = [(step, 0) for step in reversed(trajectory.steps)]
    position = -1
    while pending:
        step, matched = pending.pop()
        position += 1
        if matched < len(path) and step.name == path[matched]:
            matched += 1
            if matched == len(path):
                found.append((position, step))
        pending += [(child, matched) for child in reversed(step.children)]
    return found


def _below(expectation: Expectation, path: Path) -> Expectation | None:
    """Return the expectation of the children of the expected step at a path, None if none."""
    for step in expectation.steps or ():
        if step.children is None:
            continue
        rest = path[1:] if step.name == path[0] else path
        found = _below(step.children, rest) if rest else step.children
        if found is not None:
            return found
    return None


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the expectation cannot be used."""
    mode = cast("str | None", parameters.get("mode"))
    return Subtree(
        tuple(cast("list[str]", parameters["path"])),
        read_expected(parameters),
        read_scope(parameters),
        MatchMode(mode) if mode else None,
        parameters.get("which", "every") == "every",
    )


SUBTREE = BuiltInTrajectoryScorer(
    unit_interval(
        "subtree",
        "What an agent or a workflow did, below the step at a path of names, matches an "
        "expectation of its own.",
        {
            "path": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 1000},
                "minItems": 1,
                "maxItems": 32,
                "description": "Names of agents and workflows, outermost first; others may stand "
                "between.",
            },
            "expected": {
                **EXPECTED,
                "description": "What is expected below; by default the `children` of the step at "
                "the path in the item's expectation.",
            },
            "mode": {
                "enum": [str(each) for each in MatchMode],
                "description": "As in trajectory_match.",
            },
            "which": {
                "enum": ["every", "any"],
                "default": "every",
                "description": "Whether every subtree at the path must match, or any.",
            },
            "steps": STEPS,
            "args_mode": ARGS_MODE,
        },
        required=("path",),
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
