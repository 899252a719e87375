from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.agnt5.plan_quality import meaningful_words
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.trajectory.trajectory import Trajectory

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]
SEARCH = {"text_safe": "Search refund policy", "expected_action": "tool_call"}
ANSWER = {"text_safe": "Summarize refund policy", "expected_action": "final_answer"}


def plan(*steps: dict[str, Any], detected: bool = True) -> dict[str, Any]:
    return {"detected": detected, "steps": list(steps)}


@pytest.mark.parametrize("scorer", ["plan_quality", "plan_adherence"])
def test_no_plan_scores_0_and_never_passes(reported: Judge, context: Context, scorer: str) -> None:
    for given in (plan(), plan(SEARCH, detected=False)):
        judgement = reported(scorer, context(plan=given), threshold=0)
        assert (judgement.value, judgement.passed, judgement.label) == (0, False, "no_plan")


@pytest.mark.parametrize("scorer", ["plan_quality", "plan_adherence"])
def test_a_trajectory_tells_of_no_plans(found: Judge, scorer: str) -> None:
    judgement = found(scorer, Trajectory(()))

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "no_plan")


class TestAdherence:
    @pytest.mark.parametrize(
        ("features", "matches", "score", "label"),
        [
            ({"plan_steps_matched": 2}, [], 1.0, "adhered"),
            ({"plan_steps_matched": 9}, [], 1.0, "adhered"),
            ({}, [1, 1, None, 2], 1.0, "adhered"),
            ({}, [1], 0.5, "partial_adherence"),
            ({}, [], 0.0, "not_adhered"),
            ({"plan_steps_total": 4, "plan_steps_matched": 2}, [], 0.5, "partial_adherence"),
            ({"off_path_steps": [3], "error_count": 1}, [1, 2], 0.5, "partial_adherence"),
            ({"retry_groups": [{"step_ids": [1, 2, 3]}]}, [1, 2], 0.5, "partial_adherence"),
            ({"error_count": -5}, [1, 2], 1.0, "adhered"),
        ],
    )
    def test_it_is_the_share_of_steps_that_were_done(
        self,
        reported: Judge,
        context: Context,
        *,
        features: dict[str, Any],
        matches: list[int | None],
        score: float,
        label: str,
    ) -> None:
        steps = [{"matches_plan_step": match} for match in matches]
        given = context(*steps, plan=plan(SEARCH, ANSWER), features=features)

        judgement = reported("plan_adherence", given)
        assert (judgement.value, judgement.label) == (score, label)

    def test_the_evidence_counts_the_deviations(self, reported: Judge, context: Context) -> None:
        features = {"plan_steps_missing": [{"plan_step_index": 2}], "off_path_steps": [1]}
        given = context({"matches_plan_step": 1}, plan=plan(SEARCH, ANSWER), features=features)

        evidence = json.loads(reported("plan_adherence", given).evidence or "")
        assert evidence["missing_plan_step_count"] == 1
        assert evidence["deviation_count"] == 2


class TestQuality:
    def parts(self, judgement: Judgement) -> dict[str, float]:
        evidence = json.loads(judgement.evidence or "")
        return {
            name.removesuffix("_score"): evidence[name] for name in evidence if "_score" in name
        }

    @pytest.mark.parametrize(
        ("count", "score"), [(1, 0.7), (2, 1.0), (6, 1.0), (7, 0.8), (10, 0.8), (11, 0.55)]
    )
    def test_two_to_six_steps_are_best(
        self, reported: Judge, context: Context, count: int, score: float
    ) -> None:
        parts = self.parts(reported("plan_quality", context(plan=plan(*[SEARCH] * count))))

        assert parts["step_count"] == score
        assert parts["structure"] == (score + 1) / 2

    @pytest.mark.parametrize(
        ("steps", "specificity"),
        [
            ([{"text_safe": "Search docs"}, {"text_safe": "go"}], 0.5),
            ([{"text_safe": "Complete Task"}, {"text_safe": "do it"}], 0.0),
        ],
    )
    def test_specific_steps_have_two_meaningful_words(
        self, reported: Judge, context: Context, steps: list[dict[str, Any]], specificity: float
    ) -> None:
        parts = self.parts(reported("plan_quality", context(plan=plan(*steps))))

        assert parts["specificity"] == specificity

    @pytest.mark.parametrize(
        ("steps", "score"),
        [
            ([SEARCH, ANSWER], 1.0),
            ([{"text_safe": "x", "expected_action": " Read_Result "}], 0.5),
            ([{"text_safe": "Fetch and respond"}], 0.95),
            ([{"text_safe": "a"}], 0.0),
            ([{"text_safe": "a"}, {"text_safe": "b"}], 0.1),
        ],
    )
    def test_a_complete_plan_works_and_answers(
        self, reported: Judge, context: Context, steps: list[dict[str, Any]], score: float
    ) -> None:
        parts = self.parts(reported("plan_quality", context(plan=plan(*steps))))

        assert parts["completeness"] == pytest.approx(score)

    @pytest.mark.parametrize(
        ("steps", "score"),
        [
            ([{**SEARCH, "index": 1}, {**ANSWER, "index": 0}], 1.0),
            ([{**SEARCH, "index": 2}, {**ANSWER, "index": 1}], 0.6),
            ([SEARCH, SEARCH], 0.75),
            ([ANSWER, SEARCH], 0.75),
            ([SEARCH] * 6, 0.0),
        ],
    )
    def test_order_suffers_from_wrong_numbers_repeats_and_early_answers(
        self, reported: Judge, context: Context, steps: list[dict[str, Any]], score: float
    ) -> None:
        parts = self.parts(reported("plan_quality", context(plan=plan(*steps))))

        assert parts["order"] == pytest.approx(score)

    @pytest.mark.parametrize(
        ("task", "score"),
        [
            (None, 0.75),
            ({"text_safe": " "}, 0.75),
            ({"text_safe": "the and you"}, 0.75),
            ({"text_safe": "refund policy"}, 1.0),
            ({"text_safe": "refund alpha beta gamma delta epsilon"}, 0.2),
            ({"text_safe": "weather tomorrow"}, 0.4),
        ],
    )
    def test_relevance_is_the_overlap_with_the_task(
        self, reported: Judge, context: Context, task: object, score: float
    ) -> None:
        parts = self.parts(reported("plan_quality", context(plan=plan(SEARCH, ANSWER), task=task)))

        assert parts["relevance"] == score

    def test_labels_follow_threshold_and_half(self, reported: Judge, context: Context) -> None:
        def label(*steps: dict[str, Any], **parameters: float) -> str:
            return reported("plan_quality", context(plan=plan(*steps)), **parameters).label

        vague = {"text_safe": "a"}
        assert label(SEARCH, ANSWER) == "good_plan"
        assert label(SEARCH, ANSWER, threshold=0.99) == "needs_review"
        assert label(vague) == "poor_plan"
        assert label(vague, threshold=0.1) == "good_plan"

    def test_words_are_ascii_of_three_letters_and_not_too_common(self) -> None:
        words = meaningful_words("Find the_refund, caf\u00e9 & the API-key for YOU (42 404)")

        assert words == ["find", "the_refund", "caf", "api", "key", "404"]
