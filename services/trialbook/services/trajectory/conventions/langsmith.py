"""LangSmith's OpenTelemetry exporter: LangChain's runs, by their run type.

It stands before OpenTelemetry's own rules, since it calls a prompt template a chat.
"""

from __future__ import annotations

from trialbook.services.trajectory.conventions.frameworks import FRAMEWORK_NODES
from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KIND = "langsmith.span.kind"

LANGSMITH = Convention(
    "langsmith",
    rules=(
        Rule(
            "langsmith.tool",
            _KIND,
            StepType.TOOL_CALL,
            value="tool",
            names=("gen_ai.tool.name", "langsmith.trace.name"),
        ),
        Rule(
            "langsmith.llm",
            _KIND,
            StepType.MODEL_GENERATION,
            value="llm",
            names=("gen_ai.request.model", "gen_ai.response.model"),
        ),
        Rule("langsmith.retriever", _KIND, StepType.RETRIEVAL, value="retriever"),
        Rule("langsmith.embedding", _KIND, StepType.EMBEDDING, value="embedding"),
        Rule(
            "langsmith.node",
            _KIND,
            StepType.WORKFLOW_STEP,
            value="chain",
            named_by=("langsmith.metadata.langgraph_node",),
            not_named=FRAMEWORK_NODES,
        ),
        Rule(
            "langsmith.root",
            _KIND,
            StepType.WORKFLOW_RUN,
            value="chain",
            top=True,
            lacks=("langsmith.metadata.langgraph_node",),
        ),
        Rule("langsmith.chain", _KIND, None, value="chain"),
        Rule("langsmith.prompt", _KIND, None, value="prompt"),
        Rule("langsmith.parser", _KIND, None, value="parser"),
    ),
    fields=Fields(
        args=("gen_ai.prompt",),
        output=("gen_ai.completion",),
        step_input=("gen_ai.prompt",),
        step_output=("gen_ai.completion",),
    ),
    messages=Messages(output=("gen_ai.completion",), input=("gen_ai.prompt",)),
    scopes={"langsmith": True},
)
