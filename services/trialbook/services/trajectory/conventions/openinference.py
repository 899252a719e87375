"""OpenInference (Phoenix, Arize): a kind per span, and messages in numbered attributes."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.frameworks import FRAMEWORK_NODES
from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KIND = "openinference.span.kind"
_HANDOFF = "handoff to "
_KICKOFF = (".kickoff", ".kickoff_async")

OPENINFERENCE = Convention(
    "openinference",
    rules=(
        Rule(
            "openinference.handoff",
            _KIND,
            StepType.HANDOFF,
            value="TOOL",
            span_name=_HANDOFF,
            lacks=("tool.name",),
            prefixes=(_HANDOFF,),
        ),
        Rule(
            "openinference.tool",
            _KIND,
            StepType.TOOL_CALL,
            value="TOOL",
            names=("tool.name",),
            suffixes=("._use", ".run", "._run"),
        ),
        Rule(
            "openinference.llm",
            _KIND,
            StepType.MODEL_GENERATION,
            value="LLM",
            names=("llm.model_name",),
        ),
        Rule(
            "openinference.workflow",
            _KIND,
            StepType.WORKFLOW_RUN,
            value="AGENT",
            lacks=("agent.name",),
            wraps_namesake=True,
        ),
        Rule(
            "openinference.agent",
            _KIND,
            StepType.AGENT_RUN,
            value="AGENT",
            names=("agent.name", "graph.node.id"),
            suffixes=("._execute_core", ".invoke", ".run"),
        ),
        Rule(
            "openinference.node",
            _KIND,
            StepType.WORKFLOW_STEP,
            value="CHAIN",
            named_by=("metadata", "langgraph_node"),
            not_named=FRAMEWORK_NODES,
        ),
        Rule(
            "openinference.root",
            _KIND,
            StepType.WORKFLOW_RUN,
            value="CHAIN",
            top=True,
            suffixes=_KICKOFF,
        ),
        Rule("openinference.chain", _KIND, None, value="CHAIN"),
        Rule("openinference.retriever", _KIND, StepType.RETRIEVAL, value="RETRIEVER"),
        Rule("openinference.embedding", _KIND, StepType.EMBEDDING, value="EMBEDDING"),
        Rule("openinference.reranker", _KIND, StepType.RERANK, value="RERANKER"),
        Rule("openinference.guardrail", _KIND, StepType.GUARDRAIL, value="GUARDRAIL"),
        Rule("openinference.other", _KIND, None),
    ),
    fields=Fields(
        args=("input.value",),
        output=("output.value",),
        step_input=("input.value",),
        step_output=("output.value",),
        call_id=("tool_call.id", "tool.id"),
        model=("llm.model_name",),
        input_tokens=("llm.token_count.prompt",),
        output_tokens=("llm.token_count.completion",),
        finish_reason=("llm.finish_reason",),
    ),
    messages=Messages(
        output_numbered=("llm.output_messages.",),
        input_numbered=("llm.input_messages.",),
    ),
    scopes={
        "openinference.instrumentation.openai_agents": True,
        "openinference.instrumentation.langchain": True,
        "openinference.instrumentation.llama_index": True,
        "openinference.instrumentation.smolagents": True,
        "openinference.instrumentation.crewai": False,
        "openinference.instrumentation.openai": False,
        "openinference.instrumentation.anthropic": False,
        "openinference.instrumentation.litellm": False,
    },
)
