"""Comparisons on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from trialbook.services.application.comparability import Comparability
from trialbook.services.application.compared_run import ComparedRun, TrialSummary
from trialbook.services.application.comparison import (
    RunComparison,
    ScorerComparison,
    ValueChange,
    VerdictComparison,
)
from trialbook.services.application.comparison_terms import (
    CONFIDENCE,
    MOST_ITEMS,
    ComparisonTerms,
    check_terms,
)
from trialbook.services.domain.naming import dataset_version_name, run_name
from trialbook.services.rpc.definition import to_target
from trialbook.services.rpc.item_selection import read_selection
from trialbook.services.rpc.run_message import STATUSES, to_counts
from trialbook.services.statistics.cluster import Labels
from trialbook.services.statistics.estimate import Estimate
from trialbook.services.statistics.paired import PairedDifference
from trialbook.v1 import comparison_pb2 as pb
from trialbook.v1 import item_selection_pb2

Ids = Mapping[int, str]
"""The ids of items by ordinal."""


def read_options(path: str, options: pb.ComparisonOptions) -> ComparisonTerms:
    """Return how to compare, with defaults for what is unset. Raises Invalid."""
    marks = item_selection_pb2.ItemSelection(splits=options.splits, tags=options.tags)
    selection = read_selection(path, marks)
    terms = ComparisonTerms(
        scorers=tuple(options.scorers),
        confidence=options.confidence if options.HasField("confidence") else CONFIDENCE,
        include_changed_items=options.include_changed_items,
        include_changed_scorers=options.include_changed_scorers,
        cluster_by=options.cluster_by,
        splits=selection.splits,
        tags=selection.tags,
        seed=options.seed,
        most_items=options.most_items if options.HasField("most_items") else MOST_ITEMS,
    )
    check_terms(path, terms)
    return terms


def to_options(terms: ComparisonTerms) -> pb.ComparisonOptions:
    """Return how runs were compared for the wire."""
    return pb.ComparisonOptions(
        scorers=terms.scorers,
        confidence=terms.confidence,
        include_changed_items=terms.include_changed_items,
        include_changed_scorers=terms.include_changed_scorers,
        cluster_by=terms.cluster_by,
        splits=terms.splits,
        tags=terms.tags,
        seed=terms.seed,
        most_items=terms.most_items,
    )


def to_compared_run(compared: ComparedRun, ids: Ids) -> pb.ComparedRun:
    """Return one of the runs for the wire; `ids` are those of its own dataset."""
    view = compared.view
    return pb.ComparedRun(
        name=run_name(view.project, view.run_id),
        display_name=view.display_name,
        status=STATUSES[view.status],
        dataset=dataset_version_name(view.project, view.dataset_id, view.dataset_version),
        target=to_target(view.target),
        counts=to_counts(view),
        latency=to_estimate(compared.latency),
        tokens=to_estimate(compared.tokens),
        cost=to_estimate(compared.cost),
        trials=[_to_trials(trials, ids) for trials in compared.trials],
    )


def to_run_comparison(
    comparison: RunComparison, baseline_ids: Ids, candidate_ids: Ids, most_items: int
) -> pb.RunComparison:
    """Return one run beside the baseline for the wire."""
    return pb.RunComparison(
        run=to_compared_run(comparison.run, candidate_ids),
        comparability=_to_comparability(
            comparison.comparability, baseline_ids, candidate_ids, most_items
        ),
        scorers=[_to_scorer(scorer, baseline_ids) for scorer in comparison.scorers],
        latency=_to_difference(comparison.latency),
        tokens=_to_difference(comparison.tokens),
        cost=_to_difference(comparison.cost),
    )


def to_estimate(estimate: Estimate) -> pb.Estimate:
    """Return a mean with its interval for the wire."""
    return pb.Estimate(
        count=estimate.count,
        mean=estimate.mean,
        standard_deviation=estimate.standard_deviation,
        standard_error=estimate.standard_error,
        lower=estimate.lower,
        upper=estimate.upper,
        median=estimate.median,
        p95=estimate.p95,
    )


def named_ordinals(comparison: RunComparison, most_items: int) -> tuple[list[int], list[int]]:
    """Return the ordinals that a comparison names: in the baseline's dataset, and in the run's."""
    matches = comparison.comparability.matches
    named = [*_changed(comparison.comparability, most_items), *matches.removed[:most_items]]
    for scorer in comparison.scorers:
        named += [change.ordinal for change in (*scorer.regressions, *scorer.improvements)]
        if scorer.verdicts is not None:
            named += [*scorer.verdicts.fixed_items, *scorer.verdicts.broken_items]
    own = [*matches.added[:most_items], *flaky_ordinals(comparison.run)]
    return [int(ordinal) for ordinal in named], [int(ordinal) for ordinal in own]


def flaky_ordinals(run: ComparedRun) -> list[int]:
    """Return the ordinals of the flaky items that are named of a run."""
    return [item.ordinal for trials in run.trials for item in trials.flaky_items]


def _changed(comparability: Comparability, most_items: int) -> Labels:
    matches = comparability.matches
    return matches.baseline[np.flatnonzero(matches.changed)[:most_items]]


def _to_trials(trials: TrialSummary, ids: Ids) -> pb.TrialSummary:
    return pb.TrialSummary(
        scorer=trials.scorer,
        rates=[
            pb.TrialRate(
                k=rate.k,
                pass_at_k=rate.pass_at_k,
                pass_hat_k=rate.pass_hat_k,
                count=rate.count,
            )
            for rate in trials.rates
        ],
        flaky_items=[
            pb.FlakyItem(item_id=ids[item.ordinal], passed=item.passed, trials=item.trials)
            for item in trials.flaky_items
        ],
        flaky_count=trials.flaky_count,
    )


def _to_comparability(
    told: Comparability, baseline_ids: Ids, candidate_ids: Ids, most_items: int
) -> pb.Comparability:
    matches = told.matches
    changed = int(matches.changed.sum())
    return pb.Comparability(
        identical=told.identical,
        matched_items=len(matches.baseline) - changed,
        changed_items=changed,
        added_items=len(matches.added),
        removed_items=len(matches.removed),
        changed_item_ids=_named(_changed(told, most_items).tolist(), baseline_ids),
        added_item_ids=_named(matches.added[:most_items].tolist(), candidate_ids),
        removed_item_ids=_named(matches.removed[:most_items].tolist(), baseline_ids),
        scorer_mismatches=[
            pb.ScorerMismatch(
                scorer=mismatch.scorer,
                explanation=mismatch.explanation,
                compared=mismatch.compared,
            )
            for mismatch in told.scorer_mismatches
        ],
        warnings=told.warnings,
        compared_items=told.compared_items,
    )


def _to_scorer(scorer: ScorerComparison, ids: Ids) -> pb.ScorerComparison:
    return pb.ScorerComparison(
        scorer=scorer.scorer,
        baseline=to_estimate(scorer.baseline),
        candidate=to_estimate(scorer.candidate),
        difference=_to_difference(scorer.difference, scorer.adjusted_p_value),
        improved=scorer.improved,
        regressed=scorer.regressed,
        unchanged=scorer.unchanged,
        unpaired=scorer.unpaired,
        verdicts=None if scorer.verdicts is None else _to_verdicts(scorer.verdicts, ids),
        regressions=_to_changes(scorer.regressions, ids),
        improvements=_to_changes(scorer.improvements, ids),
    )


def _to_difference(
    difference: PairedDifference, adjusted_p_value: float | None = None
) -> pb.Difference:
    return pb.Difference(
        count=difference.count,
        clusters=difference.clusters,
        mean=difference.mean,
        standard_error=difference.standard_error,
        lower=difference.lower,
        upper=difference.upper,
        bootstrap_lower=difference.bootstrap_lower,
        bootstrap_upper=difference.bootstrap_upper,
        p_value=difference.p_value,
        test=difference.test,
        adjusted_p_value=adjusted_p_value,
        minimum_detectable_effect=difference.minimum_detectable_effect,
    )


def _to_verdicts(verdicts: VerdictComparison, ids: Ids) -> pb.VerdictComparison:
    return pb.VerdictComparison(
        both_passed=verdicts.both_passed,
        both_failed=verdicts.both_failed,
        fixed=verdicts.fixed,
        broken=verdicts.broken,
        fixed_item_ids=_named(verdicts.fixed_items, ids),
        broken_item_ids=_named(verdicts.broken_items, ids),
        p_value=verdicts.p_value,
        adjusted_p_value=verdicts.adjusted_p_value,
    )


def _to_changes(changes: Iterable[ValueChange], ids: Ids) -> list[pb.ValueChange]:
    return [
        pb.ValueChange(
            item_id=ids[change.ordinal], baseline=change.baseline, candidate=change.candidate
        )
        for change in changes
    ]


def _named(ordinals: Iterable[int], ids: Ids) -> list[str]:
    return [ids[ordinal] for ordinal in ordinals]
