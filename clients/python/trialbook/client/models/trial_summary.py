"""What several trials of the items of a run say."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class TrialRate:
    """What k trials come to, on average over the `count` items that have at least k verdicts.

    `pass_at_k`: at least one of them passes (Chen et al., 2021); `pass_hat_k`: all of them pass
    (Yao et al., 2024).
    """

    k: int
    pass_at_k: float
    pass_hat_k: float
    count: int


@dataclass(frozen=True, slots=True)
class FlakyItem:
    """An item whose trials disagree: so many passed of those that have a verdict."""

    item_id: str
    passed: int
    trials: int


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """What several trials say of one scorer's verdicts.

    `flaky_items` names some of the items that passed in some trials and not in others;
    `flaky_count` is how many there are.
    """

    scorer: str
    rates: tuple[TrialRate, ...]
    flaky_items: tuple[FlakyItem, ...]
    flaky_count: int

    @classmethod
    def from_message(cls, message: comparison_pb2.TrialSummary) -> TrialSummary:
        """Read it from the contract's message."""
        return cls(
            scorer=message.scorer,
            rates=tuple(
                TrialRate(rate.k, rate.pass_at_k, rate.pass_hat_k, rate.count)
                for rate in message.rates
            ),
            flaky_items=tuple(
                FlakyItem(item.item_id, item.passed, item.trials) for item in message.flaky_items
            ),
            flaky_count=message.flaky_count,
        )
