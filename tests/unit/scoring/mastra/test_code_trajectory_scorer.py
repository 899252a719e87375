from __future__ import annotations

import json
from typing import Any

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import Step, StepType, Tokens
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

NAME = "code_trajectory_scorer"
INCOMPLETE = Evidence(complete=False)


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"stepType": "tool_call", "name": name, **fields}


def agent(name: str, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"stepType": "agent_run", "name": name, "children": list(children), **fields}


def score(
    *steps: dict[str, Any], item: object = None, name: str = NAME, **parameters: object
) -> Judgement:
    scorer = configure_trajectory(name, json.dumps(parameters))
    return scorer(
        TrajectorySample(
            Sample("null", None, "null"),
            found=None,
            expected_trajectory=None if item is None else json.dumps(item),
            reported=json.dumps({"steps": list(steps)}),
        )
    )


def score_found(found: Trajectory, item: object, name: str = NAME) -> Judgement:
    sample = TrajectorySample(Sample("null", None, "null"), found, json.dumps(item))
    return configure_trajectory(name, "")(sample)


def call(name: str, **fields: Any) -> Step:
    return Step(StepType.TOOL_CALL, name, **fields)


def test_what_mastra_stores_counts_as_it_extracts_it() -> None:
    spans = [
        {"spanId": "r", "spanType": "agent_run", "name": "agent run: 'x'"},
        {"spanId": "t", "parentSpanId": "r", "spanType": "tool_call", "name": "n", "entityId": "a"},
    ]
    results = {"a": {"status": "success", "output": 5}, "b": 1}
    stored = ({"spans": spans}, {"stepResults": results, "stepExecutionPath": ["a", ["b"]]})
    scorer = configure_trajectory(NAME, json.dumps({"defaults": {"steps": [{"name": "a"}]}}))
    for reported in stored:
        sample = TrajectorySample(Sample("null", None, "null"), None, None, json.dumps(reported))
        assert scorer(sample).value == 1


def test_what_the_item_states_goes_before_the_defaults() -> None:
    defaults = {"steps": [{"name": "a"}], "blacklistedTools": ["b"], "maxSteps": 1}

    assert score(tool("a"), tool("b"), defaults=defaults).value == 0
    assert (
        score(tool("a"), tool("b"), defaults=defaults, item={"blacklistedTools": []}).value == 0.79
    )
    assert score(tool("a"), defaults=defaults, item={"steps": [{"name": "z"}]}).value == 0.5


def test_nothing_active_scores_1() -> None:
    assert score(tool("a")).value == 1
    assert score(tool("a"), item={}).value == 1


def test_an_expectation_of_no_steps_is_one() -> None:
    assert score(tool("a"), item={"steps": []}).value == 0
    assert score(tool("a"), item=[]).value == 0


def test_weights_of_0_or_less_count_nothing_and_all_of_them_score_1() -> None:
    expected = {"steps": [{"name": "a"}, {"name": "b"}]}

    assert score(tool("a"), item=expected, weights={"accuracy": -1}).value == 1
    halves = {**expected, "maxSteps": 1}
    assert score(tool("a"), item=halves, weights={"efficiency": -5}).value == 0.5


def test_a_level_is_7_tenths_of_its_own_and_3_of_those_below_rounded_at_each() -> None:
    below = {"steps": [{"name": "B", "children": {"steps": [{"name": "x"}, {"name": "y"}]}}]}
    expected = {"steps": [{"name": "A", "children": below}]}

    assert score(agent("A", agent("B", tool("x"))), item=expected).value == 0.96


def test_a_parent_that_is_missing_scores_0_below() -> None:
    expected = {"steps": [{"name": "a"}, {"name": "P", "children": {"maxSteps": 1}}]}

    assert score(tool("a"), item=expected).value == 0.35


def test_a_parent_without_children_is_held_to_what_is_expected_below() -> None:
    assert score(agent("P"), item=[{"name": "P", "children": {"steps": []}}]).value == 1
    assert score(agent("P"), item=[{"name": "P", "children": [{"name": "x"}]}]).value == 0.7


def test_two_parents_of_a_name_are_taken_in_turn() -> None:
    expected = [
        {"name": "P", "children": [{"name": "x"}]},
        {"name": "P", "children": [{"name": "y"}]},
    ]

    assert score(agent("P", tool("x")), agent("P", tool("y")), item=expected).value == 1


def test_the_duration_of_a_parent_is_what_its_budget_is_held_to() -> None:
    expected = [{"name": "P", "children": {"maxTotalDurationMs": 10}}]

    assert score(agent("P", tool("x"), durationMs=15), item=expected).value == 0.93


def test_a_blacklist_sees_every_depth_and_makes_it_0() -> None:
    deep = agent("A", agent("B", tool("first"), tool("second")))

    judgement = score(deep, item={"blacklistedTools": ["second", "other"]})
    assert (judgement.value, judgement.label) == (0, "blacklist_violation")
    assert "forbidden tools used: second." in judgement.reason
    assert score(deep, item={"blacklistedSequences": [["first", "second"]]}).value == 0
    assert score(deep, item={"blacklistedSequences": [["B", "first"], []]}).value == 1


def test_the_reason_lists_the_dimensions() -> None:
    expected = {"steps": [{"name": "a"}, {"name": "b"}], "maxSteps": 1}

    assert score(tool("a"), tool("c"), item=expected).reason == (
        "Score: 0.5. Accuracy (0.5): 1/2 expected steps matched. missing: b. extra: c. "
        "Efficiency (0.5): over step budget (2 steps)."
    )


def test_the_evidence_has_mastras_fields() -> None:
    evidence = json.loads(score(tool("a"), item=[{"name": "a"}]).evidence or "")

    assert evidence["accuracy"]["matchedSteps"] == 1
    assert evidence["toolFailures"]["patterns"] == []


def test_a_threshold_gives_a_verdict() -> None:
    item = [{"name": "a"}, {"name": "b"}]

    assert score(tool("a"), item=item).passed is None
    assert score(tool("a"), item=item, threshold=0.5).passed is True
    assert score(tool("a"), item=item, threshold=0.6).passed is False


def test_a_budget_that_cannot_be_measured_is_not_evaluable_in_mastras_words() -> None:
    judgement = score(tool("a"), item={"maxTotalTokens": 5})

    assert (judgement.status, judgement.label) == (
        ScoreStatus.NOT_EVALUABLE,
        "tokens_not_captured",
    )
    assert judgement.reason.startswith("Cannot evaluate token budget: missing model-generation")


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"defaults": {"maxStep": 1}}, "defaults.maxStep"),
        ({"defaults": {"steps": [{"name": "a", "argsMode": "subset"}]}}, "defaults"),
        ({"defaults": {"steps": [{}]}}, "defaults.steps[0].name"),
        ({"defaults": {"maxSteps": -1}}, "defaults.maxSteps"),
        ({"weights": {"accuracies": 1}}, "weights.accuracies"),
        ({"weights": {"accuracy": "1"}}, "weights.accuracy"),
        ({"default": {}}, "default"),
    ],
)
def test_parameters_of_no_use_are_refused_with_their_path(
    parameters: dict[str, object], path: str
) -> None:
    with pytest.raises(InvalidParameters) as refused:
        configure_trajectory(NAME, json.dumps(parameters))
    assert refused.value.violations[0].path == path


def test_what_mastra_does_not_know_in_an_item_is_not_passed_over() -> None:
    judgement = score(tool("a"), item={"steps": [{"name": "a"}], "order": [["a", "b"]]})

    assert (judgement.status, judgement.label) == (
        ScoreStatus.NOT_EVALUABLE,
        "invalid_expectation",
    )


class TestOfATrajectoryOfOurs:
    def test_a_single_agent_gives_way_to_what_it_did(self) -> None:
        steps = (Step(StepType.MODEL_GENERATION, "llm"), call("search", args={"q": 1}))
        found = Trajectory((Step(StepType.AGENT_RUN, "bot", children=steps),))

        expected = [{"name": "search", "stepType": "tool_call", "toolArgs": {"q": 1.0}}]
        assert score_found(found, expected).value == 1

    def test_the_evidence_leads_to_the_spans(self) -> None:
        found = Trajectory((call("search", spans=(SpanRef("a" * 32, "b" * 16),)),))

        for name in (NAME, TestTheAccuracyScorer.NAME):
            judgement = score_found(found, [{"name": "search"}], name)
            assert json.loads(judgement.evidence or "")["actualSteps"] == [
                {"name": "search", "stepType": "tool_call", "spans": [f"{'a' * 32}/{'b' * 16}"]}
            ]

    def test_a_value_that_is_no_object_is_wrapped_as_mastra_does(self) -> None:
        found = Trajectory((call("search", args="x", output=[1], success=True),))
        expected = {
            "name": "search",
            "stepType": "tool_call",
            "toolArgs": {"value": "x"},
            "toolResult": {"value": [1]},
        }

        assert score_found(found, [expected]).value == 1

    def test_arguments_that_were_not_captured_make_it_not_evaluable(self) -> None:
        found = Trajectory((call("search"),))

        judgement = score_found(
            found, [{"name": "search", "stepType": "tool_call", "toolArgs": {"q": 1}}]
        )
        assert judgement.label == "args_not_captured"

    def test_two_calls_whose_arguments_are_unknown_are_not_called_redundant(self) -> None:
        found = Trajectory((call("search"), call("search")))

        assert score_found(found, {"noRedundantCalls": True}).label == "args_not_captured"

    def test_tokens_of_every_depth_and_the_duration_count(self) -> None:
        inner = Step(StepType.MODEL_GENERATION, "llm", tokens=Tokens(60, 60))
        nested = (Step(StepType.AGENT_RUN, "helper", children=(inner,)), call("a", args={}))
        found = Trajectory(nested, duration=1_500_000)
        budgets = {"maxTotalTokens": 100, "maxTotalDurationMs": 1000, "noRedundantCalls": False}

        assert score_found(found, budgets).value == 0.65

    def test_a_trace_that_is_not_complete_is_not_evaluable(self) -> None:
        found = Trajectory((call("a"),), evidence=INCOMPLETE)

        assert score_found(found, [{"name": "a"}]).label == "trace_partial"

    @pytest.mark.parametrize(
        "item",
        [
            {"blacklistedTools": ["a"], "maxTotalTokens": 1},
            {"blacklistedSequences": [["a", "b"]]},
            [{"name": "P", "children": {"blacklistedTools": ["x"], "maxTotalTokens": 1}}],
        ],
    )
    def test_what_was_forbidden_and_done_is_so_whatever_is_missing(self, item: object) -> None:
        parent = Step(StepType.AGENT_RUN, "P", children=(call("x"),))
        model = Step(StepType.MODEL_GENERATION, "llm")
        found = Trajectory((call("a"), model, call("b"), parent), evidence=INCOMPLETE)

        assert score_found(found, item).value == 0

    def test_without_any_trajectory_it_is_not_evaluable(self) -> None:
        sample = TrajectorySample(Sample("null", None, "null"), None)

        assert configure_trajectory(NAME, "")(sample).label == "no_trajectory"

    def test_a_tree_of_20_000_levels_is_scored(self) -> None:
        step = call("deepest")
        for _ in range(20_000):
            step = Step(StepType.AGENT_RUN, "a", children=(step,))

        assert score_found(Trajectory((step,)), {"blacklistedTools": ["deepest"]}).value == 0


class TestTheAccuracyScorer:
    NAME = "code_trajectory_accuracy_scorer"

    def accuracy(self, *steps: dict[str, Any], **parameters: Any) -> Judgement:
        return score(*steps, name=self.NAME, **parameters)

    def test_it_takes_a_recorded_trajectory_too(self) -> None:
        recorded = {"steps": [tool("a", toolArgs={"x": 1}, durationMs=5)], "totalDurationMs": 5}

        assert self.accuracy(tool("a", toolArgs={"x": 1}), expectedTrajectory=recorded).value == 1
        assert self.accuracy(tool("a", toolArgs={"x": 2}), expectedTrajectory=recorded).value == 0

    def test_no_steps_given_is_an_expectation_of_none(self) -> None:
        assert self.accuracy(tool("a"), expectedTrajectory=[], item=[{"name": "a"}]).value == 0

    def test_without_an_expectation_it_is_not_evaluable(self) -> None:
        for item in (None, {"ordering": "strict"}):
            assert self.accuracy(tool("a"), item=item).label == "no_expectation"

    def test_options_count_where_the_item_does_not_say(self) -> None:
        options = {"ordering": "strict", "allowRepeatedSteps": False}
        item = {"steps": [{"name": "a"}]}

        assert self.accuracy(tool("b"), tool("a"), item=item, comparisonOptions=options).value == 0
        item["ordering"] = "relaxed"  # type: ignore[assignment]
        assert self.accuracy(tool("b"), tool("a"), item=item, comparisonOptions=options).value == 1

    def test_a_full_match_stands_even_if_the_trace_is_not_complete(self) -> None:
        found = Trajectory((call("a"),), evidence=INCOMPLETE)

        assert score_found(found, [{"name": "a"}], self.NAME).value == 1
        assert score_found(found, [{"name": "b"}], self.NAME).label == "trace_partial"

    @pytest.mark.parametrize(
        ("parameters", "path"),
        [
            ({"expectedTrajectory": {"step": []}}, "expectedTrajectory.step"),
            ({"expectedTrajectory": {"steps": [{"nam": 1}]}}, "expectedTrajectory.steps[0].nam"),
            ({"expectedTrajectory": 1}, "expectedTrajectory"),
            ({"comparisonOptions": {"ordering": "exact"}}, "comparisonOptions.ordering"),
        ],
    )
    def test_bad_parameters_are_refused(self, parameters: dict[str, object], path: str) -> None:
        with pytest.raises(InvalidParameters) as refused:
            configure_trajectory(self.NAME, json.dumps(parameters))
        assert refused.value.violations[0].path == path
