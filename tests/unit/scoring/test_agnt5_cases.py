"""Runs the published cases of AGNT5 for the scorers that both systems have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure, descriptions
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

CASES_FILE = Path(__file__).parents[4] / "shared" / "conformance" / "agnt5_cases.json"

REFUSED_LABELS = {"config_error", "error"}
"""Labels that AGNT5 gives to a bad configuration; here it is refused before anything runs."""

NO_THRESHOLD = (
    "AGNT5's default threshold of 0 passes every output; without a threshold there is no verdict."
)
DIFFERENCES = {9: NO_THRESHOLD}


def load_cases() -> list[dict[str, Any]]:
    if not CASES_FILE.exists():
        return []
    ours = {description.name for description in descriptions()}
    cases: list[dict[str, Any]] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return [case for case in cases if case["scorer"] in ours]


CASES = load_cases()
needs_cases = pytest.mark.skipif(not CASES, reason=f"{CASES_FILE.name} is not beside the project")


def judge(case: dict[str, Any]) -> Judgement:
    scorer = configure(case["scorer"], json.dumps(case["config"]))
    return scorer(
        Sample(
            output=json.dumps(case["output"]),
            expected=None if case["expected"] is None else json.dumps(case["expected"]),
            input=json.dumps(case["input"]),
        )
    )


def departures(case: dict[str, Any], judgement: Judgement) -> set[str]:
    """Return what a judgement has otherwise than the case wants; null there means not stated."""
    wanted = {"value": "want_score", "passed": "want_passed", "label": "want_label"}
    return {
        name
        for name, key in wanted.items()
        if case[key] is not None and case[key] != getattr(judgement, name)
    }


@needs_cases
def test_every_scorer_that_both_have_is_covered() -> None:
    covered = {case["scorer"] for case in CASES}

    assert {description.name for description in descriptions()} - covered == {
        "agreement",
        "numeric_match",
    }


@needs_cases
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case['id']}: {case['name']}")
        for case in CASES
        if case["id"] not in DIFFERENCES
    ],
)
def test_the_judgement_is_that_of_agnt5(case: dict[str, Any]) -> None:
    if case["want_label"] in REFUSED_LABELS:
        with pytest.raises(InvalidParameters):
            judge(case)
        return

    judgement = judge(case)

    assert judgement.status is ScoreStatus.SCORED
    assert set() == departures(case, judgement)


@needs_cases
@pytest.mark.parametrize("case_id", sorted(DIFFERENCES))
def test_a_difference_on_purpose_is_what_its_reason_says(case_id: int) -> None:
    (case,) = [case for case in CASES if case["id"] == case_id]
    judgement = judge(case)

    assert DIFFERENCES[case_id] == NO_THRESHOLD
    assert {"passed"} == departures(case, judgement)
    assert judgement.passed is None
