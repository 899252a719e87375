"""The Vercel AI SDK 5 and 6; from 7 on it follows OpenTelemetry."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule
from trialbook.services.trajectory.step import StepType

_KEY = "ai.operationId"
_LOOPS = ("generateText", "streamText", "generateObject", "streamObject")

VERCEL_AI_SDK = Convention(
    "ai_sdk",
    rules=(
        Rule(
            "ai_sdk.tool_call",
            _KEY,
            StepType.TOOL_CALL,
            value="ai.toolCall",
            names=("ai.toolCall.name",),
        ),
        Rule(
            "ai_sdk.model",
            _KEY,
            StepType.MODEL_GENERATION,
            endings=(".doGenerate", ".doStream"),
            names=("gen_ai.request.model", "ai.model.id"),
        ),
        *(
            Rule(
                f"ai_sdk.{loop}",
                _KEY,
                StepType.AGENT_RUN,
                value=f"ai.{loop}",
                names=("ai.telemetry.functionId",),
            )
            for loop in _LOOPS
        ),
        Rule(
            "ai_sdk.embed", _KEY, StepType.EMBEDDING, endings=(".doEmbed",), names=("ai.model.id",)
        ),
        Rule("ai_sdk.other", _KEY, None),
    ),
    fields=Fields(
        args=("ai.toolCall.args",),
        output=("ai.toolCall.result",),
        step_input=("ai.prompt",),
        step_output=("ai.response.text", "ai.response.object"),
        call_id=("ai.toolCall.id",),
        model=("ai.response.model", "ai.model.id"),
        input_tokens=("ai.usage.inputTokens", "ai.usage.promptTokens"),
        output_tokens=("ai.usage.outputTokens", "ai.usage.completionTokens"),
        finish_reason=("ai.response.finishReason",),
        response_id=("ai.response.id",),
    ),
    messages=Messages(output=("ai.response.toolCalls",), input=("ai.prompt.messages",)),
    scopes={"ai": True, "gen_ai": True},
)
