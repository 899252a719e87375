"""max_tool_calls, max_llm_calls, max_tokens and duration_under: a trace stays within a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trialbook.services.scoring.agnt5.context import LLM_CALL, TraceContext
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import (
    Finding,
    binary,
    metric,
    whole_number_of,
)
from trialbook.services.scoring.trajectory_gaps import (
    require_duration,
    require_models,
    require_tokens,
    require_tools,
)
from trialbook.services.trajectory.trajectory import Trajectory

_LABELS = ("within_limit", "over_limit")
_MICROSECONDS = 1_000


@dataclass(frozen=True, slots=True)
class TraceLimit:
    """Holds a figure of a trace to a limit, which it may reach but not exceed.

    Over the limit is over it whatever else was done; within it needs all the evidence that `gap`
    asks for.
    """

    what: str
    most: int
    measure: Callable[[Observation], int]
    gap: Callable[[Trajectory], None]
    names: tuple[str, str]

    def __call__(self, observation: Observation) -> Finding:
        """Tell whether the figure is within the limit."""
        actual = max(0, self.measure(observation))
        within = actual <= self.most
        if within:
            observation.require(self.gap)
        actual_name, most_name = self.names
        reason = f"The {self.what}: {actual:,}, with at most {self.most:,} allowed."
        return binary(within, _LABELS, reason, **{actual_name: actual, most_name: self.most})


def tool_call_count(observation: Observation) -> int:
    """Return how many tools were called: as counted beforehand, else as there are steps."""
    context = observation.context
    return _counted(context.features.tool_call_count, len(context.tool_calls))


def llm_call_count(observation: Observation) -> int:
    """Return how many calls of models there were, likewise."""
    context = observation.context
    calls = sum(step.kind == LLM_CALL for step in context.execution_steps)
    return _counted(context.features.llm_call_count, calls)


def token_count(observation: Observation) -> int:
    """Return how many tokens were used, likewise."""
    context = observation.context
    used = sum(step.tokens for step in context.execution_steps)
    return _counted(context.features.total_tokens, used)


def duration_in_milliseconds(observation: Observation) -> int:
    """Return how long it took, from the first start to the last time stamp.

    Stamps of 0 are none. Without any start it is the sum of the steps' durations. A trajectory's
    own duration is rounded up.
    """
    trajectory = observation.trajectory
    if trajectory is not None and trajectory.duration is not None:
        return -(-trajectory.duration // _MICROSECONDS)
    return _stamped_duration(observation.context)


def _stamped_duration(context: TraceContext) -> int:
    steps = context.execution_steps
    starts = [step.started_at for step in steps if step.started_at > 0]
    if not starts:
        return sum(max(0, step.duration_ms) for step in steps)
    ends = (step.ended_at for step in steps if step.ended_at > 0)
    return max(*starts, *ends, starts[0]) - min(starts)


def _counted(beforehand: int, here: int) -> int:
    return beforehand if beforehand > 0 else here


def _limit(
    what: str, measure: Callable[[Observation], int], gap: Callable[[Trajectory], None]
) -> Callable[[Mapping[str, object]], TraceLimit]:
    return lambda parameters: TraceLimit(
        what, whole_number_of(parameters, "max"), measure, gap, ("actual", "max")
    )


def _duration_limit(parameters: Mapping[str, object]) -> TraceLimit:
    most = whole_number_of(parameters, "max_ms")
    return TraceLimit(
        "milliseconds it took",
        most,
        duration_in_milliseconds,
        require_duration,
        ("actual_ms", "max_ms"),
    )


def _most(description: str) -> dict[str, object]:
    return {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "description": description}


MAX_TOOL_CALLS = metric(
    "max_tool_calls",
    "At most so many tools are called.",
    {"max": _most("How many calls are allowed.")},
    _limit("calls of tools", tool_call_count, require_tools),
    required=("max",),
)
MAX_LLM_CALLS = metric(
    "max_llm_calls",
    "Models are called at most so often.",
    {"max": _most("How many calls are allowed.")},
    _limit("calls of models", llm_call_count, require_models),
    required=("max",),
)
MAX_TOKENS = metric(
    "max_tokens",
    "At most so many tokens are used, input and output together.",
    {"max": _most("How many tokens are allowed.")},
    _limit("tokens used", token_count, require_tokens),
    required=("max",),
)
DURATION_UNDER = metric(
    "duration_under",
    "It takes at most so long, from the first start to the last end.",
    {"max_ms": _most("The longest duration that is allowed, in milliseconds.")},
    _duration_limit,
    required=("max_ms",),
)
