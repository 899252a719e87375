"""Mastra's own extraction, computed as Mastra does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trialbook.services.trajectory.mastra import extract_from_spans, extract_workflow
from trialbook.services.trajectory.reported import read_reported

_CASES = Path(__file__).resolve().parents[4] / "shared" / "conformance" / "mastra_cases.json"


def _cases() -> list[dict[str, Any]]:
    cases = json.loads(_CASES.read_text()) if _CASES.exists() else []
    return [case for case in cases if case["area"] == "trajectory.extract"]


@pytest.mark.parametrize("case", _cases() or [{}], ids=lambda case: case.get("name", "absent"))
def test_mastras_cases(case: dict[str, Any]) -> None:
    if not case:
        pytest.skip(f"there is no {_CASES}")
    given = case["given"]
    if given["fn"] == "extractWorkflowTrajectory":
        found = extract_workflow(given["stepResults"], given.get("stepExecutionPath"))
    else:
        found = extract_from_spans(given["spans"], given.get("rootSpanId"))
    assert found == case["expected"]


def _span(identity: str, kind: str, parent: str | None = None, at: int = 0) -> dict[str, Any]:
    return {
        "spanId": identity,
        "parentSpanId": parent,
        "spanType": kind,
        "name": identity,
        "startedAt": at,
    }


def test_several_roots_stay_and_a_named_root_is_opened() -> None:
    spans = [
        _span("late", "tool_call", at=9),
        _span("run", "workflow_run", at=1),
        _span("inner", "model_step", "run", at=2),
        _span("tool", "tool_call", "inner", at=3),
    ]
    assert [step["name"] for step in extract_from_spans(spans)["steps"]] == ["run", "late"]
    assert [step["name"] for step in extract_from_spans(spans, "run")["steps"]] == ["tool"]
    assert [step["name"] for step in extract_from_spans(spans, "none")["steps"]] == ["run", "late"]


def test_step_results_of_mastra_become_steps_of_ours() -> None:
    results = {
        "input": {"n": 1},
        "a": {
            "status": "success",
            "output": 5,
            "startedAt": 100,
            "endedAt": 150,
            "payload": {"n": 1},
        },
        "b": {"status": "suspended"},
        "c": {"status": "failed", "error": {"message": "down"}, "startedAt": 150, "endedAt": 175},
    }
    found = read_reported(json.dumps({"stepResults": results}))
    assert [(step.name, step.success, step.duration) for step in found.steps] == [
        ("a", True, 50_000),
        ("b", None, None),
        ("c", False, 25_000),
    ]
    assert found.steps[0].args == {"n": 1}
    assert found.steps[2].error == "down"
    assert found.duration == 75_000


def test_spans_that_mastra_stored_are_a_reported_trajectory() -> None:
    spans = [
        _span("run", "agent_run"),
        {**_span("model", "model_generation", "run", at=1), "attributes": "?"},
        {**_span("call", "tool_call", "model", at=2), "entityId": "search", "input": {"q": 1}},
    ]

    found = read_reported(json.dumps({"spans": spans}))

    assert [(step.step_type, step.name) for step in found.walk()] == [
        ("model_generation", "model"),
        ("tool_call", "search"),
    ]
    assert found.steps[1].args == {"q": 1}


@pytest.mark.parametrize("spans", [[], [1], [{"spanId": 1, "spanType": "tool_call"}], {}, "?"])
def test_what_are_no_such_spans_is_refused(spans: object) -> None:
    with pytest.raises(ValueError, match="is no trajectory"):
        read_reported(json.dumps({"spans": spans}))
