"""What scorers said of the runs of an experiment over time."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.codec import optional_number
from trialbook.client.models.estimate import Estimate
from trialbook.client.models.run import Run
from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class TrendValue:
    """What a scorer said of one run: the mean, and the share of verdicts that pass, if any.

    Of `value`, median and p95 are None.
    """

    scorer: str
    scorer_version: int
    value: Estimate
    pass_rate: float | None

    @classmethod
    def from_message(cls, message: comparison_pb2.TrendValue) -> TrendValue:
        """Read it from the contract's message."""
        return cls(
            scorer=message.scorer,
            scorer_version=message.scorer_version,
            value=Estimate.from_message(message.value),
            pass_rate=optional_number(message, "pass_rate"),
        )


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run in a trend, without latencies; `values` are in the order of the run's scorers."""

    run: Run
    values: tuple[TrendValue, ...]

    @classmethod
    def from_message(cls, message: comparison_pb2.TrendPoint) -> TrendPoint:
        """Read it from the contract's message."""
        return cls(
            Run.from_message(message.run), tuple(map(TrendValue.from_message, message.values))
        )
