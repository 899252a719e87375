"""AGNT5's trace evaluation context: what its scorers of traces read.

Only the fields that a scorer reads are here; others may stand beside them. Times are in
milliseconds.
"""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from trialbook.services.scoring.not_evaluable import NotEvaluable

CONTEXT_SCHEMA = "agnt5.eval.trace_eval_context.v1"
"""The one version of the context that there is."""

TOOL_CALL = "tool_call"
LLM_CALL = "llm_call"
ERROR = "error"
STATE = "state"
FAILED = "failed"

_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Task(msgspec.Struct, frozen=True):
    """What was asked for."""

    text_safe: str = ""


class PlanStep(msgspec.Struct, frozen=True):
    """One step of the agent's plan."""

    index: _Integer = 0
    text_safe: str = ""
    expected_action: str = ""
    expected_tool: str = ""


class Plan(msgspec.Struct, frozen=True):
    """What the agent planned to do, if a plan was detected."""

    detected: bool = False
    steps: tuple[PlanStep, ...] = ()


class ExecutionStep(msgspec.Struct, frozen=True):
    """One thing that was done. `matches_plan_step` is the index of the plan's step it fulfils."""

    index: _Integer = 0
    kind: str = ""
    name: str = ""
    role: str = ""
    status: str = ""
    started_at: _Integer = 0
    ended_at: _Integer = 0
    duration_ms: _Integer = 0
    summary_safe: str = ""
    tool_name: str = ""
    tokens: _Integer = 0
    arguments_ref: str = ""
    arguments_hash: str = ""
    result_ref: str = ""
    result_hash: str = ""
    input_hash: str = ""
    output_ref: str = ""
    output_hash: str = ""
    error_code: str = ""
    error_safe: str = ""
    matches_plan_step: _Integer | None = None

    @property
    def has_failed(self) -> bool:
        """Whether its status says so."""
        return self.status.lower() == FAILED

    @property
    def has_error_code(self) -> bool:
        """Whether it has an error code that is not blank."""
        return bool(self.error_code.strip())


class StepGroup(msgspec.Struct, frozen=True):
    """Steps that belong together, such as one call that was made twice."""

    tool_name: str = ""
    step_ids: tuple[_Integer, ...] = ()
    reason: str = ""


class MissingPlanStep(msgspec.Struct, frozen=True):
    """A step of the plan that nothing fulfils."""

    plan_step_index: _Integer = 0
    text_safe: str = ""


class Features(msgspec.Struct, frozen=True):
    """What was counted beforehand; 0 says that it was not."""

    tool_call_count: _Integer = 0
    unique_tool_call_count: _Integer = 0
    llm_call_count: _Integer = 0
    total_tokens: _Integer = 0
    error_count: _Integer = 0
    duplicate_tool_calls: tuple[StepGroup, ...] = ()
    plan_steps_total: _Integer = 0
    plan_steps_matched: _Integer = 0
    plan_steps_missing: tuple[MissingPlanStep, ...] = ()
    off_path_steps: tuple[_Integer, ...] = ()
    retry_groups: tuple[StepGroup, ...] = ()

    @property
    def surplus_duplicates(self) -> int:
        """How many calls only repeat an earlier one."""
        return _surplus(self.duplicate_tool_calls)

    @property
    def surplus_retries(self) -> int:
        """How many calls only retry an earlier one."""
        return _surplus(self.retry_groups)


def _surplus(groups: tuple[StepGroup, ...]) -> int:
    return sum(max(0, len(group.step_ids) - 1) for group in groups)


class TraceContext(msgspec.Struct, frozen=True):
    """One run of an agent as AGNT5 hands it to scorers."""

    schema_version: str = ""
    session_id: str = ""
    project_id: str = ""
    root_run_id: str = ""
    task: Task | None = None
    plan: Plan = Plan()
    execution_steps: tuple[ExecutionStep, ...] = ()
    features: Features = Features()
    evidence_refs: object = None

    @property
    def tool_calls(self) -> tuple[ExecutionStep, ...]:
        """The steps that call a tool."""
        return tuple(step for step in self.execution_steps if step.kind == TOOL_CALL)

    @property
    def tools(self) -> list[str]:
        """The names of the tools that were called, in order, blank ones left out."""
        names = (step.tool_name.strip() for step in self.tool_calls)
        return [name for name in names if name]


def read_context(raw: object) -> TraceContext:
    """Read a context that a caller or a worker reported.

    Raise `NotEvaluable` with the label `artifact_error` if it is not one: a field of the wrong
    type, another schema version, a blank project, session or root run, or a step whose index is
    not positive or whose kind is blank.
    """
    try:
        context = msgspec.convert(raw, TraceContext)
    except msgspec.ValidationError as error:
        raise artifact_error(f"The trace context cannot be read: {error}.") from error
    if context.schema_version != CONTEXT_SCHEMA:
        raise artifact_error(f"`schema_version` of the trace context must be {CONTEXT_SCHEMA}.")
    for field in ("project_id", "session_id", "root_run_id"):
        if not cast("str", getattr(context, field)).strip():
            raise artifact_error(f"`{field}` of the trace context must not be blank.")
    for position, step in enumerate(context.execution_steps):
        if step.index <= 0:
            raise artifact_error(f"`execution_steps[{position}].index` must be positive.")
        if not step.kind.strip():
            raise artifact_error(f"`execution_steps[{position}].kind` must not be blank.")
    return context


def artifact_error(reason: str) -> NotEvaluable:
    """Return what says that there is no trace to judge."""
    return NotEvaluable("artifact_error", reason)
