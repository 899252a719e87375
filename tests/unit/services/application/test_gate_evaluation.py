"""What a gate says of a run: every metric, every way to have nothing to say, and the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from trialbook.services.application.gate_evaluation import evaluate
from trialbook.services.application.gate_metric import Evidence
from trialbook.services.application.gate_regression import Baseline
from trialbook.services.application.item_match import ItemMatches
from trialbook.services.application.pairing import paired_items
from trialbook.services.application.run_columns import NONE, RunColumns, ScoreColumns
from trialbook.services.application.views import RunPins, RunView, ScorerSummaryView, UsageView
from trialbook.services.domain.experiment import (
    RunSettings,
    ScorerScope,
    ScorerSpec,
    Target,
    TargetKind,
)
from trialbook.services.domain.gate import (
    Condition,
    Finding,
    Gate,
    Metric,
    RegressionRule,
    Verdict,
)
from trialbook.services.domain.run import EndReason, RunStatus

PASSED, FAILED, INCONCLUSIVE = Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE
GOOD, BAD, SKIP = 0, 1, 2
"""The statuses of results."""
NAN = float("nan")
TONE = ScorerSpec("tone", "tone", "", 1, built_in=False)


def run_view(
    *scorers: ScorerSpec, summaries: Sequence[ScorerSummaryView] = (), done: int = 0
) -> RunView:
    target = Target(TargetKind.AGENT, "echo", "1")
    return RunView(
        number=1, uid="u", project="p", run_id="r", experiment_id="e", experiment_version=1,
        dataset_number=1, dataset_id="d", dataset_version=1, display_name="",
        pins=RunPins(target, scorers, RunSettings()), status=RunStatus.COMPLETED,
        end_reason=EndReason.NONE, planned=done, succeeded=done, failed=0, skipped=0, round=0,
        finishing=False, usage=UsageView(), verdict=None,
        summaries=tuple(summaries) or (ScorerSummaryView(),) * len(scorers), last_position=9,
        author="me", created_at=1, ended_at=2,
    )  # fmt: skip


def scores(
    values: Sequence[float],
    passed: Sequence[int] | None = None,
    status: Sequence[int] | None = None,
) -> ScoreColumns:
    """Scores: NaN values are broken (1) unless statuses are given."""
    value = np.array(values, np.float64)
    told = np.isnan(value).astype(np.int8) if status is None else np.array(status, np.int8)
    return ScoreColumns(
        told, value, np.array([NONE] * len(value) if passed is None else passed, np.int8)
    )


def evidence(
    statuses: Sequence[int],
    *given: ScoreColumns,
    specs: Sequence[ScorerSpec] = (TONE,),
    ordinals: Sequence[int] | None = None,
    **columns: Any,
) -> Evidence:
    count = len(statuses)

    def figures(name: str) -> NDArray[np.float64]:
        return np.array(columns.pop(name, [np.nan] * count), np.float64)

    items = np.arange(1, count + 1) if ordinals is None else np.array(ordinals)
    told = RunColumns(
        np.arange(1, count + 1),
        items.astype(np.int64),
        np.ones(count, np.int32),
        np.array(statuses, np.int8),
        figures("latency"),
        figures("tokens"),
        figures("cost"),
        dict(enumerate(given)),
    )
    return Evidence(run_view(*specs[: len(given)]), told, **columns)


def ask(condition: Condition, about: Evidence, baseline: Baseline | str = "no baseline") -> Finding:
    (finding,) = evaluate(Gate((condition,)), about, baseline).findings
    return finding


def value(metric: Metric, about: Evidence, scorer: str = "", **more: Any) -> tuple[float, int]:
    """The value, and over how many results, which does not depend on what is asked."""
    finding = ask(Condition(metric, scorer=scorer, at_least=0.0, **more), about)
    assert finding.value is not None, finding.explanation
    return finding.value, finding.count


MIXED = evidence(
    [GOOD, GOOD, GOOD, GOOD, BAD, SKIP],
    scores([0.9, 0.5, 0.1, NAN, NAN, NAN], [1, 0, 1, NONE, NONE, NONE], [0, 0, 0, 1, 3, 3]),
    latency=[1.0, 2.0, 3.0, 4.0, 5.0, NAN],
    tokens=[10, 30, NAN, NAN, NAN, NAN],
    cost=[0.5, 0.1, NAN, NAN, NAN, NAN],
)
"""Three scored results, one whose score broke, one that failed, and one that was skipped."""


@pytest.mark.parametrize(
    ("metric", "scorer", "more", "figures"),
    [
        (Metric.PASS_RATE, "tone", {}, (2 / 6, 6)),
        (Metric.PASS_RATE, "", {}, (2 / 6, 6)),
        (Metric.MEAN, "tone", {}, (0.5, 3)),
        (Metric.QUANTILE, "tone", {"quantile": 0.75}, (0.7, 3)),
        (Metric.MINIMUM, "tone", {}, (0.1, 3)),
        (Metric.FAILED_RESULTS, "", {}, (1, 5)),
        (Metric.SKIPPED_RESULTS, "", {}, (1, 6)),
        (Metric.FAILED_SCORES, "tone", {}, (1, 5)),
        (Metric.FAILED_SCORES, "", {}, (1, 5)),
        (Metric.UNSCORED_RESULTS, "tone", {}, (1, 4)),
        (Metric.UNSCORED_RESULTS, "", {}, (1, 4)),
        (Metric.LATENCY, "", {}, (4.8, 5)),
        (Metric.LATENCY, "", {"quantile": 0.5}, (3.0, 5)),
        (Metric.TOKENS, "", {}, (20.0, 2)),
        (Metric.COST, "", {}, (0.3, 2)),
    ],
)
def test_a_metric_looks_at_the_results_that_it_says(
    metric: Metric, scorer: str, more: dict[str, Any], figures: tuple[float, int]
) -> None:
    found, count = value(metric, MIXED, scorer, **more)
    assert found == pytest.approx(figures[0])
    assert count == figures[1]


def test_a_run_score_is_the_score_of_the_run() -> None:
    spec = msgspec.structs.replace(TONE, scope=ScorerScope.RUN)
    summary = ScorerSummaryView(scored=1, mean=0.7)
    about = Evidence(run_view(spec, summaries=[summary], done=3), MIXED.columns)
    assert value(Metric.RUN_SCORE, about, "tone") == (0.7, 3)


def test_a_run_score_that_broke_says_nothing_and_counts_as_a_failed_score() -> None:
    spec = msgspec.structs.replace(TONE, scope=ScorerScope.RUN)
    about = Evidence(run_view(spec, summaries=[ScorerSummaryView(failed=1)]), MIXED.columns)
    finding = ask(Condition(Metric.RUN_SCORE, scorer="tone", at_least=0.0), about)
    assert (finding.verdict, finding.explanation) == (INCONCLUSIVE, "tone broke")
    assert value(Metric.FAILED_SCORES, about, "tone") == (1, 1)


EMPTY = evidence([], scores([]))
ALL_FAILED = evidence([BAD, BAD], scores([NAN, NAN], status=[3, 3]))
ALL_SKIPPED = evidence([SKIP, SKIP], scores([NAN, NAN], status=[3, 3]))
NOT_EVALUABLE = evidence([GOOD, GOOD], scores([NAN, NAN], status=[2, 2]))
NO_SCORERS = evidence([GOOD, BAD])
NO_VERDICTS = evidence([GOOD, GOOD], scores([0.5, 0.6]))


@pytest.mark.parametrize(
    ("about", "metric", "scorer", "sentence"),
    [
        (EMPTY, Metric.PASS_RATE, "", "there are no results"),
        (EMPTY, Metric.SKIPPED_RESULTS, "", "there are no results"),
        (EMPTY, Metric.FAILED_RESULTS, "", "there are no results that were run"),
        (ALL_SKIPPED, Metric.FAILED_RESULTS, "", "there are no results that were run"),
        (ALL_SKIPPED, Metric.FAILED_SCORES, "", "there are no results that were run"),
        (ALL_SKIPPED, Metric.LATENCY, "", "there are no results with a latency"),
        (ALL_FAILED, Metric.MEAN, "tone", "there are no results with a value of tone"),
        (ALL_FAILED, Metric.UNSCORED_RESULTS, "", "there are no succeeded results"),
        (ALL_FAILED, Metric.COST, "", "there are no results that tell their cost"),
        (NOT_EVALUABLE, Metric.MINIMUM, "tone", "there are no results with a value of tone"),
        (NO_SCORERS, Metric.FAILED_SCORES, "", "the run has no scorers"),
        (NO_SCORERS, Metric.UNSCORED_RESULTS, "", "the run has no scorers"),
        (NO_VERDICTS, Metric.PASS_RATE, "tone", "tone gives values, but no verdicts"),
        (
            MIXED,
            Metric.MEAN,
            "fluency",
            "the run has no scorer fluency that judges results (there is: tone)",
        ),
        (MIXED, Metric.RUN_SCORE, "x", "the run has no scorer x that judges it as a whole"),
    ],
)
def test_where_there_is_nothing_to_look_at_nothing_is_concluded(
    about: Evidence, metric: Metric, scorer: str, sentence: str
) -> None:
    finding = ask(Condition(metric, scorer=scorer, at_least=0.0), about)
    assert finding == Finding(INCONCLUSIVE, sentence)


@pytest.mark.parametrize(
    ("about", "scorer", "figures"),
    [
        (ALL_FAILED, "tone", (0.0, 2)),
        (ALL_SKIPPED, "", (0.0, 2)),
        (NO_SCORERS, "", (0.5, 2)),
        (NO_VERDICTS, "", (1.0, 2)),
        (NOT_EVALUABLE, "", (1.0, 2)),
        (NOT_EVALUABLE, "tone", (0.0, 2)),
    ],
)
def test_what_passes_where_nobody_gives_a_verdict(
    about: Evidence, scorer: str, figures: tuple[float, int]
) -> None:
    assert value(Metric.PASS_RATE, about, scorer) == figures


def test_all_scorers_must_pass_and_superseded_ones_are_not_asked() -> None:
    old = msgspec.structs.replace(TONE, superseded=True)
    other = msgspec.structs.replace(TONE, alias="other")
    about = evidence(
        [GOOD, GOOD, GOOD, GOOD],
        scores([0, 0, 0, 0], [0, 0, 0, 0]),
        scores([1, 1, 1, 1], [1, 1, 1, 0]),
        scores([1, 1, NAN, 1], [1, 0, NONE, 1]),
        specs=(old, TONE, other),
    )
    assert value(Metric.PASS_RATE, about) == (0.25, 4)
    assert value(Metric.PASS_RATE, about, "tone") == (0.75, 4)
    assert value(Metric.UNSCORED_RESULTS, about) == (1, 4)


def test_a_scorer_that_items_ask_for_is_not_missed_where_they_do_not() -> None:
    spec = msgspec.structs.replace(TONE, per_item=True)
    about = evidence(
        [GOOD, GOOD, GOOD, BAD],
        scores([1, NAN, NAN, NAN], [1, NONE, NONE, NONE], [0, NONE, 3, 3]),
        specs=(spec,),
    )
    assert value(Metric.PASS_RATE, about) == (0.75, 4)
    assert value(Metric.PASS_RATE, about, "tone") == (0.5, 2)
    assert value(Metric.UNSCORED_RESULTS, about) == (0, 3)


def test_only_results_of_the_split_and_tag_are_looked_at() -> None:
    chosen = {("test", ""): np.array([True, False, True, False, False, False])}
    about = Evidence(MIXED.run, MIXED.columns, chosen)
    condition = Condition(Metric.MEAN, scorer="tone", split="test", at_least=0.6)
    assert ask(condition, about) == Finding(
        FAILED,
        "mean of tone is 0.5 over 2 results of the split 'test'; at least 0.6 is asked",
        2,
        0.5,
    )


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_least": 0.5}, PASSED),
        ({"at_least": 0.5000001}, FAILED),
        ({"at_most": 0.5}, PASSED),
        ({"at_most": 0.4}, FAILED),
        ({"at_least": 0.4, "at_most": 0.6}, PASSED),
        ({"at_least": 0.6, "at_most": 0.7}, FAILED),
    ],
)
def test_bounds_belong_to_what_is_allowed(bounds: dict[str, Any], verdict: Verdict) -> None:
    assert ask(Condition(Metric.MEAN, scorer="tone", **bounds), MIXED).verdict is verdict


def test_rounding_does_not_fail_a_gate() -> None:
    about = evidence([GOOD] * 3, scores([0.1, 0.2, 0.3]))
    assert np.mean([0.1, 0.2, 0.3]) != 0.2
    assert ask(Condition(Metric.MEAN, scorer="tone", at_most=0.2), about).verdict is PASSED


def test_the_verdict_is_that_of_the_worst_condition() -> None:
    holds = Condition(Metric.MEAN, scorer="tone", at_least=0.0)
    fails = Condition(Metric.MEAN, scorer="tone", at_least=1.0)
    asks_in_vain = Condition(Metric.MEAN, scorer="fluency", at_least=0.0)
    for conditions, verdict in (
        ((holds, holds), PASSED),
        ((holds, asks_in_vain), INCONCLUSIVE),
        ((asks_in_vain, fails, holds), FAILED),
    ):
        assert evaluate(Gate(conditions), MIXED, "").verdict is verdict


def beside(before: Sequence[float], after: Sequence[float], **more: Any) -> tuple[Evidence, Any]:
    """A run and its baseline, whose items all match, by the values of a scorer; NaN is broken."""
    about = evidence([GOOD] * len(after), scores(after), **more)
    base = evidence([GOOD] * len(before), scores(before))
    return about, paired(base, about)


def paired(base: Evidence, about: Evidence, changed: Sequence[int] = ()) -> Baseline:
    common = np.intersect1d(base.columns.ordinal, about.columns.ordinal)
    none = np.empty(0, np.int64)
    matches = ItemMatches(common, common, np.isin(common, changed), none, none)
    return Baseline(base, paired_items(base.columns, about.columns, matches))


UP = ([0.0, 0.1, 0.2, 0.3], [0.5, 0.6, 0.7, 0.9])
NOISE = ([0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0])
SAME = ([0.3, 0.4], [0.3, 0.4])


@pytest.mark.parametrize(
    ("pair", "allowed", "rule", "verdict"),
    [
        (UP, 0.0, RegressionRule.INTERVAL, PASSED),
        (UP[::-1], 0.0, RegressionRule.INTERVAL, FAILED),
        (UP[::-1], 1.0, RegressionRule.INTERVAL, PASSED),
        (NOISE, 0.0, RegressionRule.INTERVAL, INCONCLUSIVE),
        (NOISE, 0.0, RegressionRule.UNLESS_SHOWN, PASSED),
        (UP[::-1], 0.0, RegressionRule.UNLESS_SHOWN, FAILED),
        (NOISE, 0.0, RegressionRule.POINT, PASSED),
        (UP[::-1], 0.5, RegressionRule.POINT, FAILED),
        (SAME, 0.0, RegressionRule.INTERVAL, PASSED),
        (([0.5], [0.9]), 0.0, RegressionRule.INTERVAL, INCONCLUSIVE),
        (([0.9], [0.5]), 0.0, RegressionRule.UNLESS_SHOWN, PASSED),
        (([0.9], [0.5]), 0.0, RegressionRule.POINT, FAILED),
    ],
)
def test_a_regression_is_judged_by_its_rule(
    pair: tuple[list[float], list[float]], allowed: float, rule: RegressionRule, verdict: Verdict
) -> None:
    condition = Condition(Metric.MEAN, scorer="tone", max_regression=allowed, rule=rule)
    assert ask(condition, *beside(*pair)).verdict is verdict


def test_where_less_is_better_more_is_a_regression() -> None:
    condition = Condition(Metric.MEAN, scorer="tone", max_regression=0.0)
    assert ask(condition, *beside(*UP, less_is_better=frozenset({"tone"}))).verdict is FAILED
    assert ask(condition, *beside(*UP[::-1], less_is_better=frozenset({"tone"}))).verdict is PASSED


@pytest.mark.parametrize(
    ("before", "after", "verdict"), [(False, True, PASSED), (True, False, FAILED)]
)
def test_more_passes_are_better_also_where_lower_values_are(
    before: bool, after: bool, verdict: Verdict
) -> None:
    lower = frozenset({"tone"})
    about = evidence([GOOD] * 4, scores([0.1] * 4, passed=[after] * 4), less_is_better=lower)
    base = evidence([GOOD] * 4, scores([0.1] * 4, passed=[before] * 4))
    condition = Condition(Metric.PASS_RATE, scorer="tone", max_regression=0.0)
    assert ask(condition, about, paired(base, about)).verdict is verdict


def test_a_comparison_tells_its_figures() -> None:
    condition = Condition(Metric.MEAN, scorer="tone", at_least=0.9, max_regression=0.0)
    finding = ask(condition, *beside([0.2, 0.4, NAN, 0.3], [0.5, 0.8, 0.9, NAN]))
    assert finding.verdict is FAILED
    assert finding.value == pytest.approx(2.2 / 3)
    assert finding.count == 3
    assert finding.baseline_value == pytest.approx(0.3)
    assert finding.difference == pytest.approx(0.35)
    assert finding.lower == pytest.approx(0.35 - 12.7062 * 0.05, abs=1e-4)
    assert finding.upper == pytest.approx(0.35 + 12.7062 * 0.05, abs=1e-4)
    assert finding.explanation == (
        "mean of tone is 0.733333 over 3 results; at least 0.9 is asked; over 2 items the "
        "difference from the baseline's 0.3 is 0.35 (95 % interval -0.28531 to 0.98531); "
        "at most 0 less is allowed, and the interval lies on both sides of that"
    )


def test_trials_are_averaged_and_changed_items_left_out() -> None:
    about = evidence([GOOD] * 5, scores([0.0, 1.0, 0.5, 0.5, 0.0]), ordinals=[1, 1, 2, 2, 3])
    base = evidence([GOOD] * 3, scores([0.4, 0.4, 1.0]))
    condition = Condition(Metric.MEAN, scorer="tone", max_regression=0.0)
    finding = ask(condition, about, paired(base, about, changed=[3]))
    assert finding.verdict is PASSED
    assert finding.difference == pytest.approx(0.1)


def test_what_is_not_the_same_is_not_compared() -> None:
    condition = Condition(Metric.MEAN, scorer="tone", max_regression=0.0)
    about = evidence([GOOD] * 2, scores([0.5, 0.5]))
    newer = msgspec.structs.replace(TONE, version=2)
    other = paired(evidence([GOOD] * 2, scores([0.5, 0.5]), specs=(newer,)), about)
    none = paired(evidence([GOOD] * 2), about)
    elsewhere = evidence([GOOD] * 2, scores([0.5, 0.5]), ordinals=[8, 9])
    for baseline, words in (
        (other, "version 2 in the baseline, 1 in the run"),
        (none, "tone does not judge the baseline"),
        (paired(elsewhere, about), "no value for any of these items"),
        ("there is no baseline", "there is no baseline"),
    ):
        finding = ask(condition, about, baseline)
        assert finding.verdict is INCONCLUSIVE
        assert words in finding.explanation
        assert finding.value == 0.5


def test_passes_latencies_tokens_and_costs_are_compared_too() -> None:
    slow: dict[str, Any] = {"latency": [2.0, 2.1], "tokens": [20.0, 21.0], "cost": [0.2, 0.21]}
    quick: dict[str, Any] = {"latency": [1.0, 1.1], "tokens": [10.0, 11.0], "cost": [0.1, 0.11]}
    before = evidence([GOOD, GOOD], scores([1, 1], [1, 1]), **quick)
    after = evidence([GOOD, BAD], scores([1, NAN], [0, NONE], [0, 3]), **slow)
    for metric in (Metric.PASS_RATE, Metric.LATENCY, Metric.TOKENS, Metric.COST):
        condition = Condition(metric, max_regression=0.0)
        assert ask(condition, after, paired(before, after)).verdict is FAILED, metric
        assert ask(condition, before, paired(after, before)).verdict is PASSED, metric


def test_a_bound_holds_and_the_regression_decides() -> None:
    condition = Condition(Metric.MEAN, scorer="tone", at_least=0.0, max_regression=0.0)
    assert ask(condition, *beside(*NOISE)).verdict is INCONCLUSIVE
