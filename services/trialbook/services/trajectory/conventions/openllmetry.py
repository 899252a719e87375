"""OpenLLMetry (Traceloop): frameworks, the indexed attributes of old versions, and decorators."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.frameworks import FRAMEWORK_NODES
from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KIND = "traceloop.span.kind"
_NAME = ("traceloop.entity.name",)

OPENLLMETRY_WORKFLOWS = Convention(
    "openllmetry",
    rules=(
        Rule(
            "openllmetry.task",
            _KIND,
            StepType.WORKFLOW_STEP,
            value="task",
            names=_NAME,
            suffixes=(".task",),
            not_named=FRAMEWORK_NODES,
        ),
        Rule("openllmetry.framework_task", _KIND, None, value="task"),
        Rule(
            "openllmetry.workflow",
            _KIND,
            StepType.WORKFLOW_RUN,
            value="workflow",
            names=(*_NAME, "traceloop.workflow.name"),
            suffixes=(".workflow",),
        ),
    ),
)

OPENLLMETRY = Convention(
    "openllmetry",
    rules=(
        Rule(
            "openllmetry.agent",
            _KIND,
            StepType.AGENT_RUN,
            value="agent",
            names=("gen_ai.agent.name", *_NAME),
            suffixes=(".agent",),
        ),
        Rule(
            "openllmetry.tool",
            _KIND,
            StepType.TOOL_CALL,
            value="tool",
            names=("gen_ai.tool.name", *_NAME),
            suffixes=(".tool",),
        ),
        *(
            Rule(
                f"openllmetry.{request}",
                "llm.request.type",
                step_type,
                value=request,
                names=("gen_ai.request.model", "gen_ai.response.model"),
            )
            for request, step_type in (
                ("chat", StepType.MODEL_GENERATION),
                ("completion", StepType.MODEL_GENERATION),
                ("embedding", StepType.EMBEDDING),
                ("rerank", StepType.RERANK),
            )
        ),
    ),
    fields=Fields(
        args=("traceloop.entity.input",),
        output=("traceloop.entity.output",),
        step_input=("traceloop.entity.input",),
        step_output=("traceloop.entity.output",),
        input_tokens=("gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
        output_tokens=("gen_ai.usage.completion_tokens", "llm.usage.completion_tokens"),
        finish_reason=("gen_ai.completion.0.finish_reason",),
        failed=(("gen_ai.task.status", "failure"), ("gen_ai.task.status", "error")),
    ),
    messages=Messages(
        output_numbered=("gen_ai.completion.",),
        input_numbered=("gen_ai.prompt.",),
    ),
    scopes={
        "opentelemetry.instrumentation.langchain": True,
        "opentelemetry.instrumentation.llamaindex": True,
        "opentelemetry.instrumentation.openai_agents": True,
        "traceloop.tracer": True,
    },
)
