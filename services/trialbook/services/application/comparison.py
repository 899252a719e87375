"""Runs beside a baseline: item by item, with intervals and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trialbook.services.application.comparability import Comparability, comparability
from trialbook.services.application.compared_run import (
    ComparedRun,
    LoadedRun,
    by_itself,
    load_run,
    wanted_columns,
)
from trialbook.services.application.comparison_terms import ComparisonTerms
from trialbook.services.application.item_match import ItemMatches, match_items
from trialbook.services.application.pairing import ItemPairs, paired_items
from trialbook.services.application.ports import Queries
from trialbook.services.application.run_columns import NONE, ScoreColumns, result_scorers
from trialbook.services.application.views import RunView
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.statistics.adjustment import adjusted
from trialbook.services.statistics.cluster import Labels, Vector
from trialbook.services.statistics.estimate import Estimate, estimate
from trialbook.services.statistics.mcnemar import mcnemar
from trialbook.services.statistics.paired import PairedDifference, differences, paired_difference


@dataclass(frozen=True, slots=True)
class ValueChange:
    """An item whose value has changed."""

    ordinal: int
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class VerdictComparison:
    """How verdicts moved. Fixed and broken items are ordinals in the baseline's dataset."""

    both_passed: int
    both_failed: int
    fixed: int
    broken: int
    fixed_items: tuple[int, ...]
    broken_items: tuple[int, ...]
    p_value: float | None
    adjusted_p_value: float | None = None


@dataclass(frozen=True, slots=True)
class ScorerComparison:
    """What one scorer says of a run beside the baseline."""

    scorer: str
    baseline: Estimate
    candidate: Estimate
    difference: PairedDifference
    improved: int
    regressed: int
    unchanged: int
    unpaired: int
    regressions: tuple[ValueChange, ...]
    improvements: tuple[ValueChange, ...]
    verdicts: VerdictComparison | None
    adjusted_p_value: float | None = None


@dataclass(frozen=True, slots=True)
class RunComparison:
    """One run beside the baseline."""

    run: ComparedRun
    comparability: Comparability
    scorers: tuple[ScorerComparison, ...]
    latency: PairedDifference
    tokens: PairedDifference
    cost: PairedDifference


@dataclass(frozen=True, slots=True)
class LoadedCandidate:
    """A run that is to be compared, with how its items match those of the baseline."""

    run: LoadedRun
    matches: ItemMatches


def load_candidate(
    queries: Queries, baseline: LoadedRun, project: str, run_id: str, terms: ComparisonTerms
) -> LoadedCandidate:
    """Read a run that is to be compared. Raises NotFound."""
    run = load_run(queries, project, run_id, terms)
    before, after = baseline.columns.ordinal, run.columns.ordinal
    matches = match_items(queries, baseline.view, before, run.view, after)
    if baseline.wanted is not None and run.wanted is not None:
        matches = matches.within(baseline.wanted, run.wanted)
    return LoadedCandidate(run, matches)


def require_scorers(views: Sequence[RunView], terms: ComparisonTerms, path: str) -> None:
    """Refuse scorers that none of the runs has. Raises Invalid."""
    known = sorted({alias for view in views for alias in result_scorers(view)})
    violations = [
        Violation(
            f"{path}.scorers[{place}]",
            f"{alias[:80]!r} judges the results of no run; there are: {', '.join(known) or 'none'}",
        )
        for place, alias in enumerate(terms.scorers)
        if alias not in known
    ]
    if violations:
        raise Invalid(violations)


def baseline_by_itself(baseline: LoadedRun, terms: ComparisonTerms) -> ComparedRun:
    """Return what the baseline comes to by itself."""
    return by_itself(baseline, wanted_columns(baseline, baseline.wanted), terms)


def compare(
    baseline: LoadedRun, candidate: LoadedCandidate, terms: ComparisonTerms
) -> RunComparison:
    """Compare a run with the baseline. Takes a while for large runs."""
    run, matches = candidate.run, candidate.matches
    told = comparability(baseline, run, matches, terms)
    beside = _Beside(baseline, run, matches, terms)
    scorers = [beside.scorer(alias) for alias in told.scorers]
    before, after = baseline.columns, run.columns
    wanted = None if run.wanted is None else np.concatenate([matches.candidate, matches.added])
    return RunComparison(
        by_itself(run, wanted_columns(run, wanted), terms),
        told,
        _adjusted(scorers),
        beside.difference(before.latency, after.latency),
        beside.difference(before.tokens, after.tokens),
        beside.difference(before.cost, after.cost),
    )


class _Beside:
    """Two runs over the same items."""

    def __init__(
        self, baseline: LoadedRun, run: LoadedRun, matches: ItemMatches, terms: ComparisonTerms
    ) -> None:
        self._baseline = baseline
        self._run = run
        self._terms = terms
        self._pairs: ItemPairs = paired_items(
            baseline.columns, run.columns, matches, include_changed=terms.include_changed_items
        )
        self._ordinals = self._pairs.ordinals
        self._labels = baseline.labels(self._ordinals)

    def difference(self, before: Vector, after: Vector) -> PairedDifference:
        """Return the paired difference of a value of all results."""
        return self._difference(*self._pairs.means(before, after))

    def scorer(self, alias: str) -> ScorerComparison:
        """Return what one scorer says."""
        before = _scores(self._baseline, alias)
        after = _scores(self._run, alias)
        values = self._pairs.means(before.value, after.value)
        known = ~(np.isnan(values[0]) | np.isnan(values[1]))
        old, new = values[0][known], values[1][known]
        gain = differences(old, new) * (-1 if alias in self._baseline.lower_is_better else 1)
        labels = None if self._labels is None else self._labels[known]
        confidence = self._terms.confidence
        items = self._ordinals[known]
        return ScorerComparison(
            scorer=alias,
            baseline=estimate(old, labels, confidence=confidence),
            candidate=estimate(new, labels, confidence=confidence),
            difference=self._difference(*values),
            improved=int((gain > 0).sum()),
            regressed=int((gain < 0).sum()),
            unchanged=int((gain == 0).sum()),
            unpaired=int((~known).sum()),
            regressions=self._largest(items, old, new, -gain),
            improvements=self._largest(items, old, new, gain),
            verdicts=self._verdicts(before.passed, after.passed),
        )

    def _difference(self, before: Vector, after: Vector) -> PairedDifference:
        terms = self._terms
        return paired_difference(
            before, after, self._labels, confidence=terms.confidence, seed=terms.seed
        )

    def _largest(
        self, items: Labels, old: Vector, new: Vector, gain: Vector
    ) -> tuple[ValueChange, ...]:
        """Return the items with the largest gains, those of equal gain in order."""
        places = np.flatnonzero(gain > 0)
        places = places[np.argsort(-gain[places], kind="stable")[: self._terms.most_items]]
        return tuple(ValueChange(int(items[at]), float(old[at]), float(new[at])) for at in places)

    def _verdicts(
        self, before: NDArray[np.int8], after: NDArray[np.int8]
    ) -> VerdictComparison | None:
        old, new = self._pairs.verdicts(before, after)
        known = (old != NONE) & (new != NONE)
        if not known.any():
            return None
        fixed = self._ordinals[(old == 0) & (new == 1)]
        broken = self._ordinals[(old == 1) & (new == 0)]
        most = self._terms.most_items
        return VerdictComparison(
            both_passed=int(((old == 1) & (new == 1)).sum()),
            both_failed=int(((old == 0) & (new == 0)).sum()),
            fixed=len(fixed),
            broken=len(broken),
            fixed_items=tuple(fixed[:most].tolist()),
            broken_items=tuple(broken[:most].tolist()),
            p_value=mcnemar(len(fixed), len(broken)),
        )


def _scores(run: LoadedRun, alias: str) -> ScoreColumns:
    return run.columns.scores[run.places[alias]]


def _adjusted(scorers: Sequence[ScorerComparison]) -> tuple[ScorerComparison, ...]:
    """Adjust the p-values for how many scorers there are: of differences, and of verdicts."""
    values = adjusted([scorer.difference.p_value for scorer in scorers])
    moves = adjusted([scorer.verdicts.p_value if scorer.verdicts else None for scorer in scorers])
    return tuple(
        replace(
            scorer,
            adjusted_p_value=value,
            verdicts=scorer.verdicts and replace(scorer.verdicts, adjusted_p_value=move),
        )
        for scorer, value, move in zip(scorers, values, moves, strict=True)
    )
