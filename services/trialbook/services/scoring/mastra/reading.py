"""Getting a trajectory in Mastra's shape: reported so, or made of one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.mastra.shape import MastraStep, MastraTrajectory
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.mastra import extract_from_spans, extract_workflow, is_spans
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_SIGNS = ('"stepType"', '"stepResults"', '"spanType"')
_MICROSECONDS = 1_000
_ROOTS = (StepType.AGENT_RUN, StepType.WORKFLOW_RUN)
_MEANINGS = {
    "toolArgs": "args",
    "toolResult": "output",
    "output": "output",
    "success": "success",
    "mcpServer": "mcp_server",
    "modelId": "model",
    "promptTokens": "prompt_tokens",
    "completionTokens": "completion_tokens",
    "finishReason": "finish_reason",
    "agentId": "agent_id",
    "stepId": "step_id",
    "status": "status",
    "workflowId": "workflow_id",
    "conditionCount": "condition_count",
    "selectedSteps": "selected_steps",
    "branchCount": "branch_count",
    "parallelSteps": "parallel_steps",
    "loopType": "loop_type",
    "totalIterations": "total_iterations",
    "sleepDurationMs": "sleep_ms",
    "sleepType": "sleep_type",
    "eventName": "event_name",
    "eventReceived": "event_received",
    "processorId": "processor_id",
}


class _Step(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    step_type: str
    duration_ms: Any = None
    children: tuple[Any, ...] = ()


def mastra_trajectory(sample: TrajectorySample) -> MastraTrajectory:
    """Return what the target did.

    A trajectory that was reported in Mastra's shape counts as it stands. Raise `NotEvaluable` if
    there is none at all, or the reported one cannot be read.
    """
    text = sample.reported
    if text is not None and any(sign in text for sign in _SIGNS):
        reported = read_json(text, "reported trajectory")
        shaped = _in_its_shape(reported) if isinstance(reported, dict) else None
        if shaped is not None:
            return read_trajectory(shaped)
    return observed_trajectory(sample.trajectory)


def _in_its_shape(reported: dict[str, Any]) -> dict[str, Any] | None:
    """Return what Mastra would extract of what was reported; None if that is not of its kind."""
    if isinstance(reported.get("steps"), list):
        return reported
    if is_spans(reported.get("spans")):
        return extract_from_spans(reported["spans"], reported.get("rootSpanId"))
    if isinstance(results := reported.get("stepResults"), dict):
        path = reported.get("stepExecutionPath")
        return extract_workflow(results, path if isinstance(path, list) else None)
    return None


def read_trajectory(reported: Mapping[str, object]) -> MastraTrajectory:
    """Read a trajectory in Mastra's own shape, decoded from JSON of bounded depth."""
    try:
        steps = msgspec.convert(reported["steps"], tuple[Any, ...])
        read = tuple(_read_step(step) for step in steps)
    except msgspec.ValidationError as error:
        raise NotEvaluable("unreadable", f"A reported step cannot be read: {error}.") from error
    return MastraTrajectory(read, reported.get("totalDurationMs"))


def _read_step(raw: object) -> MastraStep:
    step = msgspec.convert(raw, _Step)
    fields = cast("dict[str, object]", raw)
    return MastraStep(
        step.name,
        step.step_type,
        {_MEANINGS[name]: value for name, value in fields.items() if name in _MEANINGS},
        step.duration_ms,
        tuple(_read_step(child) for child in step.children),
    )


def observed_trajectory(trajectory: Trajectory) -> MastraTrajectory:
    """Make it of a trajectory of ours. A single agent or workflow gives way to what it did."""
    made: dict[int, MastraStep] = {}
    # Children come behind their parents in the walk, so backwards they are made before them.
    for step in reversed(list(trajectory.walk())):
        made[id(step)] = _made(step, tuple(made[id(child)] for child in step.children))
    tops = trajectory.steps
    if len(tops) == 1 and tops[0].step_type in _ROOTS:
        tops = tops[0].children
    return MastraTrajectory(
        tuple(made[id(step)] for step in tops), _milliseconds(trajectory.duration), trajectory
    )


def _made(step: Step, children: tuple[MastraStep, ...]) -> MastraStep:
    known: dict[str, object] = dict(step.attributes)
    if step.step_type is StepType.MODEL_GENERATION:
        known |= _model_fields(step)
    else:
        known |= {"args": _wrapped(step.args), "output": _wrapped(step.output)}
        known["success"] = msgspec.UNSET if step.success is None else step.success
    return MastraStep(
        step.name,
        step.step_type.value,
        {name: value for name, value in known.items() if value is not msgspec.UNSET},
        _milliseconds(step.duration),
        children,
        step.spans,
    )


def _model_fields(step: Step) -> dict[str, object]:
    tokens = step.tokens
    fields = {
        "model": step.model,
        "prompt_tokens": None if tokens is None else tokens.input,
        "completion_tokens": None if tokens is None else tokens.output,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _wrapped(value: object) -> object:
    """Put a value that is no object into one, as Mastra does."""
    return value if value is msgspec.UNSET or isinstance(value, dict) else {"value": value}


def _milliseconds(duration: int | None) -> float | None:
    return None if duration is None else duration / _MICROSECONDS
