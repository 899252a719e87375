"""AGNT5's trace context, made of a trajectory of ours.

What AGNT5's service does here is not public. What is done here: the steps in the order of the
trajectory, without the agents and workflows that only enclose others; a model call is `planning`
if a tool call follows it, else `final_response`; every feature is counted, none is taken over. No
plan is detected, since no evidence says what the agent planned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from trialbook.services.scoring.agnt5.context import (
    CONTEXT_SCHEMA,
    ERROR,
    FAILED,
    LLM_CALL,
    TOOL_CALL,
    ExecutionStep,
    Features,
    StepGroup,
    TraceContext,
)
from trialbook.services.scoring.json_document import as_text
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_NANOSECONDS = 1_000_000
_MICROSECONDS = 1_000
_ENCLOSING = frozenset(
    {
        StepType.AGENT_RUN,
        StepType.WORKFLOW_RUN,
        StepType.WORKFLOW_STEP,
        StepType.WORKFLOW_PARALLEL,
        StepType.WORKFLOW_CONDITIONAL,
        StepType.WORKFLOW_LOOP,
    }
)


def build_context(trajectory: Trajectory) -> tuple[TraceContext, tuple[Step, ...]]:
    """Return the context, and the steps that its execution steps were made of."""
    steps = tuple(step for step in trajectory.walk() if _counts(step))
    last_tool = max((at for at, step in enumerate(steps) if step.calls_tool), default=-1)
    executed = tuple(_executed(at, step, at < last_tool) for at, step in enumerate(steps))
    context = TraceContext(
        schema_version=CONTEXT_SCHEMA,
        root_run_id=next(iter(trajectory.trace_ids), ""),
        execution_steps=executed,
        features=_features(steps, executed),
    )
    return context, steps


def _counts(step: Step) -> bool:
    """Tell whether a step is one of its own, or the only one that tells of a failure."""
    if step.step_type not in _ENCLOSING:
        return True
    if not step.children:
        return step.step_type is StepType.WORKFLOW_STEP or step.success is False
    return step.success is False and not any(
        below.success is False for below in step.walk() if below is not step
    )


def _executed(position: int, step: Step, tool_follows: bool) -> ExecutionStep:
    kind = _kind(step)
    tokens = step.tokens
    started = (step.start or 0) // _NANOSECONDS
    duration = (step.duration or 0) // _MICROSECONDS
    return ExecutionStep(
        index=position + 1,
        kind=kind,
        name=step.name,
        role=("planning" if tool_follows else "final_response") if kind == LLM_CALL else "",
        status=_status(step),
        started_at=started,
        ended_at=started + duration if started else 0,
        duration_ms=duration,
        tool_name=step.name if kind == TOOL_CALL else "",
        tokens=0 if tokens is None else (tokens.input or 0) + (tokens.output or 0),
        error_safe=step.error or "",
    )


def _kind(step: Step) -> str:
    if step.calls_tool:
        return TOOL_CALL
    if step.step_type is StepType.MODEL_GENERATION:
        return LLM_CALL
    failed_enclosing = step.step_type in _ENCLOSING and step.success is False
    return ERROR if failed_enclosing else step.step_type.value


def _status(step: Step) -> str:
    if step.success is False or step.error:
        return FAILED
    ended = step.duration is not None or step.output is not msgspec.UNSET
    return "completed" if step.success or ended else ""


def _features(steps: Sequence[Step], executed: Sequence[ExecutionStep]) -> Features:
    kinds = Counter(step.kind for step in executed)
    calls = [
        (at + 1, step, _signature(at, step)) for at, step in enumerate(steps) if step.calls_tool
    ]
    retried = list(_retries(calls))
    retries = {index for group in retried for index in group[1:]}
    repeated: defaultdict[str, list[int]] = defaultdict(list)
    for index, _, signature in calls:
        if index not in retries:
            repeated[signature].append(index)
    return Features(
        tool_call_count=kinds[TOOL_CALL],
        unique_tool_call_count=len({signature for _, _, signature in calls}),
        llm_call_count=kinds[LLM_CALL],
        total_tokens=sum(step.tokens for step in executed),
        error_count=sum(step.has_failed for step in executed),
        duplicate_tool_calls=_groups(
            executed, repeated.values(), "the same tool with the same arguments"
        ),
        retry_groups=_groups(executed, retried, "the same tool after it had failed"),
    )


def _signature(position: int, step: Step) -> str:
    """Return what equal calls share; a call whose arguments are not known equals no other."""
    arguments = f"#{position}" if step.args is msgspec.UNSET else as_text(step.args)
    return f"{step.name}\n{arguments}"


def _retries(calls: Iterable[tuple[int, Step, str]]) -> Iterable[list[int]]:
    """Group calls of one tool that follow each other, each after the one before it had failed."""
    group: list[int] = []
    failed: str | None = None
    for index, step, _ in calls:
        if failed == step.name:
            group.append(index)
        else:
            if len(group) > 1:
                yield group
            group = [index]
        failed = step.name if _status(step) == FAILED else None
    if len(group) > 1:
        yield group


def _groups(
    executed: Sequence[ExecutionStep], indexes: Iterable[list[int]], reason: str
) -> tuple[StepGroup, ...]:
    return tuple(
        StepGroup(executed[group[0] - 1].tool_name, tuple(group), reason)
        for group in indexes
        if len(group) > 1
    )
