"""What a look at a trajectory came to, and the judgement that records it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.trajectory.gap import Gap
from trialbook.services.scoring.trajectory.report import evidence_json
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Finding:
    """A value from 0 to 1 with a verdict, or the evidence that is missing for them.

    `passed` is None where there is no verdict. Where `gap` is not None, nothing else but `details`
    means anything. `details` is what JSON can say. `vetoed` says that the value is 0 whatever
    else it would be, and so is that of anything this is a part of.
    """

    value: float = 0.0
    passed: bool | None = None
    label: str = ""
    reason: str = ""
    details: Mapping[str, object] = field(default_factory=dict[str, object])
    gap: Gap | None = None
    vetoed: bool = False

    def judgement(self, trajectory: Trajectory) -> Judgement:
        """Return the judgement, with the details and the state of the evidence."""
        evidence = evidence_json(self.details, trajectory)
        if self.gap is not None:
            label, reason = self.gap.label, self.gap.reason
            return Judgement(ScoreStatus.NOT_EVALUABLE, None, None, label, reason, evidence)
        # Twelve digits: sums of the same numbers in another order are the same.
        value = min(1.0, max(0.0, round(self.value, 12)))
        return Judgement(ScoreStatus.SCORED, value, self.passed, self.label, self.reason, evidence)


def gate(
    passed: bool | None,
    labels: tuple[str, str],
    reason: str,
    details: Mapping[str, object],
    gap: Gap | None,
) -> Finding:
    """Return the finding of a scorer that only passes (1) or fails (0).

    `labels` are those of a pass and of a failure. `passed` is None where the evidence that is
    missing, `gap`, could turn the verdict.
    """
    if passed is None:
        assert gap is not None
        return Finding(details=details, gap=gap)
    return Finding(float(passed), passed, labels[0] if passed else labels[1], reason, details)


def agreed(least: bool, most: bool) -> bool | None:
    """Return a verdict that holds whatever the missing evidence says, None if there is none."""
    return least if least is most else None
