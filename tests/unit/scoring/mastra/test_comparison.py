from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.scoring.expectation.expectation import Ordering
from trialbook.services.scoring.expectation.reading import expectation_of
from trialbook.services.scoring.mastra.comparison import Comparison, compare_trajectories
from trialbook.services.scoring.mastra.reading import read_trajectory

NAMES = st.lists(st.sampled_from("abcd"), max_size=6)


def compare(actual: str, expected: str, ordering: str = "relaxed", **options: bool) -> Comparison:
    """Compare steps that are letters."""
    return compare_steps(
        [{"name": name} for name in actual],
        [{"name": name} for name in expected],
        ordering,
        **options,
    )


def compare_steps(
    actual: list[dict[str, Any]],
    expected: list[dict[str, Any]],
    ordering: str = "relaxed",
    **options: bool,
) -> Comparison:
    steps = [{"stepType": "tool_call", **step} for step in actual]
    return compare_trajectories(
        read_trajectory({"steps": steps}),
        expectation_of(expected).steps or (),
        ordering=Ordering(ordering),
        **options,
    )


@pytest.mark.parametrize(
    ("actual", "expected", "score", "out_of_order"),
    [
        ("ab", "ab", 1.0, []),
        ("ba", "ab", 0.0, ["b", "a"]),
        ("abab", "ab", 0.5, ["a", "b"]),
        ("a", "ab", 0.5, []),
        ("axx", "ab", 0.25, []),
        ("abcdef", "ab", 0.0, []),
    ],
)
def test_strict_order_compares_place_by_place_and_takes_off_for_surplus_steps(
    actual: str, expected: str, score: float, out_of_order: list[str]
) -> None:
    comparison = compare(actual, expected, "strict")

    assert (comparison.score, comparison.out_of_order_steps) == (score, out_of_order)


def test_relaxed_order_is_greedy_and_an_unmatched_step_does_not_move_on() -> None:
    comparison = compare("abc", "cxab")

    assert (comparison.score, comparison.matched_steps) == (0.25, 1)
    assert (comparison.missing_steps, comparison.out_of_order_steps) == (
        ["x", "a", "b"],
        ["a", "b"],
    )


def test_unordered_gives_each_step_to_one_expected_step_only() -> None:
    comparison = compare("ba", "aab", "unordered")

    assert (comparison.score, comparison.missing_steps) == (0.67, ["a"])
    assert comparison.out_of_order_steps == []


def test_unordered_is_greedy_too() -> None:
    anything, exact = {"name": "a"}, {"name": "a", "stepType": "tool_call", "toolArgs": {"x": 1}}
    actual = [{"name": "a", "toolArgs": {"x": 1}}, {"name": "a", "toolArgs": {"x": 2}}]

    assert compare_steps(actual, [anything, exact], "unordered").score == 0.5
    assert compare_steps(actual, [exact, anything], "unordered").score == 1


def test_repeated_names_take_off_a_tenth_each_where_they_may_not_be() -> None:
    comparison = compare("aabbc", "abc", allow_repeated_steps=False)

    assert (comparison.score, comparison.repeated_steps) == (0.8, ["a", "b"])
    assert compare("aabbc", "abc").score == 1


def test_surplus_repeats_of_an_expected_name_are_not_extra() -> None:
    assert compare("aax", "a").extra_steps == ["x"]


@pytest.mark.parametrize(
    ("expected", "matches"),
    [
        ({"stepType": "tool_call", "success": True}, True),
        ({"stepType": "tool_call", "success": False}, False),
        ({"stepType": "tool_call", "toolResult": {"n": 1}}, True),
        ({"stepType": "tool_call", "mcpServer": "other"}, True),
        ({"stepType": "tool_call", "toolArgs": {"b": 1, "2": 0, "1": 0}}, True),
        ({"stepType": "tool_call", "toolArgs": {"1": 0, "2": 0, "b": 1, "c": 2}}, False),
        ({"stepType": "mcp_tool_call"}, False),
        ({"success": False}, True),
    ],
)
def test_the_fields_of_the_expected_type_are_compared_as_json_text(
    expected: dict[str, Any], matches: bool
) -> None:
    actual = {
        "name": "a",
        "toolArgs": {"1": 0, "2": 0, "b": 1.0},
        "toolResult": {"n": 1.0},
        "success": True,
    }

    assert compare_steps([actual], [{"name": "a", **expected}]).matched_steps == matches


def test_a_provider_tool_call_is_a_type_of_its_own_without_fields_to_compare() -> None:
    actual = [{"name": "a", "stepType": "provider_tool_call", "toolArgs": {"x": 1}}]

    assert compare_steps(actual, [{"name": "a", "stepType": "tool_call"}]).score == 0
    wanted = {"name": "a", "stepType": "provider_tool_call", "toolArgs": {"x": 2}}
    assert compare_steps(actual, [wanted]).score == 1


@given(NAMES, NAMES)
@settings(deadline=None)
def test_unordered_matches_most_and_strict_least(actual: list[str], expected: list[str]) -> None:
    matched = [
        compare("".join(actual), "".join(expected), ordering).matched_steps
        for ordering in ("strict", "relaxed", "unordered")
    ]

    assert matched[0] <= matched[2]
    assert matched[1] <= matched[2]
