"""forbidden_sequences: certain steps did not follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.finding import Finding, gate
from trialbook.services.scoring.trajectory.gap import step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import (
    AGENT,
    EVERYTHING,
    STEPS,
    Expected,
    Scope,
    read_scope,
)
from trialbook.services.scoring.trajectory.sequence import StepSequence, flatten, step_types
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import StepType
from trialbook.services.trajectory.trajectory import Trajectory

Sequences = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ForbiddenSequences:
    """Looks for sequences, those of the item's expectation where none are given."""

    sequences: Sequences
    contiguous: bool
    scope: Scope

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 if no sequence occurs, else 0."""
        expectation = Expected().find(sample) if not self.sequences else None
        sequences = self.sequences or (expectation.blacklisted_sequences if expectation else ())
        if not sequences:
            raise NotEvaluable(
                "no_expectation",
                "Neither the parameters have `sequences` nor the item's expectation "
                "`blacklistedSequences`.",
            )
        found = sample.trajectory
        types = step_types(expectation, self.scope.steps)
        return sequences_finding(
            sequences, found, types, contiguous=self.contiguous, scope=self.scope
        ).judgement(found)


def sequences_finding(
    sequences: Sequences,
    trajectory: Trajectory,
    types: frozenset[StepType],
    *,
    contiguous: bool = True,
    scope: Scope = EVERYTHING,
) -> Finding:
    """Look for sequences of names among the steps of some types, at every depth.

    A step follows another if it stands in a later block: steps that ran side by side do not follow
    each other. In a contiguous sequence it stands in the next. Empty sequences are passed over.
    """
    steps = flatten(trajectory, types, scope)
    occurring = {
        names: numbers
        for names in sequences
        if names and (numbers := _occurrence(names, steps, contiguous=contiguous)) is not None
    }
    found = [_found(names, numbers, steps) for names, numbers in occurring.items()]
    gap = step_gap(trajectory, types)
    # Between neighbours there may be steps that were not seen.
    certain = any(not contiguous or len(names) == 1 for names in occurring)
    return gate(
        not found if gap is None else False if certain else None,
        ("absent", "forbidden_sequence"),
        f"{len(found)} of {len(sequences)} forbidden sequences occur.",
        {"forbidden": found},
        gap,
    )


def _occurrence(
    names: tuple[str, ...], steps: StepSequence, *, contiguous: bool
) -> list[int] | None:
    """Return the steps of the first occurrence, None if there is none."""
    blocks: dict[int, dict[str, int]] = {}
    for number, step in enumerate(steps.steps):
        blocks.setdefault(steps.blocks[number], {}).setdefault(step.name, number)
    listed = [blocks[block] for block in sorted(blocks)]
    if not contiguous:
        return _in_turn(names, listed)
    for start in range(len(listed) - len(names) + 1):
        if names[0] not in listed[start]:
            continue
        stretch = listed[start : start + len(names)]
        if all(name in block for name, block in zip(names, stretch, strict=True)):
            return [block[name] for name, block in zip(names, stretch, strict=True)]
    return None


def _in_turn(names: tuple[str, ...], blocks: Iterable[Mapping[str, int]]) -> list[int] | None:
    numbers: list[int] = []
    for block in blocks:
        if len(numbers) < len(names) and names[len(numbers)] in block:
            numbers.append(block[names[len(numbers)]])
    return numbers if len(numbers) == len(names) else None


def _found(names: tuple[str, ...], numbers: list[int], steps: StepSequence) -> dict[str, object]:
    return {"sequence": list(names), "steps": [_entry(steps, number) for number in numbers]}


def _entry(steps: StepSequence, number: int) -> dict[str, object]:
    return step_entry(steps.steps[number], steps.positions[number])


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer from parameters that fit the schema."""
    sequences = cast("list[list[str]]", parameters.get("sequences", []))
    return ForbiddenSequences(
        tuple(tuple(names) for names in sequences),
        parameters.get("mode", "contiguous") == "contiguous",
        read_scope(parameters),
    )


FORBIDDEN_SEQUENCES = BuiltInTrajectoryScorer(
    unit_interval(
        "forbidden_sequences",
        "Certain sequences of steps do not occur, at any depth. It passes only where all steps can "
        "be seen.",
        {
            "sequences": {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "minItems": 1,
                    "maxItems": 100,
                },
                "minItems": 1,
                "maxItems": 100,
                "description": "Sequences of names; by default the `blacklistedSequences` of the "
                "item's expectation.",
            },
            "mode": {
                "enum": ["contiguous", "subsequence"],
                "default": "contiguous",
                "description": "Whether other steps may stand between; steps of types that are not "
                "looked at always may.",
            },
            "steps": STEPS,
            "agent": AGENT,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
