from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory
from trialbook.services.scoring.judgement import Judgement, ScoreStatus

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]


@pytest.mark.parametrize("place", [None, "trace_eval_context", "trace"])
def test_a_context_is_found_by_itself_or_in_a_field(
    reported: Judge, context: Context, place: str | None
) -> None:
    given = context({"tool_name": "a"})

    judgement = reported("max_tool_calls", {place: given} if place else given, max=1)
    assert (judgement.value, judgement.label) == (1, "within_limit")


def test_the_named_field_goes_before_the_other(reported: Judge, context: Context) -> None:
    both = {"trace": context({}, {}), "trace_eval_context": context({})}

    assert reported("max_tool_calls", both, max=1).passed is True


def test_fields_that_no_scorer_reads_may_stand_beside(reported: Judge, context: Context) -> None:
    given = context({"provider": 5, "flags": None}, session={"turn_count": "x"}, trace_id=None)

    assert reported("max_tool_calls", given, max=1).status is ScoreStatus.SCORED


@pytest.mark.parametrize(
    "fields",
    [
        {"schema_version": "agnt5.eval.trace_eval_context.v2"},
        {"project_id": " "},
        {"session_id": ""},
        {"root_run_id": 5},
        {"execution_steps": [{"index": 0, "kind": "tool_call"}]},
        {"execution_steps": [{"index": 1, "kind": "  "}]},
        {"execution_steps": [{"index": 1.0, "kind": "x"}]},
        {"execution_steps": [{"index": 2**63, "kind": "x"}]},
        {"execution_steps": [{"index": 1, "kind": "x", "tokens": "5"}]},
        {"execution_steps": {}},
        {"features": None},
        {"plan": {"detected": 1}},
    ],
)
def test_an_invalid_context_is_not_evaluable(
    reported: Judge, context: Context, fields: dict[str, Any]
) -> None:
    judgement = reported("no_errors", context(**fields))

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "artifact_error")


def test_without_a_context_and_a_trajectory_nothing_is_evaluable(reported: Judge) -> None:
    nothing: list[object] = [None, {}, [], {"trace_eval_context": []}, "execution_steps"]

    assert {reported("no_errors", each).label for each in nothing} == {"artifact_error"}


def test_the_evidence_names_what_agnt5_names(reported: Judge, context: Context) -> None:
    given = context({"tool_name": "a"}, evidence_refs={"ref": "x"})

    evidence = json.loads(reported("max_tool_calls", given, max=5, threshold=0.5).evidence or "")
    assert evidence == {
        "builtin": "max_tool_calls",
        "trace_eval_context_schema": "agnt5.eval.trace_eval_context.v1",
        "threshold": 0.5,
        "session_id": "s",
        "root_run_id": "r",
        "evidence_refs": {"ref": "x"},
        "actual": 1,
        "max": 5,
    }


def test_large_evidence_is_cut_and_says_so(reported: Judge, context: Context) -> None:
    given = context(*[{"tool_name": "x" * 500}] * 1000)

    evidence = reported("tool_sequence", given, tools=["x"]).evidence or ""
    assert len(evidence) <= 64 * 1024
    assert json.loads(evidence)["truncated"] is True


def test_the_threshold_has_two_names_and_the_first_counts(
    reported: Judge, context: Context
) -> None:
    def passed(**thresholds: float) -> bool | None:
        return reported("max_tool_calls", context({}), max=0, **thresholds).passed

    assert (passed(), passed(threshold=0), passed(score_threshold=0)) == (False, True, True)
    assert passed(score_threshold=1, threshold=0) is False


@pytest.mark.parametrize(
    ("scorer", "parameters", "path"),
    [
        ("tool_sequence", {}, "tools"),
        ("tool_sequence", {"tools": []}, "tools"),
        ("tool_sequence", {"tools": ["a", " "]}, "tools[1]"),
        ("tool_sequence", {"tools": ["a", 1]}, "tools[1]"),
        ("tool_trajectory", {"tools": ["a"], "mode": "loose"}, "mode"),
        ("tool_params_match", {"tool": "a"}, "params"),
        ("tool_params_match", {"tool": "a", "params": {}}, "params"),
        ("tool_params_match", {"tool": " ", "params": {"a": 1}}, "tool"),
        ("max_tokens", {"max": -1}, "max"),
        ("max_tokens", {"max": 1.0}, "max"),
        ("max_tokens", {"max": True}, "max"),
        ("duration_under", {"max": 5}, "max_ms"),
        ("no_errors", {"threshold": 2}, "threshold"),
        ("state_equals", {"name": "a"}, "expected"),
        ("step_efficiency", {"min_steps": 0.5}, "min_steps"),
        ("step_efficiency", {"minimum_steps": 2.0}, "minimum_steps"),
    ],
)
def test_a_bad_parameter_is_refused_with_its_path(
    scorer: str, parameters: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidParameters) as refused:
        configure_trajectory(scorer, json.dumps(parameters))
    assert refused.value.violations[0].path == path
