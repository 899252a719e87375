"""How a scorer's values of one run are distributed."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.estimate import Estimate
from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """How many values lie from `lower` up to `upper`, which only the last bin includes."""

    lower: float
    upper: float
    count: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How often a label was given."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ScoreDistribution:
    """How a scorer's values of one run are distributed.

    `bins` go from the smallest to the largest value, all of one width; `labels` begin with the most
    frequent, at most 50.
    """

    scorer: str
    bins: tuple[ScoreBin, ...]
    values: Estimate
    labels: tuple[LabelCount, ...]

    @classmethod
    def from_message(cls, message: comparison_pb2.ScoreDistribution) -> ScoreDistribution:
        """Read it from the contract's message."""
        return cls(
            scorer=message.scorer,
            bins=tuple(ScoreBin(part.lower, part.upper, part.count) for part in message.bins),
            values=Estimate.from_message(message.values),
            labels=tuple(LabelCount(label.label, label.count) for label in message.labels),
        )
