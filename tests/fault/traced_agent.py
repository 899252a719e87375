"""A traced agent that the fault tests host. Every input says which tools it calls."""

from __future__ import annotations

import asyncio
import os

from opentelemetry import trace

from trialbook.client import Worker

worker = Worker(
    os.environ.get("TRIALBOOK_ADDRESS"),
    worker_id=os.environ.get("FAULT_WORKER_ID"),
    max_concurrent_tasks=20,
    traces=True,
)
tracer = trace.get_tracer("tests")


def tools_of(number: int) -> list[str]:
    """Which tools the agent calls for an input."""
    return ["search", "book"] if number % 2 else ["search"]


@worker.target("agent")
async def agent(number: int) -> int:
    with tracer.start_as_current_span(
        "invoke_agent helper",
        attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"},
    ):
        for tool in tools_of(number):
            with tracer.start_as_current_span(
                f"execute_tool {tool}",
                attributes={
                    "gen_ai.operation.name": "execute_tool",
                    "gen_ai.tool.name": tool,
                    "gen_ai.tool.call.arguments": f'{{"number": {number}}}',
                },
            ):
                await asyncio.sleep(0.005)
    return number
