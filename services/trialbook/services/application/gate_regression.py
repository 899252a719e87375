"""What a gate says of a run beside its baseline, paired by item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialbook.services.application.comparability import scorer_differences
from trialbook.services.application.gate_metric import (
    Evidence,
    Unanswerable,
    Values,
    observations,
    observed,
    quantile_of,
    reduced,
)
from trialbook.services.application.gate_tolerance import is_beyond
from trialbook.services.application.pairing import ItemPairs
from trialbook.services.application.run_columns import result_scorers
from trialbook.services.application.views import RunView
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.gate import Condition, Metric, RegressionRule, Verdict
from trialbook.services.statistics.interval import mean_interval
from trialbook.services.statistics.paired import differences
from trialbook.services.statistics.paired_quantile import paired_quantile_difference

_LESS_IS_BETTER = frozenset({Metric.LATENCY, Metric.TOKENS, Metric.COST})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The run that conditions compare with, and which of the items are the same in both."""

    evidence: Evidence
    pairs: ItemPairs


@dataclass(frozen=True, slots=True)
class Regression:
    """A run beside its baseline, over the same items: the run's value less the baseline's.

    The bounds are None where there is no interval, that is, below two items.
    """

    count: int
    baseline_value: float
    difference: float
    lower: float | None
    upper: float | None
    less_is_better: bool

    def verdict(self, allowed: float, rule: RegressionRule) -> Verdict:
        """Judge it by how much worse it may be."""
        loss, least, most = self._losses()
        match rule:
            case RegressionRule.POINT:
                return Verdict.FAILED if is_beyond(loss, allowed) else Verdict.PASSED
            case RegressionRule.UNLESS_SHOWN:
                shown = least is not None and is_beyond(least, allowed)
                return Verdict.FAILED if shown else Verdict.PASSED
            case RegressionRule.INTERVAL:
                if least is None or most is None:
                    return Verdict.INCONCLUSIVE
                if not is_beyond(most, allowed):
                    return Verdict.PASSED
                return Verdict.FAILED if is_beyond(least, allowed) else Verdict.INCONCLUSIVE

    def _losses(self) -> tuple[float, float | None, float | None]:
        """Return by how much it is worse: as observed, and the least and most of the interval."""
        if self.less_is_better:
            return self.difference, self.lower, self.upper
        least = None if self.upper is None else -self.upper
        most = None if self.lower is None else -self.lower
        return -self.difference, least, most


def regress(
    condition: Condition, confidence: float, evidence: Evidence, baseline: Baseline
) -> Regression:
    """Compare a run with its baseline. Raises Unanswerable."""
    _require_same_scorers(condition, evidence.run, baseline.evidence.run)
    before, after = baseline.pairs.means(
        observed(baseline.evidence, condition), observations(evidence, condition)
    )
    known = ~(np.isnan(before) | np.isnan(after))
    before, after = before[known], after[known]
    if not len(before):
        raise Unanswerable("the baseline has no value for any of these items with the same content")
    difference, lower, upper = _difference(
        condition, before, after, confidence, evidence.run.settings.seed
    )
    # A scorer's direction is that of its values: more passes are better whatever these mean.
    less_is_better = condition.metric in _LESS_IS_BETTER or (
        condition.metric is Metric.MEAN and condition.scorer in evidence.less_is_better
    )
    value = reduced(condition, before)
    return Regression(len(before), value, difference, lower, upper, less_is_better)


def _difference(
    condition: Condition, before: Values, after: Values, confidence: float, seed: int
) -> tuple[float, float | None, float | None]:
    """Return by how much the run's value is above the baseline's, with the interval's bounds."""
    if condition.metric is Metric.LATENCY:
        told = paired_quantile_difference(
            before, after, quantile_of(condition), confidence=confidence, seed=seed
        )
        return told.difference, told.lower, told.upper
    moved = differences(before, after)
    found = mean_interval(moved, confidence=confidence)
    return float(moved.mean()), found.lower, found.upper


def _require_same_scorers(condition: Condition, run: RunView, baseline: RunView) -> None:
    """Refuse to compare what other scorers said. Raises Unanswerable."""
    if condition.metric not in (Metric.PASS_RATE, Metric.MEAN):
        return
    here, there = _judging(run, condition.scorer), _judging(baseline, condition.scorer)
    for alias in {**there, **here}:
        if alias not in here or alias not in there:
            where = "run" if alias not in here else "baseline"
            raise Unanswerable(f"{alias} does not judge the {where}, so they cannot be compared")
        if differs := scorer_differences(there[alias], here[alias]):
            raise Unanswerable(
                f"{alias} is not the same scorer in the baseline ({'; '.join(differs)}), so they "
                "cannot be compared; rescore one of the runs"
            )


def _judging(run: RunView, alias: str) -> dict[str, ScorerSpec]:
    places = result_scorers(run)
    return {
        name: run.scorers[place] for name, place in places.items() if not alias or name == alias
    }
