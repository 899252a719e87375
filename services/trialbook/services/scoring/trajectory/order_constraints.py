"""order_constraints: some steps come before others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.expectation.reading import read_order
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import (
    AGENT,
    STEPS,
    Expected,
    Scope,
    read_scope,
    refused,
)
from trialbook.services.scoring.trajectory.sequence import StepSequence, flatten, step_types
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import StepType
from trialbook.services.trajectory.trajectory import Trajectory

Order = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OrderConstraints:
    """Holds steps to an order, that of the item's expectation where none is given."""

    order: Order
    scope: Scope

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the share of the constraints that are kept."""
        expectation = Expected().find(sample) if not self.order else None
        order = self.order or (expectation.order if expectation else ())
        if not order:
            raise NotEvaluable(
                "no_expectation", "Neither the parameters nor the item's expectation have `order`."
            )
        found = sample.trajectory
        types = step_types(expectation, self.scope.steps)
        return order_finding(order, found, types, self.scope).judgement(found)


def order_finding(
    order: Order, trajectory: Trajectory, types: frozenset[StepType], scope: Scope
) -> Finding:
    """Hold a trajectory's steps to pairs of names.

    A pair is kept if both steps are there and the first of the one comes before the first of the
    other; steps that ran side by side do not come before each other.
    """
    sequence = flatten(trajectory, types, scope)
    first: dict[str, int] = {}
    for number, step in enumerate(sequence.steps):
        first.setdefault(step.name, number)
    details = {"order": [_entry(pair, first, sequence) for pair in order]}
    gap = step_gap(trajectory, types)
    if gap is not None:
        return Finding(details=details, gap=gap)
    kept = sum(_kept(pair, first, sequence) for pair in order)
    passed = kept == len(order)
    return Finding(
        kept / len(order),
        passed,
        "in_order" if passed else "out_of_order",
        f"{kept} of {len(order)} constraints of order are kept.",
        details,
    )


def _kept(pair: tuple[str, str], first: Mapping[str, int], sequence: StepSequence) -> bool:
    before, after = (first.get(name) for name in pair)
    if before is None or after is None:
        return False
    return sequence.blocks[before] < sequence.blocks[after]


def _entry(
    pair: tuple[str, str], first: Mapping[str, int], sequence: StepSequence
) -> dict[str, object]:
    sides = {
        side: step_entry(sequence.steps[first[name]], sequence.positions[first[name]])
        if name in first
        else {"name": name, "missing": True}
        for side, name in zip(("before", "after"), pair, strict=True)
    }
    return {**sides, "kept": _kept(pair, first, sequence)}


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the order leads in a circle."""
    try:
        order = read_order(parameters.get("order", []), "order")
    except InvalidExpectation as error:
        raise refused(error) from error
    return OrderConstraints(order, read_scope(parameters))


ORDER_CONSTRAINTS = BuiltInTrajectoryScorer(
    unit_interval(
        "order_constraints",
        "Some steps come before others: the share of the pairs of which both are there, the first "
        "of the one before the first of the other. It passes if all are kept.",
        {
            "order": {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "minItems": 2,
                    "maxItems": 2,
                },
                "minItems": 1,
                "maxItems": 1000,
                "description": "Pairs of names, `[before, after]`; by default the `order` of the "
                "item's expectation.",
            },
            "steps": STEPS,
            "agent": AGENT,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
