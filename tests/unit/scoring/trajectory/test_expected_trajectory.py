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
    expected,
    judge,
    model,
    outcome,
    trajectory,
)
from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory
from trialbook.services.scoring.judgement import Judgement


def parts(judgement: Judgement) -> dict[str, float | None]:
    return {each["part"]: each["value"] for each in evidence_of(judgement)["parts"]}


@pytest.mark.parametrize(
    ("ordering", "done", "value", "passed"),
    [
        ("strict", "a b", 1, True),
        ("strict", "a x b", 0.8, False),
        ("relaxed", "a x b", 1, True),
        ("relaxed", "b a", 0.5, False),
        ("unordered", "b a", 1, True),
    ],
)
def test_the_steps_count_by_their_ordering(
    ordering: str, done: str, value: float, passed: bool
) -> None:
    stated = expected("a b", ordering=ordering)
    judgement = judge("expected_trajectory", trajectory(*calls(done)), stated)

    assert judgement.value == pytest.approx(value)
    assert judgement.passed is passed


def test_every_part_that_is_stated_is_listed_with_its_share() -> None:
    stated = expected(
        "a b",
        order=[["b", "a"]],
        maxSteps=4,
        noRedundantCalls=True,
        maxRetriesPerTool=0,
        allowRepeatedSteps=False,
        blacklistedTools=["x"],
    )
    found = trajectory(call("a", success=False), call("a"), call("b"))

    judgement = judge("expected_trajectory", found, stated)

    assert parts(judgement) == {
        "steps": 1.0,
        "order": 0.0,
        "budgets": 1.0,
        "redundancy": 1.0,
        "retries": 0.5,
        "repeats": 0.5,
        "blacklist": 1.0,
    }
    shares = [each["share"] for each in evidence_of(judgement)["parts"]]
    assert sum(shares) == pytest.approx(1)
    assert judgement.value == pytest.approx((0.4 + 0.1 + 0.1 + 0.025 + 0.025 + 0.1) / 0.9)
    assert judgement.reason == "Not as expected: order, retries, repeats."
    alone = judge(
        "expected_trajectory",
        found,
        stated,
        weights=dict.fromkeys(parts(judgement), 0) | {"order": 1},
    )
    assert alone.value == 0


def test_a_blacklist_sees_every_depth_and_takes_everything() -> None:
    found = trajectory(agent("main", *calls("a"), model(children=calls("x"))))

    for rule in ({"blacklistedTools": ["x"]}, {"blacklistedSequences": [["a", "x"]]}):
        judgement = judge("expected_trajectory", found, expected("a", **rule))
        assert (judgement.value, judgement.passed) == (0.0, False)


def nested(**below: object) -> dict[str, object]:
    return {"steps": [{"name": "A", "children": {**below}}, {"name": "z"}]}


def test_children_are_judged_below_their_step() -> None:
    stated = nested(**expected("a b", ordering="strict"))
    found = trajectory(agent("main", agent("A", *calls("a b")), call("z")))

    assert judge("expected_trajectory", found, stated).value == 1
    other = trajectory(agent("A", *calls("a")), *calls("b z"))
    judgement = judge("expected_trajectory", other, stated)
    assert parts(judgement) == {"steps": 1.0, "subtrees": pytest.approx(2 / 3)}
    missing = judge("expected_trajectory", trajectory(*calls("a b z")), stated)
    assert parts(missing) == {"steps": 0.5, "subtrees": 0.0}


def test_what_children_do_is_not_extra_above() -> None:
    stated = {**nested(**expected("a")), "ordering": "strict"}

    assert judge(
        "expected_trajectory", trajectory(agent("A", *calls("a")), call("z")), stated
    ).passed
    assert not judge(
        "expected_trajectory", trajectory(agent("A", *calls("a")), *calls("y z")), stated
    ).passed


def test_a_blacklist_of_children_takes_everything_too_and_names_the_place() -> None:
    stated = nested(**expected("b", blacklistedTools=["x"]))
    found = trajectory(agent("A", call("b"), call("x", span="4" * 16)), call("z"))

    judgement = judge("expected_trajectory", found, stated)

    assert judgement.value == 0
    (below,) = next(
        each["subtrees"] for each in evidence_of(judgement)["parts"] if each["part"] == "subtrees"
    )
    assert below["parts"][1]["blacklisted"] == [
        {"step": 2, "name": "x", "spans": ["0" * 32 + "/" + "4" * 16]}
    ]


def test_a_part_without_evidence_leaves_no_verdict_unless_another_has_failed() -> None:
    unmeasured = trajectory(*calls("a"), model())
    stated = expected("a", maxTotalTokens=9)

    assert outcome(judge("expected_trajectory", unmeasured, stated)) == "tokens_not_captured"
    judgement = judge(
        "expected_trajectory", unmeasured, {**stated, "maxRetriesPerTool": 0, **expected("b")}
    )
    assert (judgement.passed, parts(judgement)["budgets"]) == (False, None)
    partial = trajectory(*calls("a x"), evidence=PARTIAL)
    blacklisted = judge("expected_trajectory", partial, expected("b", blacklistedTools=["x"]))
    assert (blacklisted.value, blacklisted.passed) == (0.0, False)


def test_nothing_to_judge_by_is_not_evaluable() -> None:
    assert outcome(judge("expected_trajectory", trajectory(), {})) == "no_expectation"
    assert outcome(judge("expected_trajectory", trajectory())) == "no_expectation"
    zero = judge("expected_trajectory", trajectory(), expected(""), weights={"steps": 0})
    assert outcome(zero) == "no_weight"


def test_weights_are_checked() -> None:
    for weights in ({"step": 1}, {"steps": -1}):
        with pytest.raises(InvalidParameters) as caught:
            configure_trajectory("expected_trajectory", json.dumps({"weights": weights}))
        assert caught.value.violations[0].path.startswith("weights.step")


def subtree(found: Any, stated: object = None, **parameters: object) -> Judgement:
    return judge("subtree", found, stated, **parameters)


def test_a_subtree_has_a_result_of_its_own() -> None:
    found = trajectory(
        agent("main", agent("x", agent("A", *calls("a b"))), agent("A", *calls("a")))
    )
    wanted = expected("a b")

    assert subtree(found, path=["main", "x", "A"], expected=wanted).passed
    assert subtree(found, path=["main", "A"], expected=wanted).value == 0.5
    assert subtree(found, path=["main", "A"], expected=wanted, which="any").value == 1
    missing = subtree(found, path=["A", "x"], expected=wanted)
    assert (missing.passed, missing.label) == (False, "path_missing")


def test_the_expectation_of_a_subtree_may_be_the_items_children() -> None:
    found = trajectory(agent("A", *calls("a b")))
    stated = {"steps": [{"name": "A", "children": expected("a b")}]}

    assert subtree(found, stated, path=["A"]).passed
    assert outcome(subtree(found, stated, path=["B"])) == "no_expectation"


def test_a_subtree_with_missing_evidence() -> None:
    found = trajectory(agent("A", *calls("a")), evidence=PARTIAL)

    assert subtree(found, path=["A"], expected=expected("a")).passed
    assert outcome(subtree(found, path=["A"], expected=expected("b"))) == "trace_partial"
    assert outcome(subtree(found, path=["B"], expected=expected("a"))) == "trace_partial"


def test_a_trajectory_of_20000_levels_is_judged() -> None:
    step = call("a")
    for _ in range(20_000):
        step = agent("x", step)

    assert judge("expected_trajectory", trajectory(step), expected("a")).passed
    # Steps are freed one by one: a deep chain of them would be freed by recursion.
    while step.children:
        step = msgspec.structs.replace(step.children[0])
