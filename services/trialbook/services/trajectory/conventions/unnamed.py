"""What can be told of a span that follows no convention we know."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Rule
from trialbook.services.trajectory.step import StepType

_CONTENT_OF_A_MODEL = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.completion_tokens",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.prompt.0.role",
    "gen_ai.completion.0.role",
    "gen_ai.completion",
    "gcp.vertex.agent.llm_response",
)

UNNAMED = Convention(
    "unnamed",
    rules=(
        Rule(
            "unnamed.tool",
            "gen_ai.tool.name",
            StepType.TOOL_CALL,
            names=("gen_ai.tool.name",),
        ),
        Rule(
            "unnamed.model",
            "gen_ai.request.model",
            StepType.MODEL_GENERATION,
            has_any=_CONTENT_OF_A_MODEL,
            names=("gen_ai.request.model",),
        ),
        Rule(
            "unnamed.model",
            "gen_ai.response.model",
            StepType.MODEL_GENERATION,
            has_any=_CONTENT_OF_A_MODEL,
            names=("gen_ai.response.model",),
        ),
    ),
)
