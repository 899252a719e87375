"""Mastra's exporter: `mastra.span.type` says it all; versions before 1.0 have keys of their own."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KEY = "mastra.span.type"
_CONTROL_FLOW = {
    "workflow_parallel": (
        StepType.WORKFLOW_PARALLEL,
        ("branch_count", "parallel_steps"),
    ),
    "workflow_conditional": (
        StepType.WORKFLOW_CONDITIONAL,
        ("condition_count", "selected_steps"),
    ),
    "workflow_loop": (StepType.WORKFLOW_LOOP, ("loop_type", "total_iterations")),
    "workflow_wait_event": (StepType.WORKFLOW_WAIT_EVENT, ("event_name", "event_received")),
}
_TOOL_CALLS = {
    "tool_call": StepType.TOOL_CALL,
    "client_tool_call": StepType.TOOL_CALL,
    "provider_tool_call": StepType.TOOL_CALL,
    "mcp_tool_call": StepType.MCP_TOOL_CALL,
}


def _control_flow(kind: str, step_type: StepType, attributes: tuple[str, ...]) -> Rule:
    return Rule(
        f"mastra.{kind}",
        _KEY,
        step_type,
        value=kind,
        names=(f"mastra.{kind}.entry_id",),
        prefixes=(f"{kind} ",),
        attributes=tuple((name, (f"mastra.{kind}.{name}",)) for name in attributes),
    )


MASTRA = Convention(
    "mastra",
    rules=(
        Rule(
            "mastra.agent_run",
            _KEY,
            StepType.AGENT_RUN,
            value="agent_run",
            names=("gen_ai.agent.name", "gen_ai.agent.id"),
            prefixes=("invoke_agent ", "agent.run ", "agent."),
            attributes=(("agent_id", ("gen_ai.agent.id",)),),
        ),
        Rule(
            "mastra.workflow_run",
            _KEY,
            StepType.WORKFLOW_RUN,
            value="workflow_run",
            names=("gen_ai.workflow.name",),
            prefixes=("invoke_workflow ", "workflow_run ", "workflow.run ", "workflow."),
            attributes=(
                ("workflow_id", ("mastra.workflow_run.workflow_id", "mastra.workflow_id")),
                ("status", ("mastra.workflow_run.status",)),
            ),
        ),
        *(
            Rule(
                f"mastra.{kind}",
                _KEY,
                step_type,
                value=kind,
                names=("gen_ai.tool.name",),
                prefixes=("execute_tool ", "tool.execute ", "tool."),
            )
            for kind, step_type in _TOOL_CALLS.items()
        ),
        Rule(
            "mastra.model_inference",
            _KEY,
            StepType.MODEL_GENERATION,
            value="model_inference",
            names=("gen_ai.request.model", "gen_ai.response.model"),
        ),
        Rule(
            "mastra.model_generation",
            _KEY,
            StepType.MODEL_GENERATION,
            value="model_generation",
            names=("gen_ai.request.model", "gen_ai.response.model"),
            prefixes=("chat ", "model_generation "),
        ),
        Rule(
            "mastra.llm_generation",
            _KEY,
            StepType.MODEL_GENERATION,
            value="llm_generation",
            names=("gen_ai.request.model", "gen_ai.response.model"),
        ),
        Rule(
            "mastra.workflow_step",
            _KEY,
            StepType.WORKFLOW_STEP,
            value="workflow_step",
            names=("mastra.workflow_step.step_id",),
            prefixes=("workflow_step ", "workflow.step ", "workflow step "),
            attributes=(
                ("step_id", ("mastra.workflow_step.step_id",)),
                ("status", ("mastra.workflow_step.status",)),
            ),
        ),
        *(_control_flow(kind, *how) for kind, how in _CONTROL_FLOW.items()),
        Rule(
            "mastra.workflow_sleep",
            _KEY,
            StepType.WORKFLOW_SLEEP,
            value="workflow_sleep",
            names=("mastra.workflow_sleep.entry_id",),
            prefixes=("workflow_sleep ",),
            attributes=(
                ("sleep_ms", ("mastra.workflow_sleep.duration_ms",)),
                ("sleep_type", ("mastra.workflow_sleep.sleep_type",)),
            ),
        ),
        Rule(
            "mastra.processor_run",
            _KEY,
            StepType.PROCESSOR_RUN,
            value="processor_run",
            names=("mastra.processor_run.processor_id",),
            prefixes=("processor_run ",),
            attributes=(("processor_id", ("mastra.processor_run.processor_id",)),),
        ),
        Rule(
            "mastra.rag_embedding",
            _KEY,
            StepType.EMBEDDING,
            value="rag_embedding",
            names=("gen_ai.request.model",),
        ),
        Rule("mastra.other", _KEY, None),
    ),
    fields=Fields(
        args=("gen_ai.tool.input",),
        output=("gen_ai.tool.output",),
        step_input=(
            "mastra.workflow_step.input",
            "mastra.workflow_run.input",
            "mastra.agent_run.input",
            "mastra.processor_run.input",
        ),
        step_output=(
            "mastra.workflow_step.output",
            "mastra.workflow_run.output",
            "mastra.agent_run.output",
            "mastra.processor_run.output",
        ),
        error=("error.message",),
        failed=(("gen_ai.tool.success", False),),
    ),
    messages=Messages(output=("mastra.model_generation.output",)),
    scopes={"@mastra": True},
)
