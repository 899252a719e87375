"""What evidence of a trajectory is missing, and what that leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trialbook.services.scoring.trajectory.step_match import ARGUMENTS
from trialbook.services.trajectory.step import TOOL_CALLS, StepType
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Gap:
    """Evidence that is missing: a short machine word, and a sentence for people."""

    label: str
    reason: str


NO_EXPECTATION = Gap(
    "no_expectation",
    "Neither the item nor the scorer's parameters say what is expected.",
)
TOKENS = Gap("tokens_not_captured", "The tokens of the model generations were not all captured.")
DURATION = Gap("duration_not_captured", "Nothing tells how long the trajectory took.")
OUTCOMES = Gap(
    "outcomes_not_captured", "Nothing tells of every tool call whether it failed or succeeded."
)
MODELS = Gap(
    "models_not_observable",
    "No model generation was recorded, so nothing tells what the models did.",
)
_ARGUMENTS = Gap(
    "args_not_captured",
    "What tools were called with was not captured, and the verdict hangs on it.",
)


def step_gap(trajectory: Trajectory, types: frozenset[StepType] | None) -> Gap | None:
    """Return why steps of some types (None: all) may be there without being seen, None if not.

    Without a type only the trace as a whole counts.
    """
    evidence = trajectory.evidence
    if not evidence.complete:
        return Gap("trace_partial", _partial(evidence.received_spans, evidence.expected_spans))
    if not evidence.tools_observable and (types is None or types & TOOL_CALLS):
        return Gap(
            "tools_not_observable",
            "Tools may have been called that left no step: their calls are not instrumented.",
        )
    if evidence.dropped_attributes and types != frozenset():
        return Gap(
            "attributes_dropped",
            f"{evidence.dropped_attributes:,} span attributes were dropped, perhaps those that "
            "tell what a span was; raise OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT.",
        )
    return None


def field_gap(unknown: Iterable[str]) -> Gap:
    """Return the gap that fields of steps leave which were not captured."""
    names = sorted(set(unknown))
    if not names or ARGUMENTS in names:
        return _ARGUMENTS
    listed = ", ".join(names)
    return Gap("fields_not_captured", f"Steps were captured without what is expected: {listed}.")


def _partial(received: int, expected: int | None) -> str:
    if expected is None:
        return f"The trace is not complete: {received:,} spans came, and more may be missing."
    return f"The trace is not complete: {received:,} of {expected:,} spans came."
