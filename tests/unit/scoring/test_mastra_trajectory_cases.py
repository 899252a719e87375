"""Runs the published cases of Mastra for its scorers of trajectories and what they are made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trialbook.services.scoring.catalogue import configure_trajectory
from trialbook.services.scoring.expectation.expectation import Ordering
from trialbook.services.scoring.expectation.reading import expectation_of
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.mastra.blacklist import check_blacklist
from trialbook.services.scoring.mastra.comparison import compare_trajectories
from trialbook.services.scoring.mastra.efficiency import check_efficiency
from trialbook.services.scoring.mastra.reading import read_trajectory
from trialbook.services.scoring.mastra.shape import MastraTrajectory
from trialbook.services.scoring.mastra.tool_failures import analyze_tool_failures
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_sample import TrajectorySample

CASES_FILE = Path(__file__).parents[4] / "shared" / "conformance" / "mastra_cases.json"
SCORERS = {
    "createTrajectoryAccuracyScorerCode": "code_trajectory_accuracy_scorer",
    "createTrajectoryScorerCode": "code_trajectory_scorer",
}
AREAS = {
    "trajectory.compare",
    "trajectory.efficiency",
    "trajectory.blacklist",
    "trajectory.toolFailures",
    "trajectory.accuracyScorer",
    "trajectory.unifiedScorer",
}

DIFFERENCES: dict[str, str] = {}
"""Cases by name that come out otherwise here, on purpose, and why.

What differs without a published case of it: a blacklist sees every depth; without any expectation
the accuracy scorer is not evaluable where Mastra's gives 0; what Mastra throws is not evaluable,
with its message.
"""


def load_cases() -> list[dict[str, Any]]:
    if not CASES_FILE.exists():
        return []
    cases: list[dict[str, Any]] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return [case for case in cases if case["area"] in AREAS and case["name"] not in DIFFERENCES]


CASES = load_cases()
needs_cases = pytest.mark.skipif(not CASES, reason=f"{CASES_FILE.name} is not beside the project")


def compared(actual: MastraTrajectory, given: dict[str, Any]) -> object:
    options = given.get("options", {})
    return compare_trajectories(
        actual,
        expectation_of(given["expected"]).steps or (),
        ordering=Ordering(options.get("ordering", "relaxed")),
        allow_repeated_steps=options.get("allowRepeatedSteps", True),
    )


def efficiency(actual: MastraTrajectory, given: dict[str, Any]) -> object:
    options = given.get("options", {})
    return check_efficiency(
        actual,
        max_steps=options.get("maxSteps"),
        max_total_tokens=options.get("maxTotalTokens"),
        max_total_duration_ms=options.get("maxTotalDurationMs"),
        no_redundant_calls=options.get("noRedundantCalls", True),
    )


def blacklisted(actual: MastraTrajectory, given: dict[str, Any]) -> object:
    options = given.get("options", {})
    return check_blacklist(
        actual,
        tools=options.get("blacklistedTools", ()),
        sequences=options.get("blacklistedSequences", ()),
    )


def failures(actual: MastraTrajectory, given: dict[str, Any]) -> object:
    retries = given.get("options", {}).get("maxRetriesPerTool", 2)
    return analyze_tool_failures(actual, max_retries_per_tool=retries)


FUNCTIONS: dict[str, Callable[[MastraTrajectory, dict[str, Any]], object]] = {
    "compareTrajectories": compared,
    "checkTrajectoryEfficiency": efficiency,
    "checkTrajectoryBlacklist": blacklisted,
    "analyzeToolFailures": failures,
}


def scored(given: dict[str, Any]) -> Judgement:
    scorer = configure_trajectory(SCORERS[given["fn"]], json.dumps(given.get("config", {})))
    expected = given.get("expectedTrajectory")
    return scorer(
        TrajectorySample(
            Sample("null", None, "null"),
            found=None,
            expected_trajectory=None if expected is None else json.dumps(expected),
            reported=json.dumps(given["output"]),
        )
    )


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[f"{case['area']}: {case['name']}" for case in CASES])
def test_the_result_is_that_of_mastra(case: dict[str, Any]) -> None:
    given, expected = case["given"], case["expected"]
    if given["fn"] in SCORERS:
        judgement = scored(given)
        assert judgement.status is ScoreStatus.SCORED
        assert judgement.value == expected["score"]
        return
    function, actual = FUNCTIONS[given["fn"]], read_trajectory(given["actual"])
    if "error" in expected:
        with pytest.raises(NotEvaluable) as refused:
            function(actual, given)
        assert refused.value.reason == expected["error"]["message"]
        return
    assert msgspec.to_builtins(function(actual, given)) == expected
