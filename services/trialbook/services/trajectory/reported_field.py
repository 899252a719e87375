"""The fields of a reported step: our own names and Mastra's, and what each may hold."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import StepType, Tokens

_TYPES: Mapping[str, StepType] = {
    **{step_type.value: step_type for step_type in StepType},
    "provider_tool_call": StepType.TOOL_CALL,
    "client_tool_call": StepType.TOOL_CALL,
}
_MICROSECONDS = 1000
_LARGEST = 2**62


class Refused(Exception):
    """Something reported is not as it must be."""

    def __init__(self, path: str, sentence: str) -> None:
        """Say where, and what is wrong there."""
        super().__init__(f"{path} {sentence}")


class Part(enum.Enum):
    """What of a step a field tells."""

    STEP = enum.auto()
    ATTRIBUTE = enum.auto()
    TOKENS = enum.auto()
    NOTHING = enum.auto()
    """It is read elsewhere, or tells how the reporter came to the step."""


Check = Callable[[Any, str], Any]
"""Takes a value and its path, and returns what the step holds. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a reported step. A null says that it is absent, unless it `may_be_null`."""

    part: Part
    name: str
    check: Check
    may_be_null: bool = False


def anything(value: Any, _path: str) -> Any:
    """Take any value."""
    return value


def a_text(value: Any, path: str) -> str:
    """Take a text that is not empty."""
    if type(value) is not str or not value:
        raise Refused(path, "must be a text that is not empty")
    return value


def a_boolean(value: Any, path: str) -> bool:
    """Take true or false."""
    if type(value) is not bool:
        raise Refused(path, "must be true or false")
    return value


def a_count(value: Any, path: str) -> int:
    """Take an integer from 0 on."""
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise Refused(path, "must be an integer that is not negative")
    return value


def milliseconds(value: Any, path: str) -> int:
    """Take milliseconds, a number from 0 on, and return microseconds."""
    if type(value) not in (int, float) or not 0 <= value < _LARGEST / _MICROSECONDS:
        raise Refused(path, "must be a number that is not negative")
    return int(value * _MICROSECONDS)


def an_object(value: Any, path: str) -> dict[str, Any]:
    """Take an object."""
    if type(value) is not dict:
        raise Refused(path, "must be an object")
    return value


def a_step_type(value: Any, path: str) -> StepType:
    """Take the name of a step type."""
    if type(value) is not str or value not in _TYPES:
        raise Refused(path, f"must be one of: {', '.join(StepType)}")
    return _TYPES[value]


def tokens(value: Any, path: str) -> Tokens:
    """Take the tokens of a model generation by side."""
    given = an_object(value, path)
    for name, count in given.items():
        if name not in ("input", "output"):
            raise Refused(f"{path}.{name}", "is no field of tokens; choose of: input, output")
        if count is not None:
            a_count(count, f"{path}.{name}")
    return Tokens(given.get("input"), given.get("output"))


def spans(value: Any, path: str) -> tuple[SpanRef, ...]:
    """Take references to spans."""
    try:
        return msgspec.convert(value, tuple[SpanRef, ...])
    except msgspec.ValidationError:
        raise Refused(path, "must be a list of {trace_id, span_id}") from None


def _of_step(check: Check, *names: str) -> dict[str, Field]:
    """Let these names, of which the first is ours, hold a field of the step."""
    return {name: Field(Part.STEP, names[0], check) for name in names}


def _value(*names: str) -> dict[str, Field]:
    return {name: Field(Part.STEP, names[0], anything, may_be_null=True) for name in names}


def _attribute(name: str, *names: str) -> dict[str, Field]:
    return {theirs: Field(Part.ATTRIBUTE, name, anything) for theirs in names}


FIELDS: Mapping[str, Field] = {
    **_of_step(a_step_type, "step_type", "stepType"),
    **_of_step(a_text, "name"),
    **_value("args", "toolArgs"),
    **_value("output", "toolResult"),
    **_of_step(a_boolean, "success"),
    **_of_step(a_text, "error"),
    **_of_step(tokens, "tokens"),
    **_of_step(a_text, "model", "modelId"),
    **_of_step(a_text, "agent"),
    **_of_step(a_text, "call_id"),
    **_of_step(a_count, "start"),
    **_of_step(a_count, "duration"),
    **_of_step(a_count, "parallel_group"),
    **_of_step(an_object, "attributes"),
    **_of_step(spans, "spans"),
    "durationMs": Field(Part.STEP, "duration", milliseconds),
    "promptTokens": Field(Part.TOKENS, "input", a_count),
    "completionTokens": Field(Part.TOKENS, "output", a_count),
    **{
        name: Field(Part.NOTHING, name, anything)
        for name in ("children", "rule", "source", "missing", "metadata")
    },
    **_attribute("finish_reason", "finishReason"),
    **_attribute("mcp_server", "mcpServer", "mcp_server"),
    **_attribute("agent_id", "agentId"),
    **_attribute("workflow_id", "workflowId"),
    **_attribute("step_id", "stepId", "step_id"),
    **_attribute("status", "status"),
    **_attribute("condition_count", "conditionCount"),
    **_attribute("selected_steps", "selectedSteps"),
    **_attribute("branch_count", "branchCount"),
    **_attribute("parallel_steps", "parallelSteps"),
    **_attribute("loop_type", "loopType"),
    **_attribute("total_iterations", "totalIterations"),
    **_attribute("sleep_ms", "sleepDurationMs"),
    **_attribute("sleep_type", "sleepType"),
    **_attribute("event_name", "eventName"),
    **_attribute("event_received", "eventReceived"),
    **_attribute("processor_id", "processorId"),
}
"""What a reported step may hold."""
