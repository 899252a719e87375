"""OpenTelemetry's conventions for generative AI, new and old: attributes, events and records."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.frameworks import FRAMEWORK_NODES
from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KEY = "gen_ai.operation.name"
_TOOL = ("execute_tool ", "running tool ")
_MODEL = ("gen_ai.request.model", "gen_ai.response.model")
_DETAILS = "gen_ai.client.inference.operation.details"
_MEMORY = (
    "search_memory",
    "create_memory",
    "update_memory",
    "upsert_memory",
    "delete_memory",
    "create_memory_store",
    "delete_memory_store",
)


def _of_operation(operation: str, step_type: StepType | None, *names: str) -> Rule:
    return Rule(
        f"genai.{operation}",
        _KEY,
        step_type,
        value=operation,
        names=names,
        prefixes=(f"{operation} ",),
    )


OPENTELEMETRY_GENAI = Convention(
    "genai",
    rules=(
        Rule(
            "genai.transfer",
            "gen_ai.transfer.mode",
            StepType.HANDOFF,
            value="pass_control",
            names=("gen_ai.transfer.target.name", "gen_ai.tool.name"),
        ),
        Rule(
            "genai.mcp_tool",
            "gen_ai.tool.type",
            StepType.MCP_TOOL_CALL,
            value="mcp",
            has=("gen_ai.tool.name",),
            names=("gen_ai.tool.name",),
        ),
        Rule(
            "genai.execute_tool",
            _KEY,
            StepType.TOOL_CALL,
            value="execute_tool",
            names=("gen_ai.tool.name", "tool.name"),
            prefixes=_TOOL,
        ),
        _of_operation("chat", StepType.MODEL_GENERATION, *_MODEL),
        _of_operation("generate_content", StepType.MODEL_GENERATION, *_MODEL),
        _of_operation("text_completion", StepType.MODEL_GENERATION, *_MODEL),
        Rule(
            "genai.invoke_agent",
            _KEY,
            StepType.AGENT_RUN,
            value="invoke_agent",
            names=("gen_ai.agent.name", "agent_name"),
            prefixes=("invoke_agent ",),
            attributes=(("agent_id", ("gen_ai.agent.id",)),),
        ),
        _of_operation("invoke_workflow", StepType.WORKFLOW_RUN, "gen_ai.workflow.name"),
        _of_operation("retrieval", StepType.RETRIEVAL, "gen_ai.data_source.id"),
        _of_operation("embeddings", StepType.EMBEDDING, *_MODEL),
        _of_operation("plan", StepType.PLAN),
        *(_of_operation(operation, StepType.MEMORY) for operation in _MEMORY),
        Rule(
            "genai.execute_task",
            _KEY,
            StepType.WORKFLOW_STEP,
            value="execute_task",
            names=("gen_ai.task.name",),
            prefixes=("execute_task ",),
            not_named=FRAMEWORK_NODES,
        ),
        _of_operation("execute_task", None),
        _of_operation("create_agent", None),
        _of_operation("agent_step", None),
    ),
    fields=Fields(
        args=("gen_ai.tool.call.arguments",),
        output=("gen_ai.tool.call.result",),
        step_input=("gen_ai.task.input", "gen_ai.retrieval.query.text"),
        step_output=("gen_ai.task.output", "gen_ai.retrieval.documents"),
        call_id=("gen_ai.tool.call.id",),
        model=("gen_ai.response.model", "gen_ai.request.model"),
        input_tokens=("gen_ai.usage.input_tokens",),
        output_tokens=("gen_ai.usage.output_tokens",),
        finish_reason=("gen_ai.response.finish_reasons",),
        response_id=("gen_ai.response.id",),
        failed=(("gen_ai.tool.status", "error"),),
        server=("server.address",),
    ),
    messages=Messages(
        output=("gen_ai.output.messages",),
        output_events=(
            (_DETAILS, "gen_ai.output.messages"),
            ("gen_ai.choice", "message"),
            ("gen_ai.choice", "body"),
            ("gen_ai.content.completion", "gen_ai.completion"),
        ),
        input=("gen_ai.input.messages",),
        input_events=(
            (_DETAILS, "gen_ai.input.messages"),
            ("gen_ai.tool.message", "body"),
            ("gen_ai.tool.message", "content"),
        ),
    ),
    scopes={
        "opentelemetry.instrumentation.genai.openai_agents": True,
        "opentelemetry.instrumentation.genai.langchain": True,
        "opentelemetry.instrumentation.genai.openai": False,
        "opentelemetry.instrumentation.openai_v2": False,
        "opentelemetry.instrumentation.openai": False,
        "opentelemetry.instrumentation.anthropic": False,
    },
)
