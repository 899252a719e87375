from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scoring.trajectory.trajectories import (
    NO_TOOLS,
    PARTIAL,
    agent,
    call,
    calls,
    evidence_of,
    judge,
    model,
    outcome,
    trajectory,
)
from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory


@pytest.mark.parametrize(
    ("limits", "label", "passed"),
    [
        ({}, "called", True),
        ({"min": 2, "max": 2}, "called", True),
        ({"min": 3}, "called_too_seldom", False),
        ({"max": 1}, "called_too_often", False),
    ],
)
def test_calls_are_counted_at_every_depth(limits: dict[str, int], label: str, passed: bool) -> None:
    found = trajectory(agent("main", model(children=calls("a")), agent("sub", *calls("a b"))))
    judgement = judge("tool_called", found, tool="a", **limits)

    assert (judgement.label, judgement.passed, judgement.value) == (label, passed, float(passed))


def test_a_tool_that_was_not_called() -> None:
    found = trajectory(*calls("b"))

    assert judge("tool_called", found, tool="a").label == "not_called"
    assert judge("tool_called", found, tool="a").passed is False
    absent = judge("tool_not_called", found, tool="a")
    assert (absent.label, absent.passed) == ("not_called", True)
    present = judge("tool_not_called", found, tool="b")
    assert (present.label, present.passed) == ("called", False)


def test_only_calls_with_the_arguments_count() -> None:
    found = trajectory(call("a", args={"x": 1, "y": 2}), call("a", args={"x": 2}))

    assert evidence_of(judge("tool_called", found, tool="a", args={"x": 1}))["count"] == 1
    assert not judge("tool_called", found, tool="a", args={"x": 1}, args_mode="exact").passed
    assert judge("tool_called", found, tool="a", args_patterns={"/x": "^2$"}, max=1).passed
    assert judge("tool_not_called", found, tool="a", args_schema={"required": ["z"]}).passed


def test_missing_evidence_leaves_open_only_what_it_could_turn() -> None:
    seen = trajectory(*calls("a"), evidence=PARTIAL)

    assert judge("tool_called", seen, tool="a").passed is True
    assert outcome(judge("tool_called", seen, tool="a", max=1)) == "trace_partial"
    assert outcome(judge("tool_called", seen, tool="b")) == "trace_partial"
    assert judge("tool_not_called", seen, tool="a").passed is False
    assert outcome(judge("tool_not_called", seen, tool="b")) == "trace_partial"
    silent = trajectory(model(), evidence=NO_TOOLS)
    assert outcome(judge("tool_not_called", silent, tool="b")) == "tools_not_observable"


def test_arguments_that_were_not_captured() -> None:
    unknown = trajectory(call("a", args=msgspec.UNSET))

    assert outcome(judge("tool_called", unknown, tool="a", args={"x": 1})) == "args_not_captured"
    assert judge("tool_called", unknown, tool="a").passed is True
    assert judge("tool_called", unknown, tool="b", args={"x": 1}).passed is False


def test_the_agent_narrows_the_calls() -> None:
    found = trajectory(call("a", agent="one"), call("a", agent="two"))

    assert judge("tool_called", found, tool="a", agent="one", max=1).passed


def test_a_threshold_of_0_always_passes() -> None:
    judgement = judge("tool_called", trajectory(), tool="a", score_threshold=0, threshold=1)

    assert (judgement.value, judgement.passed) == (0.0, True)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "tool"),
        ({"tool": " "}, "tool"),
        ({"tool": "a", "min": 2, "max": 1}, "max"),
        ({"tool": "a", "args_mode": "paths"}, "arg_paths"),
        ({"tool": "a", "args_patterns": {"/x": "(?=a)"}}, "args_patterns./x"),
        ({"tool": "a", "args_schema": {"type": "strin"}}, "args_schema.type"),
        ({"tool": "a", "args": {}, "args_schema": True}, "args_mode"),
    ],
)
def test_parameters_of_no_use_are_refused(params: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure_trajectory("tool_called", json.dumps(params))

    assert [each.path for each in caught.value.violations] == [path]


@given(st.text("ab", max_size=6), st.text("ab", max_size=6), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_more_steps_never_turn_a_pass_into_a_failure(first: str, more: str, least: int) -> None:
    before = judge("tool_called", trajectory(*calls(" ".join(first))), tool="a", min=least)
    after = judge("tool_called", trajectory(*calls(" ".join(first + more))), tool="a", min=least)

    assert after.passed or not before.passed
