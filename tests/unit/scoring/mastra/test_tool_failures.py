from __future__ import annotations

import msgspec
import pytest

from trialbook.services.scoring.mastra.reading import read_trajectory
from trialbook.services.scoring.mastra.tool_failures import ToolFailures, analyze_tool_failures


def analyze(calls: str, retries: int = 2) -> ToolFailures:
    """Analyze calls that are letters; a capital one failed, a full stop is a model's turn."""
    steps = [
        {"stepType": "model_generation", "name": "llm"}
        if letter == "."
        else {"stepType": "tool_call", "name": letter.lower(), "success": letter.islower()}
        for letter in calls
    ]
    return analyze_tool_failures(read_trajectory({"steps": steps}), max_retries_per_tool=retries)


@pytest.mark.parametrize(
    ("calls", "retries", "score", "excessive"),
    [
        ("", 0, 1, []),
        ("A", 0, 1, []),
        ("Ab", 0, 1, []),
        ("aaa", 0, 1, []),
        ("AAa", 2, 1, []),
        ("AAAa", 2, 0.8, ["a"]),
        ("A.Aa", 1, 0.8, ["a"]),
        ("AaBb", 0, 0.6, ["a", "b"]),
        ("AAAAAAAA", 0, 0, ["a"]),
        ("AaAab", 1, 0.8, ["a"]),
    ],
)
def test_retries_beyond_those_that_are_free_cost_a_fifth_each(
    calls: str, retries: int, score: float, excessive: list[str]
) -> None:
    found = analyze(calls, retries)

    assert (found.score, found.excessive_retry_tools) == (score, excessive)


def test_a_pattern_says_how_it_ended() -> None:
    patterns = msgspec.to_builtins(analyze("AAbCc").patterns)

    assert patterns == [
        {
            "toolName": "a",
            "retryCount": 1,
            "fellBackToAlternative": True,
            "alternativeTool": "b",
            "eventuallySucceeded": False,
        },
        {
            "toolName": "c",
            "retryCount": 1,
            "fellBackToAlternative": False,
            "eventuallySucceeded": True,
        },
    ]
