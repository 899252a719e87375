"""Order, allowed tools, forbidden sequences, redundancy and failures."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.unit.scoring.trajectory.trajectories import (
    PARTIAL,
    agent,
    call,
    calls,
    evidence_of,
    judge,
    model,
    outcome,
    parallel,
    trajectory,
)
from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory


def test_order_is_kept_by_the_first_of_each_name() -> None:
    order = [["a", "b"], ["b", "c"], ["a", "z"]]
    judgement = judge("order_constraints", trajectory(*calls("a b a c b")), order=order)

    assert judgement.value == pytest.approx(2 / 3)
    assert judgement.passed is False
    assert [each["kept"] for each in evidence_of(judgement)["order"]] == [True, True, False]
    assert judge("order_constraints", trajectory(*calls("a c")), order=[["a", "c"]]).passed


def test_steps_side_by_side_are_in_no_order() -> None:
    found = trajectory(*parallel(call("a"), call("b")), call("c"))

    assert judge("order_constraints", found, order=[["a", "b"]]).passed is False
    assert judge("order_constraints", found, order=[["a", "c"], ["b", "c"]]).passed


def test_the_order_may_be_the_items() -> None:
    found = trajectory(*calls("b a"))

    assert judge("order_constraints", found, {"order": [["a", "b"]]}).value == 0
    assert outcome(judge("order_constraints", found, {"maxSteps": 1})) == "no_expectation"
    partial = trajectory(*calls("a b"), evidence=PARTIAL)
    assert outcome(judge("order_constraints", partial, order=[["a", "b"]])) == "trace_partial"


@pytest.mark.parametrize(
    ("order", "path"),
    [([["a", "b"], ["b", "a"]], "order"), ([["a"]], "order[0]"), ([["a", 1]], "order[0][1]")],
)
def test_an_order_that_nothing_can_keep_is_refused(order: object, path: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure_trajectory("order_constraints", json.dumps({"order": order}))

    assert [each.path for each in caught.value.violations] == [path]


def test_only_allowed_tools_may_be_called() -> None:
    found = trajectory(model(), agent("x", *calls("a b")))

    assert judge("allowed_tools", found, tools=["a", "b", "c"]).passed
    refused = judge("allowed_tools", found, tools=["a"])
    assert (refused.value, refused.label) == (0.0, "not_allowed")
    assert [each["name"] for each in evidence_of(refused)["not_allowed"]] == ["b"]
    assert judge("allowed_tools", trajectory(), tools=[]).passed
    partial = trajectory(*calls("a"), evidence=PARTIAL)
    assert outcome(judge("allowed_tools", partial, tools=["a"])) == "trace_partial"
    assert judge("allowed_tools", partial, tools=["b"]).passed is False


@pytest.mark.parametrize(
    ("done", "contiguous", "subsequence"),
    [("a b", 0, 0), ("a x b", 1, 0), ("b a", 1, 1), ("a", 1, 1), ("a a b", 0, 0)],
)
def test_forbidden_sequences_are_found(done: str, contiguous: float, subsequence: float) -> None:
    found = trajectory(agent("main", model(children=calls(done))))

    for mode, value in (("contiguous", contiguous), ("subsequence", subsequence)):
        judgement = judge("forbidden_sequences", found, sequences=[["a", "b"]], mode=mode)
        assert judgement.value == value


def test_a_sequence_runs_through_a_group_but_not_inside_it() -> None:
    found = trajectory(call("a"), *parallel(call("b"), call("c")), call("d"))

    for names, value in (("a c", 0), ("b d", 0), ("b c", 1), ("a c d", 0)):
        sequences = [names.split()]
        assert judge("forbidden_sequences", found, sequences=sequences).value == value


def test_forbidden_sequences_may_be_the_items() -> None:
    found = trajectory(*calls("a b"))

    assert judge("forbidden_sequences", found, {"blacklistedSequences": [["a", "b"]]}).value == 0
    assert outcome(judge("forbidden_sequences", found, {})) == "no_expectation"


def test_between_neighbours_there_may_be_steps_that_were_not_seen() -> None:
    found = trajectory(*calls("a b"), evidence=PARTIAL)

    for parameters, result in (
        ({"mode": "contiguous"}, "trace_partial"),
        ({"mode": "subsequence"}, 0),
    ):
        judgement = judge("forbidden_sequences", found, sequences=[["a", "b"]], **parameters)
        assert outcome(judgement) == result
    assert outcome(judge("forbidden_sequences", found, sequences=[["b", "a"]])) == "trace_partial"


def x(value: int, **fields: Any) -> Any:
    return call("a", args={"x": value}, **fields)


@pytest.mark.parametrize(
    ("steps", "consecutive", "anywhere"),
    [
        ((x(1), x(1), x(2), x(1)), 0.75, 0.5),
        ((x(1, success=False), x(1)), 1, 1),
        ((x(1, agent="one"), x(1, agent="two")), 1, 1),
        ((x(1, agent="one"), x(1, agent="two"), x(1, agent="one")), 2 / 3, 2 / 3),
        ((x(1), *parallel(call("b"), x(1))), 2 / 3, 2 / 3),
        ((x(1), *parallel(call("b"), call("c")), x(1)), 1, 0.75),
        ((), 1, 1),
    ],
)
def test_redundant_calls_are_those_made_before_without_failure(
    steps: tuple[Any, ...], consecutive: float, anywhere: float
) -> None:
    found = trajectory(*steps)

    assert judge("redundant_calls", found).value == pytest.approx(consecutive)
    assert judge("redundant_calls", found, mode="any").value == pytest.approx(anywhere)


def test_the_longest_loop_is_reported_and_may_fail() -> None:
    found = trajectory(*calls("s a b a b a b e e"))
    judgement = judge("redundant_calls", found, max_redundant=9)

    loop = evidence_of(judgement)["loop"]
    assert (loop["repeats"], [each["name"] for each in loop["cycle"]]) == (3, ["a", "b"])
    assert judgement.passed
    looping = judge("redundant_calls", found, max_redundant=9, max_cycle_repeats=2)
    assert (looping.passed, looping.label) == (False, "loop")


def test_redundancy_without_arguments_is_not_evaluable_where_it_matters() -> None:
    unknown = call("a", args=msgspec.UNSET)

    twice = trajectory(unknown, unknown)
    assert outcome(judge("redundant_calls", twice)) == "args_not_captured"
    assert outcome(judge("redundant_calls", trajectory(unknown, call("b")))) == 1
    partial = trajectory(call("a"), call("a"), evidence=PARTIAL)
    assert outcome(judge("redundant_calls", partial)) == "trace_partial"
    assert judge("redundant_calls", partial, mode="any").passed is False


def failed(name: str, **fields: Any) -> Any:
    return call(name, success=False, **fields)


def test_failures_are_recovered_by_a_later_success() -> None:
    assert outcome(judge("tool_failures", trajectory(*calls("a")))) == 1
    found = trajectory(failed("a", error="boom"), call("b"), failed("c"), call("a"))
    judgement = judge("tool_failures", found)

    assert (judgement.value, judgement.passed, judgement.label) == (0.5, False, "not_recovered")
    first, second = evidence_of(judgement)["failures"]
    assert (first["error"], first["recovered_by"]["step"]) == ("boom", 3)
    assert second["recovered_by"] is None
    assert judge("tool_failures", found, fallbacks={"c": ["a"]}).label == "recovered"
    assert judge("tool_failures", found, fallbacks={"c": ["b"]}).value == 0.5
    assert judge("tool_failures", found, tools=["a"]).passed


def test_an_unknown_outcome_leaves_recovery_open_only_where_it_matters() -> None:
    unknown = call("a", success=None)

    assert outcome(judge("tool_failures", trajectory(unknown))) == "outcomes_not_captured"
    assert outcome(judge("tool_failures", trajectory(unknown, call("a")))) == 1
    assert outcome(judge("tool_failures", trajectory(unknown, failed("b")))) == 0
    partial = trajectory(failed("b"), evidence=PARTIAL)
    assert outcome(judge("tool_failures", partial)) == "trace_partial"
