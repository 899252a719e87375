"""What several trials come to, in the report of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.cli.runs import a_result, a_run, a_score
from trialbook.client import ResultStatus, ScoreStatus
from trialbook.services.cli.run_report.markdown import run_markdown
from trialbook.services.cli.run_report.trials import (
    ONE_TRIAL,
    item_records,
    more_items,
    sections,
)

UNKNOWN = ScoreStatus.NOT_EVALUABLE


def rate(k: int, at_least_one: float, everyone: float, count: int) -> dict[str, Any]:
    return {"k": k, "pass_at_k": at_least_one, "pass_hat_k": everyone, "count": count}


def summary(scorer: str, *rates: dict[str, Any]) -> dict[str, Any]:
    return {"scorer": scorer, "rates": list(rates), "flaky_items": [], "flaky_count": 2}


def items() -> list[Any]:
    """Two items: one all of whose trials are there, one that failed and was skipped."""
    results = [
        a_result("one", ResultStatus.SUCCEEDED, a_score("x", passed=True), a_score("y")),
        a_result("one", ResultStatus.SUCCEEDED, a_score("x", status=UNKNOWN), trial=2),
        a_result("two", ResultStatus.FAILED),
        a_result("two", ResultStatus.SKIPPED, trial=2),
    ]
    return list(item_records(iter(results), ["y", "x", "of the run"]))


def test_items_have_the_means_of_the_trials_that_have_a_value() -> None:
    one, two = items()

    assert (one["item_id"], one["trials"], one["succeeded"]) == ("one", 2, 2)
    assert one["scores"] == [
        {"scorer": "y", "mean": 0.5, "scored": 1, "passed": 0, "verdicts": 0},
        {"scorer": "x", "mean": 0.5, "scored": 1, "passed": 1, "verdicts": 1},
    ]
    assert (two["trials"], two["succeeded"], two["scores"]) == (2, 0, [])


def test_tables_say_over_how_many_where_it_is_not_all() -> None:
    trials = [
        summary("x", rate(1, 0.5, 0.5, 3), rate(2, 0.75, 0.25, 2)),
        summary("y", rate(1, 1, 1, 3)),
    ]
    told = {"trials": trials, "items": items(), "more_items": True}

    by_scorer, by_item = sections(told)

    headings = [column.heading for column in by_scorer.columns]
    assert headings == ["SCORER", "ITEMS", "PASS^1", "PASS^2", "PASS@2", "FLAKY"]
    assert cells(by_scorer) == [
        ["x", "3", "0.500", "0.250 of 2", "0.750 of 2", "2"],
        ["y", "3", "1.000", "–", "–", "2"],
    ]
    assert [column.heading for column in by_item.columns] == ["ITEM", "TRIALS", "y", "x"]
    assert cells(by_item) == [
        ["one", "2", "0.500 of 1", "0.500 of 1"],
        ["two", "0 of 2", "–", "–"],
    ]
    markdown = "".join(run_markdown(replace(a_run(), scores=()), [], told))
    assert "| x | 3 | 0.500 | 0.250 of 2 | 0.750 of 2 | 2 |" in markdown
    assert "and more: `trialbook report export first --format jsonl`" in markdown


@pytest.mark.parametrize("more", [True, False])
def test_a_run_of_one_trial_has_nothing_to_tell(more: bool) -> None:
    assert list(sections(ONE_TRIAL)) == []
    assert bool(more_items({**ONE_TRIAL, "more_items": more}, "first")) is more


def cells(section: Any) -> list[list[str]]:
    return [[column.text(row).plain for column in section.columns] for row in section.rows]
