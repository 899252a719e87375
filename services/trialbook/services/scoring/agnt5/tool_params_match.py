"""tool_params_match: a tool is called with these parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from trialbook.services.scoring.agnt5.context import ExecutionStep
from trialbook.services.scoring.agnt5.json_equality import same_json
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import (
    Finding,
    binary,
    metric,
    spans_of,
    text_of,
)
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_gaps import require_tools
from trialbook.services.trajectory.step import Step

_SAFE_TEXTS = (
    "tool_name",
    "name",
    "status",
    "summary_safe",
    "arguments_ref",
    "arguments_hash",
    "result_ref",
    "result_hash",
    "input_hash",
    "output_hash",
)
SUPPORTED_KEYS = (*_SAFE_TEXTS, "duration_ms")
"""The keys that a trace context of AGNT5 can answer: it has no arguments, only their hashes."""


@dataclass(frozen=True, slots=True)
class ToolParamsMatch:
    """Looks for a call of a tool that has every parameter.

    A parameter is one of `SUPPORTED_KEYS` or, where the trajectory is known, an argument.
    """

    tool: str
    params: Mapping[str, object]

    def __call__(self, observation: Observation) -> Finding:
        """Tell whether there is such a call."""
        calls = [call for call in observation.context.tool_calls if call.tool_name == self.tool]
        missed = [(call.index, self._missed(call, _step(observation, call))) for call in calls]
        matched = [index for index, keys in missed if not keys]
        if not matched:
            self._require_evidence(observation, calls)
        return binary(
            bool(matched),
            ("matched", "not_matched"),
            self._reason(bool(matched), len(calls)),
            tool=self.tool,
            candidate_count=len(calls),
            matched_step_indexes=matched,
            mismatches=[
                {"step_index": index, "mismatched_keys": keys} for index, keys in missed if keys
            ],
            supported_param_keys=list(SUPPORTED_KEYS),
            matched_spans=spans_of(observation, matched),
        )

    def _missed(self, call: ExecutionStep, step: Step | None) -> list[str]:
        known = _safe_attributes(call)
        arguments = _arguments(step)
        return [
            key
            for key, wanted in self.params.items()
            if not any(key in each and same_json(each[key], wanted) for each in (known, arguments))
        ]

    def _require_evidence(self, observation: Observation, calls: list[ExecutionStep]) -> None:
        observation.require(require_tools)
        for call in calls:
            step = _step(observation, call)
            if step is not None and step.args is msgspec.UNSET:
                raise NotEvaluable(
                    "args_not_captured", f"The arguments of a call of `{self.tool}` are unknown."
                )

    def _reason(self, matched: bool, calls: int) -> str:
        if matched:
            return f"A call of `{self.tool}` has the parameters."
        if not calls:
            return f"`{self.tool}` was not called."
        return f"None of the {calls} calls of `{self.tool}` has the parameters."


def _step(observation: Observation, call: ExecutionStep) -> Step | None:
    return observation.steps[call.index - 1] if observation.steps else None


def _safe_attributes(call: ExecutionStep) -> dict[str, object]:
    texts = {name: cast("str", getattr(call, name)) for name in _SAFE_TEXTS}
    attributes: dict[str, object] = {name: text for name, text in texts.items() if text.strip()}
    return {**attributes, "duration_ms": call.duration_ms}


def _arguments(step: Step | None) -> Mapping[str, object]:
    if step is None or not isinstance(step.args, dict):
        return {}
    return cast("dict[str, object]", step.args)


def _configure(parameters: Mapping[str, object]) -> ToolParamsMatch:
    tool = text_of(parameters, "tool")
    assert tool is not None, "it is required"
    return ToolParamsMatch(tool, cast("dict[str, object]", parameters["params"]))


TOOL_PARAMS_MATCH = metric(
    "tool_params_match",
    "A call of the tool has all the parameters: arguments of the call, or what AGNT5's trace "
    "contexts tell of it.",
    {
        "tool": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
            "description": "The tool's name.",
        },
        "params": {
            "type": "object",
            "minProperties": 1,
            "description": "Values by name; each must be equal.",
        },
    },
    _configure,
    required=("tool", "params"),
)
