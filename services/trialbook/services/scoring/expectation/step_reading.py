"""Reading one expected step, apart from its children."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trialbook.services.scoring.expectation.arguments_reading import RULE_NAMES, read_rule
from trialbook.services.scoring.expectation.arguments_rule import ArgumentsRule
from trialbook.services.scoring.expectation.expectation import ExpectedStep
from trialbook.services.scoring.expectation.fields import Fields, word_of
from trialbook.services.scoring.expectation.invalid_expectation import wanted
from trialbook.services.trajectory.step import StepType

_TYPES = {"provider_tool_call": StepType.TOOL_CALL, "client_tool_call": StepType.TOOL_CALL}
"""Types that others tell apart, and a trajectory does not."""

_Reader = Callable[[Fields, str], Any]
_COMPARED: dict[str, tuple[_Reader, tuple[str, ...]]] = {
    "output": (Fields.raw, ("output", "toolResult", "tool_result", "result")),
    "success": (Fields.flag, ("success",)),
    "agent": (Fields.text, ("agent",)),
    "model": (Fields.text, ("model", "modelId", "model_id")),
    "prompt_tokens": (Fields.count, ("prompt_tokens", "promptTokens")),
    "completion_tokens": (Fields.count, ("completion_tokens", "completionTokens")),
    "finish_reason": (Fields.text, ("finish_reason", "finishReason")),
    "mcp_server": (Fields.text, ("mcp_server", "mcpServer")),
    "agent_id": (Fields.text, ("agent_id", "agentId")),
    "step_id": (Fields.text, ("step_id", "stepId")),
    "status": (Fields.text, ("status",)),
    "workflow_id": (Fields.text, ("workflow_id", "workflowId")),
    "condition_count": (Fields.count, ("condition_count", "conditionCount")),
    "selected_steps": (Fields.texts, ("selected_steps", "selectedSteps")),
    "branch_count": (Fields.count, ("branch_count", "branchCount")),
    "parallel_steps": (Fields.texts, ("parallel_steps", "parallelSteps")),
    "loop_type": (Fields.text, ("loop_type", "loopType")),
    "total_iterations": (Fields.count, ("total_iterations", "totalIterations")),
    "sleep_ms": (Fields.amount, ("sleep_ms", "sleepDurationMs", "sleep_duration_ms")),
    "sleep_type": (Fields.text, ("sleep_type", "sleepType")),
    "event_name": (Fields.text, ("event_name", "eventName")),
    "event_received": (Fields.flag, ("event_received", "eventReceived")),
    "processor_id": (Fields.text, ("processor_id", "processorId")),
}
_NAMES: dict[str, str] = {
    "name": "name",
    "step_type": "step_type",
    "stepType": "step_type",
    "args": "args",
    "toolArgs": "args",
    "tool_args": "args",
    "arguments": "args",
    "children": "children",
    # What a recorded trajectory has beside: it is not compared.
    "durationMs": "duration_ms",
    "duration_ms": "duration_ms",
    "metadata": "metadata",
    **RULE_NAMES,
    **{name: meaning for meaning, (_, names) in _COMPARED.items() for name in names},
}


def step_fields(value: object, path: str) -> Fields:
    """Return the fields of a step."""
    return Fields(value, path, _NAMES)


def read_step(
    fields: Fields, rules: Mapping[str, ArgumentsRule], parallel_group: int | None
) -> ExpectedStep:
    """Return a step without its children; `rules` are those of the tools.

    Raise `InvalidExpectation` at a field that is not what it must be.
    """
    name = fields.text("name")
    if name is None:
        raise wanted(fields.place("name"), "a text: the name of a step")
    args = fields.raw("args")
    rule = read_rule(fields, has_args=args is not msgspec.UNSET)
    return ExpectedStep(
        name=name,
        step_type=step_type_of(fields.raw("step_type"), fields.place("step_type"))
        if fields.states("step_type")
        else None,
        args=args,
        rule=rule if rule is not None else rules.get(name),
        fields={
            meaning: _plain(read(fields, meaning))
            for meaning, (read, _) in _COMPARED.items()
            if fields.states(meaning)
        },
        parallel_group=parallel_group,
        raw=fields.written,
    )


def step_type_of(value: object, path: str) -> StepType:
    """Return a step type by its word."""
    known = _TYPES.get(value) if isinstance(value, str) else None
    return word_of(value, path, StepType) if known is None else known


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
