from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.judgement import Judgement
from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]


def calls(names: str, *, complete: bool = True, tools_observable: bool = True) -> Trajectory:
    ref = SpanRef("a" * 32, "b" * 16)
    steps = tuple(Step(StepType.TOOL_CALL, name, args={}, spans=(ref,)) for name in names)
    return Trajectory(steps, evidence=Evidence(complete, tools_observable))


@pytest.mark.parametrize(
    ("actual", "expected", "exact", "in_order", "any_order"),
    [
        ("ab", "ab", True, True, True),
        ("axb", "ab", False, True, True),
        ("ba", "ab", False, False, True),
        ("ab", "aab", False, False, False),
        ("aba", "aab", False, False, True),
        ("", "a", False, False, False),
    ],
)
def test_each_mode_compares_in_its_way(
    reported: Judge,
    context: Context,
    *,
    actual: str,
    expected: str,
    exact: bool,
    in_order: bool,
    any_order: bool,
) -> None:
    given = context(*({"tool_name": f" {name} "} for name in actual))
    tools = [f"{name} " for name in expected]

    verdicts = {
        "tool_sequence": in_order,
        "tool_sequence_in_order": in_order,
        "tool_sequence_exact": exact,
        "tool_sequence_any_order": any_order,
        "tool_trajectory": exact,
    }
    for scorer, verdict in verdicts.items():
        judgement = reported(scorer, given, tools=tools)
        assert judgement.passed is verdict
        assert judgement.label == ("matched" if verdict else "not_matched")


def test_only_tool_calls_with_a_name_count(reported: Judge, context: Context) -> None:
    given = context({"kind": "llm_call", "tool_name": "a"}, {"tool_name": " "}, {"tool_name": "b"})

    assert reported("tool_sequence_exact", given, tools=["b"]).passed is True


def test_mode_goes_before_pattern(reported: Judge, context: Context) -> None:
    given = context({"tool_name": "b"}, {"tool_name": "a"})
    tools = ["a", "b"]

    assert reported("tool_trajectory", given, tools=tools, pattern="any_order").passed is True
    both = reported("tool_trajectory", given, tools=tools, mode="in_order", pattern="any_order")
    assert both.passed is False


def test_the_evidence_leads_to_the_spans(found: Judge) -> None:
    evidence = json.loads(found("tool_sequence", calls("ab"), tools=["a"]).evidence or "")

    assert evidence["actual_tools"] == ["a", "b"]
    assert evidence["actual_spans"] == [f"{'a' * 32}/{'b' * 16}"] * 2


@pytest.mark.parametrize(
    ("scorer", "actual", "label"),
    [
        ("tool_sequence", "ab", "matched"),
        ("tool_sequence", "ba", "trace_partial"),
        ("tool_sequence_any_order", "ba", "matched"),
        ("tool_sequence_any_order", "b", "trace_partial"),
        ("tool_sequence_exact", "ab", "trace_partial"),
        ("tool_sequence_exact", "b", "trace_partial"),
        ("tool_sequence_exact", "x", "not_matched"),
    ],
)
def test_missing_spans_leave_only_verdicts_that_they_could_not_turn(
    found: Judge, scorer: str, actual: str, label: str
) -> None:
    assert found(scorer, calls(actual, complete=False), tools=["a", "b"]).label == label


def test_tools_that_leave_no_trace_are_not_called_missing(found: Judge) -> None:
    judgement = found("tool_sequence", calls("", tools_observable=False), tools=["a"])

    assert judgement.label == "tools_not_observable"
