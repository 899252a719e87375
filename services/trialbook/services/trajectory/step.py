"""One node of a trajectory."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import msgspec

from trialbook.services.trajectory.span import SpanRef


class StepType(enum.StrEnum):
    """What a step is."""

    TOOL_CALL = "tool_call"
    MCP_TOOL_CALL = "mcp_tool_call"
    MODEL_GENERATION = "model_generation"
    AGENT_RUN = "agent_run"
    WORKFLOW_RUN = "workflow_run"
    WORKFLOW_STEP = "workflow_step"
    WORKFLOW_PARALLEL = "workflow_parallel"
    WORKFLOW_CONDITIONAL = "workflow_conditional"
    WORKFLOW_LOOP = "workflow_loop"
    WORKFLOW_SLEEP = "workflow_sleep"
    WORKFLOW_WAIT_EVENT = "workflow_wait_event"
    PROCESSOR_RUN = "processor_run"
    HANDOFF = "handoff"
    RETRIEVAL = "retrieval"
    EMBEDDING = "embedding"
    PLAN = "plan"
    MEMORY = "memory"
    RERANK = "rerank"
    GUARDRAIL = "guardrail"


TOOL_CALLS = frozenset({StepType.TOOL_CALL, StepType.MCP_TOOL_CALL})
"""The step types that call a tool."""


class StepSource(enum.StrEnum):
    """Where a step was read from."""

    SPAN = "span"
    """A span of its own."""
    MESSAGE_PARTS = "message_parts"
    """A tool call inside the output of a model's span, that no span of its own tells of."""
    MESSAGES = "messages"
    """A conversation in messages."""
    STEP_RESULT = "step_result"
    """What a workflow's step was reported to have come to."""
    REPORTED = "reported"
    """A trajectory that the caller or the worker reported as such."""


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one model generation used, None where it is not known."""

    input: int | None = None
    output: int | None = None


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that an agent or a workflow did.

    `args` and `output` are what JSON can say, UNSET where they were not captured, which says
    nothing about what they were. `success` is None where nothing tells. `start` is in nanoseconds
    since the epoch, `duration` in microseconds. Steps of one `parallel_group` (numbered per list
    of siblings, from 1) ran side by side: their order means nothing. `agent` is the nearest agent
    above it, `attributes` what the step type has beside (`mcp_server`, `step_id`, `status`,
    `condition_count`, `selected_steps`, `branch_count`, `parallel_steps`, `loop_type`,
    `total_iterations`, `sleep_ms`, `sleep_type`, `event_name`, `event_received`, `processor_id`,
    `agent_id`, `workflow_id`, `finish_reason`). `spans` are the spans that it was made of, the one
    that counts first; `rule` names the rule that made it; `missing` what evidence it lacks
    (`args`, `output`, `tokens`, `duration`, `success`).
    """

    step_type: StepType
    name: str
    args: Any = msgspec.UNSET
    output: Any = msgspec.UNSET
    success: bool | None = None
    error: str | None = None
    tokens: Tokens | None = None
    model: str | None = None
    agent: str | None = None
    call_id: str | None = None
    start: int | None = None
    duration: int | None = None
    parallel_group: int | None = None
    attributes: dict[str, Any] = {}
    spans: tuple[SpanRef, ...] = ()
    rule: str = ""
    source: StepSource = StepSource.SPAN
    missing: tuple[str, ...] = ()
    children: tuple[Step, ...] = ()

    @property
    def calls_tool(self) -> bool:
        """Whether it calls a tool, over MCP or not."""
        return self.step_type in TOOL_CALLS

    def walk(self) -> Iterator[Step]:
        """Go through this step and everything below it, depth first, parents before children."""
        stack: list[Step] = [self]
        while stack:
            step = stack.pop()
            yield step
            stack += reversed(step.children)
