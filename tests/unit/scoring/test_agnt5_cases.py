"""Runs the published cases of AGNT5 for the scorers that both systems have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.catalogue import (
    InvalidParameters,
    configure,
    configure_trajectory,
    describe,
)
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.choice import choose
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

CASES_FILE = Path(__file__).parents[4] / "shared" / "conformance" / "agnt5_cases.json"

NAMES = [
    "structured_assertions",
    "exact_match",
    "contains",
    "regex_match",
    "json_valid",
    "json_schema",
    "numeric_range",
    "levenshtein",
    "tool_called",
    "tool_not_called",
    "tool_sequence",
    "tool_sequence_in_order",
    "tool_sequence_exact",
    "tool_sequence_any_order",
    "tool_trajectory",
    "tool_params_match",
    "max_tool_calls",
    "max_llm_calls",
    "max_tokens",
    "duration_under",
    "no_errors",
    "tool_failure_recovered",
    "step_efficiency",
    "plan_quality",
    "plan_adherence",
    "state_equals",
    "trace_assertions",
]
"""AGNT5's scorers that need no model."""

REFUSED = "a bad configuration is refused before anything runs"
NOT_JUDGED = "what cannot be judged is not evaluable, not a score of 0"
NO_THRESHOLD = (
    "AGNT5's default threshold of 0 passes every output; without a threshold there is no verdict"
)
DIFFERENCES: dict[str, str] = {
    "config_error": REFUSED,
    "regex_match: error": REFUSED,
    "input_error": NOT_JUDGED,
    "artifact_error": NOT_JUDGED,
    "trace_assertions: error": NOT_JUDGED,
    "levenshtein 9": NO_THRESHOLD,
}
"""What comes out otherwise here, on purpose, by label, scorer and label, or scorer and id."""

HELPER = "(helper)"


def load_cases() -> list[dict[str, Any]]:
    if not CASES_FILE.exists():
        return []
    cases: list[dict[str, Any]] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return [case for case in cases if case["scorer"].removesuffix(HELPER) in NAMES]


CASES = load_cases()
needs_cases = pytest.mark.skipif(not CASES, reason=f"{CASES_FILE.name} is not beside the project")


def difference(case: dict[str, Any]) -> str | None:
    label = case.get("want_label")
    keys = (label, f"{case['scorer']}: {label}", f"{case['scorer']} {case['id']}")
    return next((DIFFERENCES[key] for key in keys if key in DIFFERENCES), None)


def judge(case: dict[str, Any]) -> Judgement:
    name, params = case["scorer"].removesuffix(HELPER), json.dumps(case["config"])
    expected = case.get("expected")
    sample = Sample(
        output=json.dumps(case.get("output")),
        expected=None if expected is None else json.dumps(expected),
        input=json.dumps(case.get("input")),
    )
    description = describe(name)
    assert description is not None
    if description.scope is ScorerScope.ITEM:
        return configure(name, params)(sample)
    return configure_trajectory(name, params)(of_trajectory(sample, case))


def of_trajectory(sample: Sample, case: dict[str, Any]) -> TrajectorySample:
    reported = case.get("trace")
    if "states" in case:
        reported = {**(reported or {}), "states": case["states"]}
    if "actual_tools" in case:
        steps = tuple(Step(StepType.TOOL_CALL, tool, args={}) for tool in case["actual_tools"])
        return TrajectorySample(sample, Trajectory(steps))
    text = None if reported is None else json.dumps(reported)
    return TrajectorySample(sample, choose(None, text, None, None), reported=text)


def departures(case: dict[str, Any], judgement: Judgement) -> set[str]:
    """Return what a judgement has otherwise than the case wants; null there means not stated."""
    wanted = {"value": "want_score", "passed": "want_passed", "label": "want_label"}
    found = {
        name
        for name, key in wanted.items()
        for stated in (case.get(key), case.get(f"{key}_derived"))
        if stated is not None and stated != getattr(judgement, name)
    }
    if judgement.value is not None and judgement.value < case.get("want_score_min", 0.0):
        found.add("value")
    evidence = json.loads(judgement.evidence or "{}")
    metadata = case.get("want_metadata", {})
    return found | {name for name in metadata if evidence.get(name) != metadata[name]}


def test_every_scorer_of_agnt5_that_needs_no_model_is_built_in() -> None:
    assert [name for name in NAMES if describe(name) is None] == []


@needs_cases
@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['scorer']} {case['id']}: {case['name']}" for case in CASES]
)
def test_the_judgement_is_that_of_agnt5_or_differs_on_purpose(case: dict[str, Any]) -> None:
    reason = difference(case)
    if reason is REFUSED:
        with pytest.raises(InvalidParameters):
            judge(case)
        return

    judgement = judge(case)

    if reason is NOT_JUDGED:
        assert (judgement.status, judgement.label) == (
            ScoreStatus.NOT_EVALUABLE,
            case["want_label"],
        )
    elif reason is NO_THRESHOLD:
        assert departures(case, judgement) == {"passed"}
        assert judgement.passed is None
    else:
        assert judgement.status is ScoreStatus.SCORED
        assert departures(case, judgement) == set()
