from __future__ import annotations

import json

import pytest
from scipy import stats

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.catalogue import (
    InvalidParameters,
    UnknownScorer,
    configure,
    configure_run,
    describe,
)
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

Pairs = list[tuple[str, str | None]]
LABELS: Pairs = [
    *[('"cat"', '"cat"')] * 4,
    *[('"cat"', '"dog"')] * 2,
    *[('"dog"', '"dog"')] * 3,
    ('"bird"', '"cat"'),
]


def judge(pairs: Pairs, **parameters: object) -> Judgement:
    judging = configure_run("agreement", json.dumps(parameters))()
    for output, expected in pairs:
        judging.add(Sample(output, expected, "null"))
    return judging.judgement()


def evidence(judgement: Judgement) -> dict[str, object]:
    assert judgement.evidence is not None
    told: dict[str, object] = json.loads(judgement.evidence)
    return told


def test_it_judges_runs() -> None:
    description = describe("agreement")

    assert description is not None
    assert description.scope is ScorerScope.RUN
    with pytest.raises(UnknownScorer):
        configure("agreement", "")


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("accuracy", 0.7),
        # cat: 8 / 11, dog: 6 / 8, bird: 0
        ("macro_f1", (8 / 11 + 6 / 8) / 3),
        # observed 0.7, by chance 0.6 * 0.5 + 0.3 * 0.5
        ("cohen_kappa", (0.7 - 0.45) / (1 - 0.45)),
    ],
)
def test_labels_are_compared(metric: str, value: float) -> None:
    assert judge(LABELS, metric=metric).value == pytest.approx(value)


def test_the_confusion_of_labels_is_told() -> None:
    told = evidence(judge([*LABELS, ("1", None)]))

    assert told == {
        "metric": "accuracy",
        "compared": 10,
        "left_out": 1,
        "labels": ["cat", "dog", "bird"],
        "confusion": [[4, 0, 1], [2, 3, 0], [0, 0, 0]],
        "other": 0,
    }


def test_the_confusion_is_that_of_the_fifty_most_frequent_labels() -> None:
    pairs: Pairs = [(str(number), str(number)) for number in range(60)]
    told = evidence(judge([*pairs, *pairs[:40]]))

    assert told["labels"] == [str(number) for number in range(50)]
    assert told["other"] == 10


def test_long_labels_are_told_apart_and_cut() -> None:
    long = json.dumps("x" * 500)
    judgement = judge([(long, long), (long, json.dumps("x" * 501))])

    assert judgement.value == 0.5
    assert evidence(judgement)["labels"] == ["x" * 100] * 2


@pytest.mark.parametrize(
    ("metric", "correlation"), [("pearson", stats.pearsonr), ("spearman", stats.spearmanr)]
)
def test_numbers_are_correlated(metric: str, correlation: object) -> None:
    outputs, expected = [1.0, 2.5, 3.0, 10.0, 4.0], [2.0, 2.0, 5.0, 6.0, 7.0]
    pairs: Pairs = [(str(a), str(b)) for a, b in zip(outputs, expected, strict=True)]
    odd: Pairs = [('"text"', "1"), ("1", None), ("1e999", "1"), ("[1]", "2")]

    judgement = judge([*pairs[:-1], *odd, ('" 4 "', "7")], metric=metric)

    assert judgement.value == pytest.approx(correlation(outputs, expected).statistic)  # type: ignore[operator]
    assert evidence(judgement) == {"metric": metric, "compared": 5, "left_out": 4}


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "cohen_kappa", "pearson", "spearman"])
def test_without_results_it_cannot_be_judged(metric: str) -> None:
    judgement = judge([("1", None)], metric=metric)

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "undefined")


@pytest.mark.parametrize("metric", ["cohen_kappa", "pearson", "spearman"])
def test_where_nothing_varies_agreement_is_not_defined(metric: str) -> None:
    assert judge([("1", "1"), ("1", "1")], metric=metric).status is ScoreStatus.NOT_EVALUABLE


def test_huge_numbers_are_correlated() -> None:
    assert judge([("1e300", "1"), ("-1e300", "2")], metric="pearson").value == pytest.approx(-1)


@pytest.mark.parametrize(("threshold", "passed"), [(0.7, True), (0.71, False)])
def test_a_threshold_makes_it_a_verdict(threshold: float, passed: bool) -> None:
    assert judge(LABELS, threshold=threshold).passed is passed
    assert judge(LABELS).passed is None


def test_an_unknown_metric_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidParameters, match="`accuracy`, `macro_f1`"):
        configure_run("agreement", '{"metric": "f2"}')
