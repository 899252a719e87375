"""Google's Agent Development Kit, 1.x and 2.x."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages, Rule

GOOGLE_ADK = Convention(
    "adk",
    rules=(
        Rule("adk.merged", "gen_ai.tool.name", None, value="(merged tools)"),
        Rule("adk.merged", "gen_ai.tool.name", None, value="(merged)"),
    ),
    fields=Fields(
        args=("gcp.vertex.agent.tool_call_args",),
        output=("gcp.vertex.agent.tool_response",),
    ),
    messages=Messages(
        output=("gcp.vertex.agent.llm_response",),
        input=("gcp.vertex.agent.llm_request",),
    ),
    scopes={"gcp.vertex.agent": True},
)
