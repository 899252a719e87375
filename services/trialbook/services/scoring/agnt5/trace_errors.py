"""no_errors and tool_failure_recovered: what went wrong, and whether it went on after that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trialbook.services.scoring.agnt5.context import ERROR, STATE, ExecutionStep
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import (
    Finding,
    binary,
    metric,
    spans_of,
    text_of,
)
from trialbook.services.scoring.trajectory_gaps import require_tools


def _no_errors(observation: Observation) -> Finding:
    """Tell whether nothing failed: as counted beforehand, else as the steps say."""
    context = observation.context
    failed = [step.index for step in context.execution_steps if _is_error(step)]
    count = context.features.error_count if context.features.error_count > 0 else len(failed)
    if not count:
        observation.require(require_tools)
    return binary(
        count == 0,
        ("no_errors", "has_errors"),
        f"{count} errors occurred." if count else "No errors occurred.",
        error_count=count,
        failed_spans=spans_of(observation, failed),
    )


def _is_error(step: ExecutionStep) -> bool:
    return step.kind == ERROR or step.has_error_code or step.has_failed


@dataclass(frozen=True, slots=True)
class ToolFailureRecovered:
    """Looks for a tool call that failed, and for anything that went well after the first such."""

    tool: str | None = None
    error_code: str | None = None

    def __call__(self, observation: Observation) -> Finding:
        """Tell whether there was a failure, and progress after it."""
        failures = [call.index for call in observation.context.tool_calls if self._is_meant(call)]
        first = min(failures, default=0)
        progress = (
            step.index
            for step in observation.context.execution_steps
            if first and step.index > first and _is_progress(step)
        )
        recovered = next(progress, None)
        if recovered is None:
            observation.require(require_tools)
        return binary(
            recovered is not None,
            ("recovered", "not_recovered"),
            _reason(bool(failures), recovered is not None),
            tool=self.tool,
            error_code=self.error_code,
            failed_tool_count=len(failures),
            first_failure_index=first,
            failed_spans=spans_of(observation, failures),
        )

    def _is_meant(self, call: ExecutionStep) -> bool:
        failed = call.has_failed or call.has_error_code or bool(call.error_safe.strip())
        named = self.tool is None or self.tool in (call.tool_name, call.name)
        return failed and named and self.error_code in (None, call.error_code)


def _is_progress(step: ExecutionStep) -> bool:
    if step.kind in (ERROR, STATE) or step.has_failed or step.has_error_code:
        return False
    ended_well = step.status.lower() in ("completed", "success")
    return ended_well or bool(step.output_ref.strip() or step.output_hash.strip())


def _reason(failed: bool, recovered: bool) -> str:
    if recovered:
        return "Work went on after a tool had failed."
    if failed:
        return "A tool failed, and nothing went well after that."
    return "No tool call failed that is meant here, so nothing could be recovered from."


def _configure(parameters: Mapping[str, object]) -> ToolFailureRecovered:
    code = text_of(parameters, "error_code") or text_of(parameters, "errorCode")
    return ToolFailureRecovered(text_of(parameters, "tool"), code)


_ERROR_CODE: dict[str, object] = {"type": "string", "minLength": 1, "maxLength": 1000}

NO_ERRORS = metric(
    "no_errors",
    "Nothing failed: no step is an error, has an error code or ended as failed.",
    {},
    lambda _: _no_errors,
)
TOOL_FAILURE_RECOVERED = metric(
    "tool_failure_recovered",
    "A tool call failed, and a later step went well. Where no call failed, this fails.",
    {
        "tool": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
            "description": "Only failures of this tool; of any by default.",
        },
        "error_code": {**_ERROR_CODE, "description": "Only failures with this error code."},
        "errorCode": {**_ERROR_CODE, "description": "The same."},
    },
    _configure,
)
