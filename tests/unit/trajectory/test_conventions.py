"""Conventions of which no sample is at hand, or only one: what they write, and what it comes to."""

from __future__ import annotations

import json
from typing import Any

from msgspec import UNSET

from tests.unit.trajectory.recording import Recording, event, named, outline
from trialbook.services.trajectory.span import SpanStatus
from trialbook.services.trajectory.step import StepSource, Tokens


def _chat(**more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **more}


def test_legacy_openai_events_hold_the_calls_and_their_results() -> None:
    recording = Recording(scope="opentelemetry.instrumentation.openai_v2")
    asked = event(
        "gen_ai.choice",
        body={
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "look_up", "arguments": '{"order": 7}'},
                    }
                ],
            },
        },
    )
    told = event("gen_ai.tool.message", body={"id": "c1", "content": '{"state": "open"}'})
    before = event(
        "gen_ai.assistant.message",
        body={"tool_calls": [{"id": "c1", "function": {"name": "look_up", "arguments": "{}"}}]},
    )
    root = recording.span("handle", 0, 100)
    recording.span("chat m", 1, 10, _chat(), below=root, records=(asked,))
    answered = event("gen_ai.choice", body={"message": {"role": "assistant", "content": "done"}})
    recording.span("chat m", 20, 30, _chat(), below=root, records=(before, told, answered))
    found = recording.trajectory()
    assert outline(found) == ["model_generation m", "tool_call look_up", "model_generation m"]
    call = named(found, "look_up")
    assert (call.args, call.output, call.success) == ({"order": 7}, {"state": "open"}, True)
    assert call.source is StepSource.MESSAGE_PARTS


def test_openinference_retrieval() -> None:
    recording = Recording(scope="openinference.instrumentation.langchain")
    kind = "openinference.span.kind"
    chain = recording.span("rag_chain", 0, 100, {kind: "CHAIN"})
    inner = recording.span("RunnableSequence", 1, 99, {kind: "CHAIN"}, below=chain)
    retriever = recording.span("VectorStore", 2, 20, {kind: "RETRIEVER"}, below=inner)
    recording.span("Embeddings", 3, 10, {kind: "EMBEDDING"}, below=retriever)
    recording.span("Reranker", 21, 30, {kind: "RERANKER"}, below=inner)
    recording.span(
        "ChatOpenAI",
        40,
        60,
        {kind: "LLM", "llm.model_name": "m", "llm.token_count.prompt": 5},
        below=inner,
    )
    assert outline(recording.trajectory()) == [
        "workflow_run rag_chain",
        "  retrieval VectorStore",
        "    embedding Embeddings",
        "  rerank Reranker",
        "  model_generation m",
    ]


def test_crewai_without_tool_spans_says_that_tools_are_not_observable() -> None:
    recording = Recording(scope="openinference.instrumentation.crewai")
    kind = "openinference.span.kind"
    crew = recording.span("research_crew.kickoff", 0, 100, {kind: "CHAIN"})
    recording.span(
        "Researcher._execute_core",
        1,
        50,
        {kind: "AGENT", "graph.node.id": "Researcher"},
        below=crew,
    )
    recording.span("Writer._execute_core", 51, 99, {kind: "AGENT"}, below=crew)
    found = recording.trajectory()
    assert outline(found) == [
        "workflow_run research_crew",
        "  agent_run Researcher",
        "  agent_run Writer",
    ]
    assert not found.evidence.tools_observable
    assert found.evidence.args_captured is None


def langsmith(kind: str, operation: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "langsmith.span.kind": kind,
        "gen_ai.operation.name": operation,
        "langsmith.trace.name": name,
        **more,
    }


def test_langsmith_prompts_are_no_chats_and_nodes_are_steps() -> None:
    recording, run = Recording(scope="langsmith"), langsmith
    graph = recording.span("weather", 0, 100, run("chain", "chain", "weather"))
    node = {"langsmith.metadata.langgraph_node": "assistant"}
    step = recording.span(
        "assistant", 1, 40, run("chain", "chain", "assistant", **node), below=graph
    )
    recording.span("ChatPromptTemplate", 2, 3, run("prompt", "chat", "P", **node), below=step)
    made = {
        "generations": [
            [
                {
                    "text": "",
                    "message": {
                        "lc": 1,
                        "kwargs": {
                            "tool_calls": [{"name": "w", "args": {"c": "Oslo"}, "id": "c1"}]
                        },
                    },
                }
            ]
        ]
    }
    completion = {"gen_ai.completion": json.dumps(made), "gen_ai.usage.input_tokens": 3}
    recording.span("ChatOpenAI", 4, 30, run("llm", "chat", "C", **completion, **node), below=step)
    recording.span("route", 31, 32, run("chain", "chain", "route", **node), below=step)
    message = {"output": {"content": "12C", "type": "tool", "tool_call_id": "c1"}}
    recording.span(
        "w",
        50,
        60,
        run(
            "tool",
            "execute_tool",
            "w",
            **{"gen_ai.prompt": '{"c": "Oslo"}', "gen_ai.completion": json.dumps(message)},
        ),
        below=graph,
        status=SpanStatus.OK,
    )
    found = recording.trajectory()
    assert outline(found) == [
        "workflow_run weather",
        "  workflow_step assistant",
        "    model_generation ChatOpenAI",
        "  tool_call w",
    ]
    call = named(found, "w")
    assert (call.args, call.output, call.call_id) == ({"c": "Oslo"}, "12C", "c1")


def test_adk_1_nests_tools_below_the_model_and_they_come_after_it() -> None:
    recording = Recording(scope="gcp.vertex.agent")
    model = {
        "gen_ai.system": "gcp.vertex.agent",
        "gen_ai.request.model": "gemini",
        "gcp.vertex.agent.llm_response": json.dumps(
            {
                "content": {
                    "parts": [{"function_call": {"name": "roll", "args": {"n": 6}, "id": "f"}}]
                }
            }
        ),
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 2,
    }
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "roll",
        "gcp.vertex.agent.tool_call_args": '{"n": 6}',
        "gcp.vertex.agent.tool_response": '{"value": 4}',
    }
    merged = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "(merged tools)"}
    root = recording.span("invocation", 0, 100)
    agent = recording.span(
        "invoke_agent dice",
        1,
        99,
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "dice"},
        below=root,
    )
    first = recording.span("call_llm", 2, 50, model, below=agent)
    recording.span("execute_tool roll", 20, 30, tool, below=first)
    recording.span("execute_tool (merged)", 31, 32, merged, below=first)
    del model["gcp.vertex.agent.llm_response"]
    recording.span("call_llm", 60, 90, model, below=agent)
    found = recording.trajectory()
    assert outline(found) == [
        "agent_run dice",
        "  model_generation gemini",
        "  tool_call roll",
        "  model_generation gemini",
    ]
    assert named(found, "roll").output == {"value": 4}


def test_strands_latest_keeps_content_in_events() -> None:
    details = "gen_ai.client.inference.operation.details"
    asked = [
        {
            "role": "tool",
            "parts": [{"type": "tool_call", "name": "pay", "id": "t", "arguments": {"a": 1}}],
        }
    ]
    told = [
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "t", "response": [{"text": "paid"}]}],
        }
    ]
    recording = Recording(scope="strands.telemetry.tracer")
    recording.span(
        "execute_tool pay",
        0,
        10,
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "pay",
            "gen_ai.tool.status": "error",
        },
        events=(
            event(details, gen_ai__input__messages=json.dumps(asked)),
            event(details, gen_ai__output__messages=json.dumps(told)),
        ),
    )
    call = named(recording.trajectory(), "pay")
    assert (call.args, call.output, call.success) == ({"a": 1}, "paid", False)


def test_autogen_below_the_enclosing_span_of_the_worker() -> None:
    recording = Recording(scope="autogen-core")
    attempt = recording.span("attempt", 0, 100, {"trialbook.task_id": "t"}, below="f" * 16)
    publish = recording.span(
        "autogen publish x", 1, 40, {"messaging.operation": "p"}, below=attempt
    )
    agent = recording.span(
        "invoke_agent a",
        2,
        30,
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"},
        below=publish,
    )
    recording.span(
        "execute_tool price",
        3,
        4,
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "price"},
        below=agent,
    )
    found = recording.trajectory()
    assert outline(found) == ["agent_run a", "  tool_call price"]
    assert named(found, "price").missing == ("args", "output")
    assert found.evidence.args_captured is False
    assert found.evidence.complete
    assert found.enclosing == attempt.ref


def mastra(kind: str, **attributes: Any) -> dict[str, Any]:
    own = {f"mastra.{kind}.{name}": value for name, value in attributes.items()}
    return {"mastra.span.type": kind, "gen_ai.operation.name": kind, **own}


def mastra_workflow() -> Recording:
    recording = Recording(scope="@mastra/otel-exporter")
    run = recording.span("invoke_workflow trip", 0, 100, mastra("workflow_run", status="success"))
    parallel = recording.span(
        "parallel 2 branches",
        1,
        20,
        mastra("workflow_parallel", branch_count=2, parallel_steps='["left","right"]'),
        below=run,
    )
    for name in ("left", "right"):
        recording.span(
            f"workflow_step {name}",
            2,
            10,
            mastra("workflow_step", step_id=name, status="success", output='{"n": 1}'),
            below=parallel,
        )
    choice = recording.span(
        "conditional 2 conditions",
        21,
        30,
        mastra("workflow_conditional", condition_count=2, selected_steps='["left"]'),
        below=run,
    )
    recording.span("condition 0", 22, 23, mastra("workflow_conditional_eval"), below=choice)
    recording.span(
        "loop dowhile",
        31,
        40,
        mastra("workflow_loop", loop_type="dowhile", total_iterations=3),
        below=run,
    )
    recording.span(
        "sleep 20ms",
        41,
        61,
        mastra("workflow_sleep", duration_ms=20, sleep_type="fixed"),
        below=run,
    )
    return recording


def test_mastra_workflow() -> None:
    found = mastra_workflow().trajectory()
    assert outline(found) == [
        "workflow_run trip",
        "  workflow_parallel parallel 2 branches",
        "    workflow_step left",
        "    workflow_step right",
        "  workflow_conditional conditional 2 conditions",
        "  workflow_loop loop dowhile",
        "  workflow_sleep sleep 20ms",
    ]
    assert named(found, "trip").attributes == {"status": "success"}
    assert named(found, "left").attributes == {"step_id": "left", "status": "success"}
    assert named(found, "left").output == {"n": 1}
    assert (named(found, "left").parallel_group, named(found, "right").parallel_group) == (1, 1)
    assert named(found, "parallel 2 branches").attributes == {
        "branch_count": 2,
        "parallel_steps": ["left", "right"],
    }
    assert named(found, "conditional 2 conditions").attributes["selected_steps"] == ["left"]
    assert named(found, "loop dowhile").attributes["total_iterations"] == 3
    assert named(found, "sleep 20ms").attributes == {"sleep_ms": 20, "sleep_type": "fixed"}


def test_old_mastra_has_no_inferences_so_the_generation_is_the_step() -> None:
    recording = Recording(scope="@mastra/otel-exporter")
    generation = recording.span(
        "chat m",
        0,
        50,
        {"mastra.span.type": "model_generation", "gen_ai.request.model": "m"},
    )
    recording.span(
        "tool.execute w",
        10,
        20,
        {
            "mastra.span.type": "tool_call",
            "gen_ai.operation.name": "tool.execute",
            "gen_ai.tool.name": "w",
            "gen_ai.tool.input": '{"a": 1}',
            "gen_ai.tool.output": '{"b": 2}',
            "gen_ai.tool.success": False,
        },
        below=generation,
    )
    found = recording.trajectory()
    assert outline(found) == ["model_generation m", "tool_call w"]
    call = named(found, "w")
    assert (call.args, call.output, call.success) == ({"a": 1}, {"b": 2}, False)


def test_decorated_functions_of_traceloop() -> None:
    recording = Recording(scope="traceloop.tracer")

    def decorated(kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {"traceloop.span.kind": kind, "traceloop.entity.name": name, **more}

    flow = recording.span("flow.workflow", 0, 100, decorated("workflow", "flow"))
    agent = recording.span("planner.agent", 1, 90, decorated("agent", "planner"), below=flow)
    given = {"traceloop.entity.input": json.dumps({"args": [], "kwargs": {"city": "Oslo"}})}
    recording.span(
        "weather.tool",
        2,
        10,
        decorated("tool", "weather", **given, **{"traceloop.entity.output": '"12C"'}),
        below=agent,
    )
    recording.span("summary.task", 91, 95, decorated("task", "summary"), below=flow)
    found = recording.trajectory()
    assert outline(found) == [
        "workflow_run flow",
        "  agent_run planner",
        "    tool_call weather",
        "  workflow_step summary",
    ]
    assert named(found, "weather").args == {"city": "Oslo"}
    assert named(found, "weather").output == "12C"
    assert named(found, "weather").agent == "planner"


def test_the_final_answer_of_pydantic_ai_is_no_tool_call() -> None:
    recording = Recording(scope="pydantic-ai")
    parts = [{"type": "tool_call", "id": "1", "name": "final_result", "arguments": {"x": 1}}]
    recording.span(
        "chat m",
        0,
        10,
        _chat(
            **{
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
                "model_request_parameters": json.dumps(
                    {"output_tools": [{"name": "final_result"}]}
                ),
            }
        ),
    )
    assert outline(recording.trajectory()) == ["model_generation m"]


def test_the_way_out_for_what_no_convention_says() -> None:
    recording = Recording()
    recording.span(
        "anything",
        0,
        10,
        {
            "eval.step.type": "guardrail",
            "eval.step.name": "no_secrets",
            "gen_ai.operation.name": "chat",
        },
    )
    recording.span("other", 11, 12, {"eval.step.type": "nonsense"})
    assert outline(recording.trajectory()) == ["guardrail no_secrets"]


def test_a_transfer_that_passes_control_is_a_handoff() -> None:
    recording = Recording()
    passed = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "transfer",
        "gen_ai.transfer.mode": "pass_control",
        "gen_ai.transfer.target.name": "billing",
    }
    recording.span("execute_tool transfer", 0, 1, passed)
    recording.span("execute_tool ask", 2, 3, {**passed, "gen_ai.transfer.mode": "return_to_caller"})
    assert outline(recording.trajectory()) == ["handoff billing", "tool_call transfer"]


def test_spans_of_no_convention_are_known_by_what_they_hold() -> None:
    recording = Recording()
    root = recording.span("POST /ask", 0, 100, {"http.method": "POST"})
    recording.span(
        "llm",
        1,
        10,
        {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 4},
        below=root,
    )
    recording.span("settings", 11, 12, {"gen_ai.request.model": "m"}, below=root)
    recording.span("call", 13, 20, {"gen_ai.tool.name": "w"}, below=root)
    found = recording.trajectory()
    assert outline(found) == ["model_generation m", "tool_call w"]
    assert named(found, "m").tokens == Tokens(4, None)
    assert named(found, "m").missing == ("tokens",)
    assert named(found, "w").args is UNSET
