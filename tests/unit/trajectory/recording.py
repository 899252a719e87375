"""A short way to write spans down, and to read the steps that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.span import Span, SpanEvent, SpanRef, SpanStatus
from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory

TRACE = "a" * 32
MILLISECOND = 1_000_000
_EPOCH = 1_700_000_000_000_000_000


class Recording:
    """Spans of one attempt, in the order in which they were written down."""

    def __init__(self, scope: str = "", service: str = "agent") -> None:
        self.spans: list[Span] = []
        self._scope = scope
        self._service = service

    def span(
        self,
        name: str,
        start: int,
        end: int,
        attributes: Mapping[str, Any] | None = None,
        *,
        below: Span | str | None = None,
        trace: str = TRACE,
        **other: Any,
    ) -> Span:
        """Add a span from one millisecond to another; `below` is its parent, or the id of one."""
        parent = below.span_id if isinstance(below, Span) else below or ""
        number = len(self.spans) + 1
        span = Span(
            trace_id=below.trace_id if isinstance(below, Span) else trace,
            span_id=f"{number:016x}",
            parent_id=parent,
            name=name,
            kind=other.pop("kind", 1),
            start=_EPOCH + start * MILLISECOND,
            end=_EPOCH + end * MILLISECOND if end else 0,
            status=other.pop("status", SpanStatus.UNSET),
            status_message=other.pop("message", ""),
            attributes=dict(attributes or {}),
            service=other.pop("service", self._service),
            scope=other.pop("scope", self._scope),
            arrival=number,
            **other,
        )
        self.spans.append(span)
        return span

    def trajectory(self, **given: Any) -> Trajectory:
        """Normalise all spans."""
        return normalise(self.spans, **given)


def event(name: str, **attributes: Any) -> SpanEvent:
    """Make an event; two underscores in an attribute's name stand for a dot."""
    return SpanEvent(name, 0, {key.replace("__", "."): value for key, value in attributes.items()})


def outline(steps: Sequence[Step] | Trajectory, depth: int = 0) -> list[str]:
    """Return the tree of steps as lines: type and name, two spaces further in on each level."""
    lines: list[str] = []
    for step in steps.steps if isinstance(steps, Trajectory) else steps:
        lines.append(f"{'  ' * depth}{step.step_type} {step.name}")
        lines += outline(step.children, depth + 1)
    return lines


def named(trajectory: Trajectory, name: str) -> Step:
    """Return the only step of a name."""
    (found,) = [step for step in trajectory.walk() if step.name == name]
    return found


def ref(span: Span) -> SpanRef:
    """Return a reference to a span."""
    return SpanRef(span.trace_id, span.span_id)
