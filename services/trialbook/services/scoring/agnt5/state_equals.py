"""state_equals: a snapshot of the target's state is as expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trialbook.services.scoring.agnt5.context import artifact_error
from trialbook.services.scoring.agnt5.json_equality import same_json
from trialbook.services.scoring.agnt5.reported import reported_states
from trialbook.services.scoring.agnt5.trace_metric import (
    BINARY_THRESHOLD,
    binary,
    described,
    judged,
    text_of,
    threshold_of,
)
from trialbook.services.scoring.description import BuiltInTrajectoryScorer, TrajectoryScorer
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.trajectory_sample import TrajectorySample


@dataclass(frozen=True, slots=True)
class StateEquals:
    """Compares a reported snapshot with a value, by structure and type."""

    name: str
    expected: object
    threshold: float

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 if the snapshot equals the expected value, else 0."""
        for states in reported_states(sample):
            if self.name in states:
                return self._compared(states[self.name])
        raise artifact_error(f"No snapshot of the state `{self.name}` was reported.")

    def _compared(self, actual: object) -> Judgement:
        matched = same_json(actual, self.expected)
        verb = "equals" if matched else "differs from"
        reason = f"The state `{self.name}` {verb} the expected value."
        finding = binary(matched, ("matched", "not_matched"), reason)
        evidence = {
            "builtin": "state_equals",
            "state_name": self.name,
            "threshold": self.threshold,
            "actual": actual,
            "expected": self.expected,
        }
        return judged(finding, self.threshold, evidence)


def _configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    name = text_of(parameters, "name")
    assert name is not None, "it is required"
    return StateEquals(name, parameters["expected"], threshold_of(parameters, BINARY_THRESHOLD))


STATE_EQUALS = BuiltInTrajectoryScorer(
    described(
        "state_equals",
        "A snapshot of the state that was reported under `state`, `states` or `state_snapshots` "
        "equals the expected value.",
        {
            "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1000,
                "description": "The snapshot's name.",
            },
            "expected": {
                "type": ["object", "array", "string", "number", "boolean", "null"],
                "description": "The value that it must equal.",
            },
        },
        required=("name", "expected"),
    ),
    _configure,
)
