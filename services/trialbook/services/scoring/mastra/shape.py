"""A trajectory in Mastra's shape: steps whose top level is what the one agent or workflow did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.trajectory import Trajectory

TOOL_CALLS = frozenset({"tool_call", "mcp_tool_call"})
"""The step types whose calls are looked at for repeats and retries."""

MODEL_GENERATION = "model_generation"


@dataclass(frozen=True, slots=True)
class MastraStep:
    """One step. `fields` are those that its type has, by our names; what is absent is undefined.

    `duration_ms` is None where it is not known.
    """

    name: str
    step_type: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    duration_ms: object = None
    children: tuple[MastraStep, ...] = ()
    spans: tuple[SpanRef, ...] = ()

    @property
    def calls_tool(self) -> bool:
        """Whether it calls a tool, over MCP or not."""
        return self.step_type in TOOL_CALLS

    @property
    def has_failed(self) -> bool:
        """Whether it says that it failed; a step that says nothing has not."""
        return self.fields.get("success") is False


@dataclass(frozen=True, slots=True)
class MastraTrajectory:
    """What was done, and how long it took.

    `observed` is the trajectory of ours that it was made of, None where it was reported in this
    shape: then what it leaves undefined is so, else it is evidence that is missing.
    """

    steps: tuple[MastraStep, ...]
    total_duration_ms: object = None
    observed: Trajectory | None = None

    def walk(self) -> Iterator[MastraStep]:
        """Go through all steps, parents before children."""
        pending = list(reversed(self.steps))
        while pending:
            step = pending.pop()
            yield step
            pending.extend(reversed(step.children))

    def seen(self) -> dict[str, object]:
        """Return the top level as it goes into evidence, with the spans behind each step.

        Nothing of a trajectory that was reported in this shape, which has no spans.
        """
        if self.observed is None:
            return {}
        entries = [
            {
                "name": step.name,
                "stepType": step.step_type,
                "spans": [f"{span.trace_id}/{span.span_id}" for span in step.spans],
            }
            for step in self.steps
        ]
        return {"actualSteps": entries}

    def below(self, step: MastraStep) -> MastraTrajectory:
        """Return what was done within one of its steps."""
        return MastraTrajectory(step.children, step.duration_ms, self.observed)
