"""A run's figures as columns of numbers, for statistics over all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialbook.services.application.views import RunView
from trialbook.services.domain.experiment import ScorerScope

SUCCEEDED, FAILED, SKIPPED = 0, 1, 2
"""What `RunColumns.status` holds."""

SCORED, BROKEN, NOT_EVALUABLE, NOT_SCORED = 0, 1, 2, 3
"""What `ScoreColumns.status` holds, beside `NONE`: scored, failed, not evaluable, skipped."""

NONE = -1
"""Where there is no score, or no verdict."""


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """One scorer's scores, one for each result of a run, in their order.

    `value` is NaN where nothing is scored; `passed` is 1, 0, or `NONE` without a verdict.
    """

    status: NDArray[np.int8]
    value: NDArray[np.float64]
    passed: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The results of a run that are there, in the order of their numbers.

    `latency` is in seconds, `tokens` are those read and written, `cost` is in US dollars; each is
    NaN where nobody tells. `scores` goes by the scorers' places among all scorers of the run;
    scores of the run as a whole are not among them.
    """

    number: NDArray[np.int64]
    ordinal: NDArray[np.int64]
    trial: NDArray[np.int32]
    status: NDArray[np.int8]
    latency: NDArray[np.float64]
    tokens: NDArray[np.float64]
    cost: NDArray[np.float64]
    scores: dict[int, ScoreColumns]

    def where(self, chosen: NDArray[np.bool_]) -> RunColumns:
        """Return some of the results."""
        return RunColumns(
            self.number[chosen],
            self.ordinal[chosen],
            self.trial[chosen],
            self.status[chosen],
            self.latency[chosen],
            self.tokens[chosen],
            self.cost[chosen],
            {
                place: ScoreColumns(some.status[chosen], some.value[chosen], some.passed[chosen])
                for place, some in self.scores.items()
            },
        )


def result_scorers(run: RunView) -> dict[str, int]:
    """Return the places of the scorers that judge results now, by alias, in their order.

    Superseded scorers, and those that judge the run as a whole, are left out.
    """
    return {
        spec.alias: place
        for place, spec in enumerate(run.scorers)
        if not spec.superseded and spec.scope is not ScorerScope.RUN
    }
