"""The Model Context Protocol: a call passes several layers, each of which may have a span."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Rule
from trialbook.services.trajectory.step import StepType

MODEL_CONTEXT_PROTOCOL = Convention(
    "mcp",
    rules=(
        Rule(
            "mcp.tools_call",
            "mcp.method.name",
            StepType.MCP_TOOL_CALL,
            value="tools/call",
            names=("gen_ai.tool.name", "mcp.tool.name"),
            prefixes=("MCP send tools/call ", "tools/call "),
        ),
        Rule("mcp.other", "mcp.method.name", None),
    ),
    fields=Fields(
        args=("mcp.request.argument", "mcp.tool.arguments"),
        output=("mcp.tool.result",),
        server=("mcp.server.name",),
    ),
)
