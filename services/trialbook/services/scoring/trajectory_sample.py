"""What a scorer of trajectories is given."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class TrajectorySample:
    """One result as a scorer of trajectories sees it.

    `found` is what the target did, None where nothing tells; `why_missing` is then a sentence that
    says why. `expected_trajectory` is the item's, as JSON text, None if it has none. `reported` is
    the JSON text of what the worker or the caller reported as the trajectory, None if nothing.
    """

    sample: Sample
    found: Trajectory | None
    expected_trajectory: str | None = None
    reported: str | None = None
    why_missing: str = ""

    @property
    def trajectory(self) -> Trajectory:
        """What the target did. Raise `NotEvaluable` where nothing tells."""
        if self.found is None:
            raise NotEvaluable(
                "no_trajectory", self.why_missing or "Nothing tells what the target did."
            )
        return self.found
