"""What is put right once every span was read for itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.trajectory.recording import Recording, named, outline, ref
from trialbook.services.trajectory.span import SpanStatus

_AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}
_MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def _tool(name: str, **more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **more}


def _asking(*calls: tuple[str, str, Any]) -> dict[str, Any]:
    parts = [
        {"type": "tool_call", "id": call_id, "name": name, "arguments": args}
        for call_id, name, args in calls
    ]
    return {**_MODEL, "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}])}


def test_layers_of_one_call_over_mcp_are_one_step_in_spite_of_skewed_clocks() -> None:
    recording = Recording()
    agent = recording.span("invoke_agent a", 0, 100, _AGENT)
    outer = recording.span("execute_tool x", 10, 40, _tool("x"), below=agent)
    client = recording.span(
        "tools/call x",
        11,
        39,
        {"mcp.method.name": "tools/call", "gen_ai.tool.name": "x"},
        below=outer,
    )
    sent = recording.span(
        "MCP send tools/call x", 12, 38, {"mcp.method.name": "tools/call"}, below=client
    )
    recording.span(
        "tools/call x",
        -5_000,
        -4_990,
        {"mcp.method.name": "tools/call", "gen_ai.tool.name": "x"},
        below=sent,
        service="crm",
        kind=2,
    )
    recording.span("execute_tool y", 50, 60, _tool("y"), below=agent)
    found = recording.trajectory()
    assert outline(found) == ["agent_run a", "  mcp_tool_call x", "  tool_call y"]
    assert len(named(found, "x").spans) == 4
    assert named(found, "x").attributes == {"mcp_server": "crm"}
    assert named(found, "x").duration == 30_000


def test_a_tool_that_calls_itself_with_another_id_is_two_calls() -> None:
    recording = Recording()
    outer = recording.span("execute_tool x", 0, 40, _tool("x", **{"gen_ai.tool.call.id": "1"}))
    recording.span("execute_tool x", 1, 39, _tool("x", **{"gen_ai.tool.call.id": "2"}), below=outer)
    assert outline(recording.trajectory()) == ["tool_call x", "  tool_call x"]


def test_the_failure_of_a_layer_below_is_the_calls_where_the_caller_claims_nothing() -> None:
    recording = Recording()
    outer = recording.span("execute_tool x", 0, 40, _tool("x"))
    recording.span(
        "tools/call x",
        1,
        39,
        {"mcp.method.name": "tools/call"},
        below=outer,
        status=SpanStatus.ERROR,
        message="no such customer",
    )
    call = named(recording.trajectory(), "x")
    assert (call.success, call.error) == (False, "no such customer")


def test_nested_runs_of_one_name_are_one_and_an_agent_that_calls_itself_is_two() -> None:
    recording = Recording()
    flow = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "a"}
    outer = recording.span("invoke_workflow a", 0, 100, flow)
    inner = recording.span("invoke_agent a", 1, 99, _AGENT, below=outer)
    tool = recording.span("execute_tool ask", 2, 50, _tool("ask"), below=inner)
    recording.span("invoke_agent a", 3, 49, _AGENT, below=tool)
    assert outline(recording.trajectory()) == ["agent_run a", "  tool_call ask", "    agent_run a"]


def test_a_wrapper_around_one_model_call_gives_it_what_it_alone_knows() -> None:
    recording = Recording()
    wrapper = recording.span("chat m", 0, 20, {**_MODEL, "gen_ai.usage.output_tokens": 5})
    recording.span("chat m", 1, 19, {**_MODEL, "gen_ai.usage.input_tokens": 3}, below=wrapper)
    (step,) = recording.trajectory().steps
    assert step.tokens is not None
    assert (step.tokens.input, step.tokens.output) == (3, 5)
    assert len(step.spans) == 2


def test_a_model_that_runs_below_a_tool_of_another_model_does_not_make_it_a_wrapper() -> None:
    recording = Recording()
    outer = recording.span("chat m", 0, 90, _MODEL)
    tool = recording.span("execute_tool ask", 10, 80, _tool("ask"), below=outer)
    recording.span("chat m", 20, 70, _MODEL, below=tool)
    assert outline(recording.trajectory()) == [
        "model_generation m",
        "tool_call ask",
        "  model_generation m",
    ]


@pytest.mark.parametrize(("second_scope", "steps"), [("two", 1), ("one", 2)])
def test_twins_come_of_two_instrumentations(second_scope: str, steps: int) -> None:
    recording = Recording()
    same_answer = {**_MODEL, "gen_ai.response.id": "r"}
    agent = recording.span("invoke_agent a", 0, 100, _AGENT)
    recording.span("chat", 1, 20, same_answer, below=agent, scope="one")
    recording.span("chat", 2, 19, same_answer, below=agent, scope=second_scope)
    assert len(outline(recording.trajectory())) == 1 + steps


def test_calls_without_spans_stand_after_the_model_that_asked_with_what_it_was_told() -> None:
    recording = Recording()
    recording.span("chat", 0, 10, _asking(("1", "x", {"a": 1}), ("2", "y", {})))
    messages = [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "2", "response": "late"}]},
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "1", "response": {"b": 2}}],
        },
    ]
    recording.span("chat", 20, 30, {**_MODEL, "gen_ai.input.messages": json.dumps(messages)})
    found = recording.trajectory()
    assert outline(found) == [
        "model_generation m",
        "tool_call x",
        "tool_call y",
        "model_generation m",
    ]
    assert (named(found, "x").output, named(found, "y").output) == ({"b": 2}, "late")
    assert (named(found, "x").parallel_group, named(found, "y").parallel_group) == (1, 1)
    assert named(found, "x").spans == found.steps[0].spans


def test_a_call_that_nobody_answered_has_no_outcome() -> None:
    recording = Recording()
    recording.span("chat", 0, 10, _asking(("1", "x", {"a": 1})))
    call = named(recording.trajectory(), "x")
    assert call.success is None
    assert call.missing == ("output", "duration", "success")


def test_spans_without_ids_claim_calls_by_name_and_take_their_arguments() -> None:
    recording = Recording()
    agent = recording.span("invoke_agent a", 0, 100, _AGENT)
    asking = _asking(("1", "x", {"n": 1}), ("2", "x", {"n": 2}))
    recording.span("chat", 1, 10, asking, below=agent)
    bare = {"openinference.span.kind": "TOOL", "tool.name": "x", "input.value": "1"}
    recording.span("x", 20, 25, bare, below=agent)
    recording.span("x", 30, 35, bare, below=agent)
    calls = [step for step in recording.trajectory().walk() if step.calls_tool]
    assert [call.args for call in calls] == [{"n": 1}, {"n": 2}]


def test_a_transfer_that_became_a_handoff_is_no_call() -> None:
    recording = Recording()
    recording.span("chat", 0, 10, _asking(("1", "transfer_to_billing", {})))
    recording.span("handoff to billing", 11, 12, {"openinference.span.kind": "TOOL"})
    assert outline(recording.trajectory()) == ["model_generation m", "handoff billing"]


def test_siblings_that_overlap_or_were_asked_for_together_are_parallel() -> None:
    recording = Recording()
    agent = recording.span("invoke_agent a", 0, 100, _AGENT)
    for name, start, end in (("p", 10, 30), ("q", 20, 25), ("r", 28, 40), ("s", 40, 50)):
        recording.span(f"execute_tool {name}", start, end, _tool(name), below=agent)
    found = recording.trajectory()
    groups = [named(found, name).parallel_group for name in "pqrs"]
    assert groups == [1, 1, 1, None]


def test_orphans_of_one_lost_parent_stay_siblings_and_others_go_where_they_fit() -> None:
    recording = Recording()
    lost, other = "e" * 16, "f" * 16
    recording.span("invoke_agent a", 0, 100, _AGENT, below=lost)
    recording.span("execute_tool x", 10, 20, _tool("x"), below=lost)
    recording.span("execute_tool y", 30, 40, _tool("y"), below=other)
    found = recording.trajectory()
    assert outline(found) == ["agent_run a", "  tool_call y", "tool_call x"]
    assert found.evidence.missing_parents == 2
    assert not found.evidence.complete


def test_parents_that_need_not_be_there_are_not_missed() -> None:
    lone = Recording()
    lone.span("invoke_agent a", 0, 100, _AGENT, below="e" * 16)
    assert lone.trajectory().evidence.complete
    local = Recording()
    local.span("invoke_agent a", 0, 100, _AGENT, below="e" * 16, remote_parent=False)
    assert not local.trajectory().evidence.complete
    assert local.trajectory(expected_spans=1).evidence.complete


def test_circles_are_cut_and_counted() -> None:
    recording = Recording()
    recording.span("execute_tool x", 0, 10, _tool("x"), below=f"{2:016x}")
    recording.span("execute_tool y", 1, 9, _tool("y"), below=f"{1:016x}")
    recording.span("execute_tool z", 20, 30, _tool("z"), below=f"{3:016x}")
    found = recording.trajectory()
    assert outline(found) == ["tool_call x", "  tool_call y", "tool_call z"]
    assert found.evidence.broken_cycles == 2


def test_scorers_and_other_attempts_leave_no_steps() -> None:
    recording = Recording()
    run = recording.span("run", 0, 1000)
    before = recording.span("attempt", 1, 10, {"trialbook.task_id": "1"}, below=run)
    recording.span("execute_tool x", 2, 3, _tool("x"), below=before)
    own = recording.span("attempt", 20, 90, {"trialbook.task_id": "2"}, below=run)
    recording.span("execute_tool y", 21, 22, _tool("y"), below=own)
    judged = {"trialbook.task_id": "3", "trialbook.work": "scorer"}
    scorer = recording.span("attempt", 95, 99, judged, below=own)
    recording.span("chat", 96, 98, _MODEL, below=scorer)
    found = recording.trajectory(enclosing=ref(own))
    assert outline(found) == ["tool_call y"]
    assert found.enclosing == ref(own)


def test_traces_stand_in_the_order_of_their_links() -> None:
    recording = Recording()
    cause = recording.span("execute_tool x", 100, 110, _tool("x"), trace="1" * 32)
    recording.span("execute_tool y", 5, 6, _tool("y"), trace="2" * 32, links=(ref(cause),))
    assert outline(recording.trajectory()) == ["tool_call x", "tool_call y"]


def test_one_span_that_came_twice_is_one_step() -> None:
    recording = Recording()
    span = recording.span("execute_tool x", 0, 10, _tool("x"))
    recording.spans.append(span)
    found = recording.trajectory()
    assert outline(found) == ["tool_call x"]
    assert found.evidence.received_spans == 1


def test_steps_nest_only_so_deep_and_keep_their_order() -> None:
    recording = Recording()
    below: Any = None
    for number in range(20_000):
        attributes = (
            _tool(f"t{number}") if number % 2 else {**_AGENT, "gen_ai.agent.name": f"a{number}"}
        )
        below = recording.span("span", number, 50_000 - number, attributes, below=below)
    found = recording.trajectory()
    assert [step.name for step in found.walk()] == [
        f"{'t' if number % 2 else 'a'}{number}" for number in range(20_000)
    ]
    depth, steps = 0, found.steps
    while steps:
        depth, steps = depth + 1, steps[0].children
    assert depth == 64


def test_what_is_missing_is_said_in_the_evidence() -> None:
    recording = Recording()
    recording.span(
        "chat",
        0,
        10,
        {**_MODEL, "gen_ai.response.finish_reasons": ["tool_calls"]},
        dropped=3,
        truncated=2,
    )
    found = recording.trajectory(expected_spans=5, rejected_spans=1, complete=False).evidence
    assert not found.complete
    assert not found.tools_observable
    assert found.tokens_captured is False
    assert (found.received_spans, found.expected_spans, found.rejected_spans) == (1, 5, 1)
    assert (found.dropped_attributes, found.truncated_values) == (3, 2)
    assert len(found.notes) == 1


def test_a_span_that_lost_what_it_is_makes_the_evidence_incomplete() -> None:
    recording = Recording()
    recording.span("execute_tool x", 0, 10, _tool("x"), dropped=2)
    assert recording.trajectory().evidence.complete
    recording.span("chat", 20, 30, {"gen_ai.prompt.0.content": "hello"}, dropped=2)
    assert not recording.trajectory().evidence.complete


def test_no_spans_are_no_steps() -> None:
    found = Recording().trajectory()
    assert found.steps == ()
    assert not found.evidence.tools_observable
