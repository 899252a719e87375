"""The assertions about the events of a trace, one class per kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from trialbook.services.scoring.agnt5.built_events import OBSERVABLE
from trialbook.services.scoring.agnt5.trace_event import (
    FAILURES,
    LM_COMPLETED,
    STEP_COMPLETED,
    TraceEvent,
    present_name,
)
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_gaps import (
    require_duration,
    require_models,
    require_tokens,
    require_tools,
)
from trialbook.services.trajectory.trajectory import Trajectory

_NANOSECONDS = 1_000_000
_Events = Sequence[TraceEvent]
_Gap = Callable[[Trajectory], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one assertion.

    `gap` raises `NotEvaluable` if a trajectory lacks the evidence for it; None if what was seen
    decides whatever else there may have been.
    """

    name: str
    passed: bool
    explanation: str
    gap: _Gap | None = None


class TraceAssertion(Protocol):
    """Something that the events of a trace fulfil or do not."""

    def check(self, events: _Events) -> Checked:
        """Look at the events of one trace."""
        ...


@dataclass(frozen=True, slots=True)
class MaxTokens:
    """The model calls that were completed use at most so many tokens together."""

    max: int

    def check(self, events: _Events) -> Checked:
        """Add up the tokens."""
        used = sum(event.tokens for event in events if event.kind == LM_COMPLETED)
        passed = used <= self.max
        explanation = f"{used} tokens were used, at most {self.max} are allowed."
        gap = require_tokens if passed else None
        return Checked(f"max_tokens({self.max})", passed, explanation, gap)


@dataclass(frozen=True, slots=True)
class MaxLmCalls:
    """At most so many model calls are completed."""

    max: int

    def check(self, events: _Events) -> Checked:
        """Count the calls."""
        calls = sum(event.kind == LM_COMPLETED for event in events)
        passed = calls <= self.max
        explanation = f"{calls} model calls were completed, at most {self.max} are allowed."
        gap = require_models if passed else None
        return Checked(f"max_lm_calls({self.max})", passed, explanation, gap)


@dataclass(frozen=True, slots=True)
class EventSequence:
    """Events of these types occur in this order; others may be between them."""

    events: tuple[str, ...]

    def check(self, events: _Events) -> Checked:
        """Look for the types one after the other."""
        kinds = iter([event.kind for event in events])
        missing = next((each for each in self.events if present_name(each) not in kinds), None)
        if missing is None:
            return Checked("event_sequence", True, "All events occur in the expected order.")
        explanation = f"`{missing}` does not occur in this place of the sequence."
        return Checked("event_sequence", False, explanation, _shown(*self.events))


@dataclass(frozen=True, slots=True)
class StepMemoized:
    """A step of a workflow was not carried out but taken from what was recorded."""

    step_name: str

    def check(self, events: _Events) -> Checked:
        """Look for the step's completion that says so."""
        completed = (each for each in events if each.kind == STEP_COMPLETED)
        passed = any(_is_memoized(each) for each in completed if each.name == self.step_name)
        word = "was" if passed else "was not"
        explanation = f"The step `{self.step_name}` {word} memoized."
        return Checked(f"step_memoized({self.step_name})", passed, explanation, _memoization_gap)


@dataclass(frozen=True, slots=True)
class NoErrors:
    """Neither the run nor an agent, a workflow's step, a function or a model call failed."""

    def check(self, events: _Events) -> Checked:
        """Count the failures."""
        failures = sum(event.kind in FAILURES for event in events)
        explanation = f"{failures} events tell of a failure." if failures else "Nothing failed."
        gap = None if failures else require_tools
        return Checked("no_errors", not failures, explanation, gap)


@dataclass(frozen=True, slots=True)
class DurationUnder:
    """From the first to the last event it takes at most so many whole milliseconds."""

    max_ms: int

    def check(self, events: _Events) -> Checked:
        """Compare the times; without events it took no time."""
        times = [event.timestamp_ns for event in events]
        taken = (max(times) - min(times)) // _NANOSECONDS if times else 0
        passed = taken <= self.max_ms
        explanation = f"It took {taken} ms, at most {self.max_ms} ms are allowed."
        gap = require_duration if passed else None
        return Checked(f"duration_under({self.max_ms}ms)", passed, explanation, gap)


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events of a type occur at least so often."""

    event_type: str
    min: int = 1

    def check(self, events: _Events) -> Checked:
        """Count the events."""
        wanted = present_name(self.event_type)
        count = sum(event.kind == wanted for event in events)
        passed = count >= self.min
        explanation = f"`{self.event_type}` occurs {count} times, at least {self.min} are wanted."
        name = f"event_count({self.event_type}, min={self.min})"
        return Checked(name, passed, explanation, None if passed else _shown(self.event_type))


@dataclass(frozen=True, slots=True)
class Custom:
    """Something that only people or other code can say; it never passes."""

    name: str
    description: str = ""

    def check(self, events: _Events) -> Checked:  # noqa: ARG002
        """Fail."""
        about = self.description or self.name
        return Checked(self.name, False, f"`{about}` must be evaluated elsewhere.")


def _is_memoized(event: TraceEvent) -> bool:
    return event.fields.get("is_memoized") is True or event.fields.get("decision") == "replay"


def _memoization_gap(trajectory: Trajectory) -> None:  # noqa: ARG001
    raise NotEvaluable(
        "memoization_not_observable", "A trajectory does not tell which steps were memoized."
    )


def _shown(*event_types: str) -> _Gap:
    """Return the gap of events that would have to be there."""

    def gap(trajectory: Trajectory) -> None:
        require_tools(trajectory)
        for event_type in event_types:
            if present_name(event_type) not in OBSERVABLE:
                raise NotEvaluable(
                    "event_not_observable", f"A trajectory does not tell of `{event_type}`."
                )

    return gap
