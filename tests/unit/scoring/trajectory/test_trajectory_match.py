from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.unit.scoring.trajectory.trajectories import (
    NO_TOOLS,
    PARTIAL,
    agent,
    call,
    calls,
    evidence_of,
    expected,
    judge,
    model,
    outcome,
    parallel,
    trajectory,
)
from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory

MODES = ("exact", "in_order", "any_order", "superset", "subset", "unordered")


def verdicts(wanted: object, *steps: Any, **fields: Any) -> list[float | str | None]:
    found = trajectory(*steps, **fields)
    return [outcome(judge("trajectory_match", found, wanted, mode=mode)) for mode in MODES]


@pytest.mark.parametrize(
    ("wanted", "done", "values"),
    [
        ("", "", [1, 1, 1, 1, 1, 1]),
        ("", "a", [0, 1, 1, 1, 0, 0]),
        ("a", "", [0, 0, 0, 0, 1, 0]),
        ("a", "a a", [0, 1, 1, 1, 0, 0]),
        ("a a", "a", [0, 0, 0, 0, 1, 0]),
        ("a b", "b a", [0, 0, 1, 1, 1, 1]),
        ("a b", "a x b", [0, 1, 1, 1, 0, 0]),
        ("a b", "a b", [1, 1, 1, 1, 1, 1]),
    ],
)
def test_each_mode_decides_the_edge_cases(wanted: str, done: str, values: list[float]) -> None:
    assert verdicts(expected(wanted), *calls(done)) == values


@pytest.mark.parametrize(
    ("mode", "wanted", "actual", "value"),
    [
        ("exact", {"x": 1, "y": 2}, {"y": 2.0, "x": 1}, 1),
        ("exact", {"x": 1}, {"x": 1, "y": 2}, 0),
        ("exact", {"x": 1}, {"x": "1"}, 0),
        ("exact", {"x": 1}, {"x": True}, 0),
        ("superset", {"x": {"a": 1}}, {"x": {"a": 1, "b": 2}, "y": 2}, 1),
        ("superset", {"x": 1, "y": 2}, {"x": 1}, 0),
        ("superset", {"x": [1, 2]}, {"x": [1, 2, 3]}, 0),
        ("subset", {"x": 1, "y": 2}, {"x": 1}, 1),
        ("subset", {"x": 1}, {"x": 1, "y": 2}, 0),
        ("ignore", {"x": 1}, {"z": 1}, 1),
        ("partial", {"x": 1, "y": 2}, {"x": 1, "y": 3}, 0),
        ("partial", {"x": 1}, {"x": 1}, 1),
        ("partial", {}, {}, 1),
        ("partial", {}, "text", 0),
    ],
)
def test_arguments_are_compared_in_a_mode(
    mode: str, wanted: object, actual: object, value: float
) -> None:
    steps = [{"name": "a", "args": wanted, "args_mode": mode}]

    assert outcome(judge("trajectory_match", trajectory(call("a", args=actual)), steps)) == value


@pytest.mark.parametrize(
    ("rule", "actual", "value"),
    [
        ({"args": {"x": 1, "y": 2}, "arg_paths": ["/x"]}, {"x": 1, "y": 9}, 1),
        ({"args": {"x": [{"k": 1}]}, "arg_paths": ["/x/0/k"]}, {"x": [{"k": 2}]}, 0),
        ({"args_schema": {"required": ["x"]}}, {"x": 1}, 1),
        ({"args_schema": {"required": ["x"]}}, {"y": 1}, 0),
        ({"args_patterns": {"/id": "^[0-9]+$"}}, {"id": "123"}, 1),
        ({"args_patterns": {"/id": "^[0-9]+$"}}, {"id": 123}, 1),
        ({"args_patterns": {"/id": "^[0-9]+$"}}, {"id": "a"}, 0),
        ({"args_patterns": {"/id": "."}}, {}, 0),
    ],
)
def test_arguments_are_compared_by_paths_schema_and_patterns(
    rule: dict[str, object], actual: object, value: float
) -> None:
    found = trajectory(call("a", args=actual))
    by_tool = {name: stated for name, stated in rule.items() if name != "args"}
    step: dict[str, object] = {"name": "a"}
    step |= {name: stated for name, stated in rule.items() if name == "args"}

    assert outcome(judge("trajectory_match", found, [{"name": "a", **rule}])) == value
    whole = {"steps": [step], "tools": {"a": by_tool}}
    assert outcome(judge("trajectory_match", found, whole)) == value


def test_the_parameter_is_the_mode_of_arguments_where_nothing_else_is_said() -> None:
    found = trajectory(call("a", args={"x": 1, "y": 2}))
    steps = [{"name": "a", "args": {"x": 1}}]

    assert outcome(judge("trajectory_match", found, steps)) == 1
    assert outcome(judge("trajectory_match", found, steps, args_mode="exact")) == 0


def test_loose_arguments_are_matched_at_best_and_not_greedily() -> None:
    steps = [{"name": "a"}, {"name": "a", "args": {"x": 1}}]
    found = trajectory(call("a", args={"x": 1}), call("a", args={"x": 2}))

    assert outcome(judge("trajectory_match", found, steps, mode="unordered")) == 1


def test_a_type_and_fields_that_are_stated_must_be_the_same() -> None:
    step = call("a", output={"ok": True}, attributes={"mcp_server": "s"})
    found = trajectory(step)

    cases: list[tuple[dict[str, object], object]] = [
        ({"stepType": "tool_call", "toolResult": {"ok": True}, "mcpServer": "s"}, 1.0),
        ({"stepType": "mcp_tool_call"}, "mismatch"),
        ({"output": {"ok": False}}, "mismatch"),
        ({"success": False}, "mismatch"),
        ({"step_id": "7"}, "fields_not_captured"),
    ]
    for stated, value in cases:
        judgement = judge("trajectory_match", found, [{"name": "a", **stated}])
        assert value in (judgement.value, judgement.label)


def test_steps_side_by_side_are_a_bag() -> None:
    found = (*calls("a"), *parallel(call("b"), call("c"), call("d")), *calls("e"))

    assert verdicts(expected("a d b c e"), *found)[:2] == [1, 1]
    assert verdicts(expected("b a c d e"), *found)[:2] == [0, 0]
    assert verdicts(expected("a d e"), *found)[1] == 1


def test_expected_steps_may_be_a_bag() -> None:
    steps = [{"name": "a"}, {"parallel": [{"name": "b"}, {"name": "c"}]}, {"name": "d"}]

    assert verdicts(steps, *calls("a c b d"))[:2] == [1, 1]
    assert verdicts(steps, *calls("c a b d"))[:2] == [0, 0]


def test_bags_on_both_sides_need_an_order_that_both_allow() -> None:
    steps = [{"parallel": [{"name": "a"}, {"name": "b"}]}, {"name": "c"}]

    assert verdicts(steps, *calls("a"), *parallel(call("b"), call("c")))[:2] == [1, 1]
    assert verdicts(steps, *calls("c"), *parallel(call("a"), call("b")))[:2] == [0, 0]


def test_the_order_inside_a_branch_counts_where_no_other_branch_is_looked_at() -> None:
    first = agent("x", call("a", agent="x"), call("b", agent="x"))
    second = agent("y", call("c", agent="y"))
    found = trajectory(*parallel(first, second))

    assert judge("trajectory_match", found, expected("b a c")).passed
    assert not judge("trajectory_match", found, expected("b a"), agent="x").passed
    assert judge("trajectory_match", found, expected("a b"), agent="x").passed


def test_nesting_does_not_change_the_verdict() -> None:
    nested = trajectory(agent("main", model(children=calls("a")), agent("sub", call("b"))))
    flat = trajectory(model(), call("a"), model(), call("b"))

    for found in (nested, flat):
        assert judge("trajectory_match", found, expected("a b", ordering="strict")).passed


def test_the_run_of_the_target_itself_is_no_step_unless_it_is_expected() -> None:
    found = trajectory(agent("main", agent("sub"), agent("other")))

    for names in (["sub", "other"], ["main", "sub", "other"]):
        steps = [{"name": name, "stepType": "agent_run"} for name in names]
        assert judge("trajectory_match", found, steps, mode="exact").passed


def test_the_ordering_of_the_expectation_is_the_mode_by_default() -> None:
    found = trajectory(*calls("b a x"))
    values = [
        outcome(judge("trajectory_match", found, expected("a b", ordering=ordering)))
        for ordering in ("strict", "relaxed", "unordered")
    ]

    assert values == [0, 0, 1]


def test_to_expect_no_steps_means_that_none_may_be() -> None:
    assert judge("trajectory_match", trajectory(*calls("a")), expected("")).passed is False
    vacuous = judge("trajectory_match", trajectory(*calls("a")), expected(""), mode="in_order")
    assert vacuous.passed
    assert "every trajectory" in evidence_of(vacuous)["warnings"][0]


@pytest.mark.parametrize(
    ("wanted", "done", "values"),
    [
        ("a", "a", ["?", 1, 1, 1, "?", "?"]),
        ("a", "b", [0, "?", "?", "?", 0, 0]),
        ("a b", "a", ["?", "?", "?", "?", "?", "?"]),
        ("a b", "b a", [0, "?", 1, 1, "?", "?"]),
        ("a", "a x", [0, 1, 1, 1, 0, 0]),
    ],
)
def test_what_missing_spans_could_turn_is_not_evaluable(
    wanted: str, done: str, values: list[object]
) -> None:
    known = verdicts(expected(wanted), *calls(done), evidence=PARTIAL)

    assert ["?" if value == "trace_partial" else value for value in known] == values


def test_without_evidence_of_tools_there_is_no_verdict_on_them() -> None:
    found = trajectory(model(), evidence=NO_TOOLS)
    models = [{"name": "chat", "stepType": "model_generation"}]

    assert outcome(judge("trajectory_match", found, expected("a"))) == "tools_not_observable"
    assert outcome(judge("trajectory_match", found, models)) == 1


def test_arguments_that_were_not_captured_leave_a_verdict_open_only_if_it_hangs_on_them() -> None:
    found = trajectory(call("a", args=msgspec.UNSET))
    steps: list[dict[str, object]] = [{"name": "a", "args": {"x": 1}}]

    assert outcome(judge("trajectory_match", found, steps)) == "args_not_captured"
    assert outcome(judge("trajectory_match", found, [*steps, {"name": "b"}])) == 0
    assert outcome(judge("trajectory_match", found, steps, args_mode="ignore")) == 1
    assert outcome(judge("trajectory_match", found, expected("a"))) == 1


def test_without_an_expectation_or_a_trajectory_it_is_not_evaluable() -> None:
    assert outcome(judge("trajectory_match", trajectory())) == "no_expectation"
    assert outcome(judge("trajectory_match", trajectory(), {"maxSteps": 1})) == "no_expectation"
    assert outcome(judge("trajectory_match", None, expected("a"))) == "no_trajectory"
    assert outcome(judge("trajectory_match", trajectory(), {"stepz": []})) == "invalid_expectation"


def test_the_parameters_go_before_the_items_expectation() -> None:
    judgement = judge(
        "trajectory_match", trajectory(*calls("a")), expected("b"), expected=[{"name": "a"}]
    )

    assert judgement.passed


def test_an_expectation_in_the_parameters_is_checked_with_its_path() -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure_trajectory("trajectory_match", json.dumps({"expected": {"steps": [{"nam": 1}]}}))

    assert [each.path for each in caught.value.violations] == ["expected.steps[0].nam"]


def test_every_line_of_the_evidence_leads_to_its_span() -> None:
    found = trajectory(agent("main", call("a", span="1" * 16), call("x", span="2" * 16)))

    evidence = evidence_of(judge("trajectory_match", found, expected("a b")))

    (matched,), (extra,), (missing,) = evidence["matched"], evidence["extra"], evidence["missing"]
    assert (matched["expected"], matched["step"]) == (0, 1)
    assert matched["spans"] == ["0" * 32 + "/" + "1" * 16]
    assert (extra["name"], extra["step"]) == ("x", 2)
    assert missing == {"expected": 1, "name": "b"}
    assert evidence["evidence"]["complete"] is True


def test_more_than_2000_steps_are_too_long_to_compare() -> None:
    assert outcome(judge("trajectory_match", trajectory(*calls("a " * 2001)), expected("a"))) == (
        "too_long"
    )


def test_large_evidence_is_cut_and_says_so() -> None:
    found = trajectory(*(call("x" * 300, span="3" * 16) for _ in range(900)))
    judgement = judge("trajectory_match", found, expected("a"))

    assert len(judgement.evidence or "") <= 64 * 1024
    assert evidence_of(judgement)["extra_total"] == 900
