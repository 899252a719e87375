"""expected_trajectory: everything at once that an expectation states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.expectation import (
    Expectation,
    ExpectedStep,
    Ordering,
)
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.trajectory.alignment import align
from trialbook.services.scoring.trajectory.budgets import Budgets, budget_finding
from trialbook.services.scoring.trajectory.composition import Part, compose
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import NO_EXPECTATION, step_gap
from trialbook.services.scoring.trajectory.order_constraints import order_finding
from trialbook.services.scoring.trajectory.redundant_calls import RedundantCalls
from trialbook.services.scoring.trajectory.scope import (
    AGENT,
    ARGS_MODE,
    EXPECTED,
    STEPS,
    Expected,
    Scope,
    read_expected,
    read_scope,
)
from trialbook.services.scoring.trajectory.sequence import mentioned_types, step_types
from trialbook.services.scoring.trajectory.stated_rules import (
    blacklist_finding,
    repeats_finding,
    retries_finding,
)
from trialbook.services.scoring.trajectory.subtree import subtree_of
from trialbook.services.scoring.trajectory.trajectory_alignment import alignment_finding
from trialbook.services.scoring.trajectory.trajectory_budget import expected_limits
from trialbook.services.scoring.trajectory.trajectory_match import match_finding
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.trajectory import Trajectory

WEIGHTS: dict[str, float] = {
    "steps": 0.4,
    "subtrees": 0.2,
    "order": 0.1,
    "budgets": 0.1,
    "redundancy": 0.1,
    "retries": 0.05,
    "repeats": 0.05,
    "blacklist": 0.1,
}
"""What each part counts for by default, before the weights are divided by the sum of those that
the expectation states."""


@dataclass(frozen=True, slots=True)
class ExpectedTrajectory:
    """Judges every part that the expectation states."""

    expected: Expected
    scope: Scope
    weights: Mapping[str, float]

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the weighted mean of the parts; 0 if anything blacklisted was done."""
        expectation = self.expected.of(sample)
        found = sample.trajectory
        return self.finding(expectation, found, self.scope).judgement(found)

    def finding(self, expectation: Expectation, trajectory: Trajectory, scope: Scope) -> Finding:
        """Judge a trajectory, or the part of one. Raise `NotEvaluable` if nothing is stated."""
        parts = list(self._parts(expectation, trajectory, scope))
        if not parts:
            raise NotEvaluable(NO_EXPECTATION.label, "The expectation states nothing to judge by.")
        return compose(parts, self.weights)

    def _parts(
        self, expectation: Expectation, trajectory: Trajectory, scope: Scope
    ) -> Iterator[Part]:
        if expectation.steps is not None:
            yield from self._step_parts(expectation, trajectory, scope)
        types = step_types(_own_level(expectation), scope.steps)
        if expectation.order:
            yield Part("order", order_finding(expectation.order, trajectory, types, scope))
        limits = expected_limits(expectation)
        if limits:
            yield Part("budgets", budget_finding(Budgets(limits, scope.steps), trajectory))
        if expectation.no_redundant_calls:
            yield Part("redundancy", RedundantCalls(scope=scope).finding(trajectory))
        if expectation.max_retries_per_tool is not None:
            limit = expectation.max_retries_per_tool
            yield Part("retries", retries_finding(limit, trajectory, scope))
        if not expectation.allow_repeated_steps:
            yield Part("repeats", repeats_finding(trajectory, types, scope))
        if expectation.blacklisted_tools or expectation.blacklisted_sequences:
            finding = blacklist_finding(expectation, trajectory, types, scope)
            yield Part("blacklist", finding, veto=True)

    def _step_parts(
        self, expectation: Expectation, trajectory: Trajectory, scope: Scope
    ) -> Iterator[Part]:
        level = _own_level(expectation)
        parents = [
            (number, step)
            for number, step in enumerate(expectation.steps or ())
            if step.children is not None
        ]
        scope = replace(scope, closed=frozenset(step.name for _, step in parents))
        yield Part("steps", _steps_finding(level, trajectory, scope))
        if parents:
            findings = self._below(parents, level, trajectory, scope)
            yield _subtrees_part(findings)

    def _below(
        self,
        parents: list[tuple[int, ExpectedStep]],
        level: Expectation,
        trajectory: Trajectory,
        scope: Scope,
    ) -> list[tuple[str, Finding]]:
        """Judge what is below each expected step that has an expectation of its children."""
        alignment = align(level, trajectory, scope=scope)
        partner = {
            pair.expected: pair.step for pair in (*alignment.matched, *alignment.out_of_order)
        }
        gap = step_gap(trajectory, None)
        findings: list[tuple[str, Finding]] = []
        for number, step in parents:
            assert step.children is not None
            if number in partner:
                found = alignment.steps[partner[number]]
                first = alignment.positions[partner[number]] + 1
                # The children's own steps decide what to look at, and an agent's name only above.
                inner = Scope(steps=scope.steps, rule=scope.rule, first=first)
                below = subtree_of(trajectory, found)
                findings.append((step.name, self.finding(step.children, below, inner)))
            elif gap is not None:
                findings.append((step.name, Finding(gap=gap)))
            else:
                reason = f"The step `{step.name}` is missing."
                findings.append((step.name, Finding(0.0, False, "missing", reason)))
        return findings


def _steps_finding(expectation: Expectation, trajectory: Trajectory, scope: Scope) -> Finding:
    """Match the steps in the mode of the ordering; the value is the recall, or F1 if strict."""
    verdict = match_finding(expectation, trajectory, scope)
    strict = expectation.ordering is Ordering.STRICT or not expectation.steps
    figure = "f1" if strict else "recall"
    value = alignment_finding(expectation, trajectory, scope, figure=figure)
    if verdict.gap is not None or verdict.passed:
        return verdict
    if value.gap is not None:
        # It has failed whatever is missing; how far is counted by what was seen.
        seen = align(expectation, trajectory, scope=scope)
        return replace(verdict, value=seen.f1 if strict else seen.recall)
    return replace(verdict, value=value.value)


def _subtrees_part(findings: list[tuple[str, Finding]]) -> Part:
    """Return the mean of what is below several steps; a veto below is one above as well."""
    known = [each for _, each in findings if each.gap is None]
    gaps = [each.gap for _, each in findings if each.gap is not None]
    failed = [each for each in known if not each.passed]
    details: dict[str, object] = {
        "subtrees": [
            {"name": name, "passed": each.passed if each.gap is None else None, **each.details}
            for name, each in findings
        ]
    }
    if gaps and not failed:
        return Part("subtrees", Finding(details=details, gap=gaps[0]))
    vetoed = any(each.vetoed for each in known)
    return Part(
        "subtrees",
        Finding(
            sum(each.value for each in known) / len(known),
            not failed,
            "mismatch" if failed else "match",
            f"{len(failed)} of {len(findings)} subtrees are not as expected.",
            details,
        ),
        veto=vetoed,
    )


def _own_level(expectation: Expectation) -> Expectation:
    """Return an expectation without those of the children; it still looks for the parents."""
    steps = expectation.steps or ()
    return replace(
        expectation,
        steps=tuple(replace(step, children=None) for step in steps),
        step_types=expectation.step_types or mentioned_types(steps),
    )


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if expectation or weights are of no use."""
    given = cast("Mapping[str, float]", parameters.get("weights", {}))
    weights = {**WEIGHTS, **given}
    if not any(weights.values()):
        raise invalid("weights", "`weights` must leave at least one part a weight above 0.")
    return ExpectedTrajectory(read_expected(parameters), read_scope(parameters), weights)


EXPECTED_TRAJECTORY = BuiltInTrajectoryScorer(
    unit_interval(
        "expected_trajectory",
        "Everything that the expectation states: its steps and those of their children, order, "
        "budgets, redundancy, retries, repetition and blacklists, as a weighted mean of the parts "
        "that are stated. It passes if all of them do, and is 0 if anything blacklisted was done.",
        {
            "weights": {
                "type": "object",
                "properties": {
                    name: {"type": "number", "minimum": 0, "maximum": 1_000_000, "default": weight}
                    for name, weight in WEIGHTS.items()
                },
                "additionalProperties": False,
                "default": {},
                "description": "What each part counts for; they are divided by the sum of those "
                "that are stated.",
            },
            "expected": EXPECTED,
            "steps": STEPS,
            "agent": AGENT,
            "args_mode": ARGS_MODE,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
