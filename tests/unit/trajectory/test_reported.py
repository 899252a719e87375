"""What workers and callers report as a trajectory, and which of several accounts counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET

from tests.unit.trajectory.recording import Recording, outline
from trialbook.services.trajectory.choice import choose
from trialbook.services.trajectory.reported import read_reported
from trialbook.services.trajectory.step import StepType, Tokens
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource


def _read(value: Any) -> Trajectory:
    return read_reported(json.dumps(value))


def _tool(name: str = "x", **more: Any) -> dict[str, Any]:
    return {"step_type": "tool_call", "name": name, **more}


def test_our_own_shape() -> None:
    spans = [{"trace_id": "a" * 32, "span_id": "b" * 16}]
    found = _read(
        {
            "duration": 7,
            "steps": [
                {
                    "step_type": "agent_run",
                    "name": "a",
                    "children": [_tool(args={"n": 1}, output=None, success=True, spans=spans)],
                }
            ],
        }
    )
    assert found.source is TrajectorySource.REPORTED
    assert found.duration == 7
    assert outline(found) == ["agent_run a", "  tool_call x"]
    call = found.steps[0].children[0]
    assert (call.args, call.output, call.success, call.agent) == ({"n": 1}, None, True, "a")
    assert found.evidence.args_captured
    assert _read({"steps": []}).steps == ()


def test_mastras_shape_with_calls_below_the_model() -> None:
    found = _read(
        {
            "totalDurationMs": 12.5,
            "steps": [
                {
                    "stepType": "model_generation",
                    "name": "m",
                    "modelId": "gpt",
                    "promptTokens": 3,
                    "completionTokens": 4,
                    "finishReason": "stop",
                    "durationMs": 1.5,
                    "children": [
                        {
                            "stepType": "mcp_tool_call",
                            "name": "x",
                            "toolArgs": {"n": 1},
                            "toolResult": {"value": 2},
                            "mcpServer": "crm",
                            "success": False,
                        }
                    ],
                },
                {"stepType": "provider_tool_call", "name": "y"},
                {"stepType": "workflow_step", "name": "z", "stepId": "z", "status": "failed"},
            ],
        }
    )
    model, call, other, step = found.steps
    assert found.duration == 12_500
    assert (model.tokens, model.model, model.duration) == (Tokens(3, 4), "gpt", 1_500)
    assert model.attributes == {"finish_reason": "stop"}
    assert (call.args, call.output, call.success) == ({"n": 1}, {"value": 2}, False)
    assert call.attributes == {"mcp_server": "crm"}
    assert (other.step_type, other.args, other.missing) == (
        StepType.TOOL_CALL,
        UNSET,
        ("args", "output", "duration", "success"),
    )
    assert step.attributes == {"step_id": "z", "status": "failed"}


def test_agnt5s_context_tells_of_calls_but_not_of_their_arguments() -> None:
    context = {
        "schema_version": "agnt5.eval.trace_eval_context.v1",
        "execution_steps": [
            {"index": 1, "kind": "llm_call", "model": "m", "tokens": 20, "duration_ms": 10},
            {"index": 2, "kind": "tool_call", "tool_name": " search ", "status": "failed"},
            {"index": 3, "kind": "state", "name": "s"},
        ],
    }
    for value in (context, {"trace_eval_context": context}, {"trace": context}):
        found = _read(value)
        assert outline(found) == ["model_generation m", "tool_call search"]
        assert found.steps[0].attributes == {"total_tokens": 20}
        assert found.steps[0].duration == 10_000
        assert found.steps[1].success is False
        assert not found.evidence.args_captured


def test_agnt5s_events_nest_by_what_caused_them() -> None:
    def event(kind: str, identity: str, parent: str, at: int, **data: Any) -> dict[str, Any]:
        return {
            "event_type": kind,
            "correlation_id": identity,
            "parent_correlation_id": parent,
            "timestamp_ns": at,
            "data": data,
        }

    events = [
        event("run.started", "r", "", 1),
        event("agent.started", "a", "r", 1_000, agent_name="helper"),
        event("lm.started", "l", "a", 2_000, model="m"),
        event("lm.completed", "l", "a", 5_000, model="m", usage={"tokens_in": 1, "tokens_out": 2}),
        event("tool.started", "t", "l", 6_000, tool_name="x", arguments='{"n": 1}'),
        event("tool.failed", "t", "l", 9_000, error="down"),
        event("workflow.step.completed", "s", "z", 10_000, step_name="last", output=3),
    ]
    found = _read(events)
    assert outline(found) == [
        "agent_run helper",
        "  model_generation m",
        "  tool_call x",
        "workflow_step last",
    ]
    model, call = found.steps[0].children
    assert (model.tokens, model.duration, model.success) == (Tokens(1, 2), 3, True)
    assert (call.args, call.success, call.error) == ({"n": 1}, False, "down")
    circle = [event("agent.started", "a", "b", 1), event("agent.started", "b", "a", 2)]
    assert len(list(_read({"events": circle}).walk())) == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "$ is no trajectory: expected"),
        ({"steps": 3}, "$.steps must be a list"),
        ({"steps": [3]}, "$.steps[0] must be an object"),
        ({"steps": [{"name": "x"}]}, "$.steps[0].step_type is missing (or stepType)"),
        ({"steps": [{"step_type": "tool_call"}]}, "$.steps[0].name is missing"),
        ({"steps": [_tool(step_type="call")]}, "$.steps[0].step_type must be one of: tool_call,"),
        ({"steps": [_tool(arg={})]}, "$.steps[0].arg is no field of a step; did you mean 'args'?"),
        ({"steps": [_tool(success="yes")]}, "$.steps[0].success must be true or false"),
        ({"steps": [_tool(duration=-1)]}, "$.steps[0].duration must be an integer"),
        ({"steps": [_tool(tokens={"in": 1})]}, "$.steps[0].tokens.in is no field of tokens"),
        (
            {"steps": [_tool(children=[_tool(name="")])]},
            "$.steps[0].children[0].name must be a text",
        ),
        ({"steps": [_tool(children={})]}, "$.steps[0].children must be a list"),
        ({"steps": [_tool()] * 10_001}, "$.steps must have at most 10,000 steps"),
        ({"steps": [], "duration": "long"}, "$.duration must be a number"),
        (
            {"trace": {"execution_steps": [{"kind": "tool_call"}]}},
            "$.trace.execution_steps[0].tool_name must be a text",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"^\$") as refusal:
        _read(value)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("text", ["", "{", "[" * 200 + "]" * 200, "[" * 9000 + "]" * 9000])
def test_what_is_no_json_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no JSON|deeper than 128"):
        read_reported(text)


_MESSAGES = json.dumps([{"role": "assistant", "content": "hello"}])
_STEPS = json.dumps(
    [
        {"step_id": "one", "output": {"n": 1}, "duration": 5},
        {"step_id": "two", "error": "down"},
    ]
)
_REPORTED = json.dumps({"steps": [_tool()]})


def test_which_account_counts() -> None:
    recording = Recording()
    nothing = recording.trajectory()
    recording.span("x", 0, 1, {"gen_ai.operation.name": "execute_tool"})
    trace = recording.trajectory()
    assert choose(trace, _REPORTED, _MESSAGES, _STEPS) is trace
    sources = [
        choose(nothing, _REPORTED, _MESSAGES, _STEPS),
        choose(None, None, _MESSAGES, _STEPS),
        choose(None, None, '"just text"', _STEPS),
        choose(None, None, "[not json", _STEPS),
    ]
    assert [found.source for found in sources if found is not None] == [
        "reported",
        "messages",
        "step_results",
        "step_results",
    ]
    assert choose(nothing, None, '{"answer": 1}', None) is None
    assert choose(None, None, None, "[]") is None


def test_a_report_that_cannot_be_read_is_noted_where_something_else_counts() -> None:
    found = choose(None, '{"steps": 3}', _MESSAGES, None)
    assert found is not None
    assert found.evidence.notes == (
        "The trajectory that was reported cannot be read: $.steps must be a list.",
    )


def test_step_results_tell_of_steps_but_not_of_tools() -> None:
    found = choose(None, None, None, _STEPS)
    assert found is not None
    one, two = found.steps
    assert (one.output, one.success, one.duration) == ({"n": 1}, True, 5)
    assert (two.output, two.success, two.error) == (UNSET, False, "down")
    assert two.attributes == {"step_id": "two", "status": "failed"}
    assert not found.evidence.tools_observable
