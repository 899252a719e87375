"""A trajectory as a tree for people: when each step began, how long it took, and what it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from rich.text import Text

from trialbook.client import TraceViewer, Trajectory, TrajectoryStep
from trialbook.services.cli.output import ABSENT, duration_text, printable, shortened

STYLES = {
    "tool_call": "cyan",
    "mcp_tool_call": "cyan",
    "model_generation": "magenta",
    "agent_run": "blue",
    "workflow_run": "blue",
    "handoff": "blue",
}
TIME_WIDTH = 9
LEAST_ROOM = 8
MOST_LEVELS = 24
"""Below so many levels the guides grow no more: hostile traces nest by the thousand."""


@dataclass(frozen=True, slots=True)
class TreeDetail:
    """How much of each step is shown: all of its values, the rule that made it, its spans."""

    full: bool = False
    rules: bool = False
    spans: bool = False
    viewer: TraceViewer | None = None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step with the guides in front of it, and in front of what stands below it."""

    step: TrajectoryStep
    guide: str
    below: str


def tree_lines(trajectory: Trajectory, detail: TreeDetail, width: int) -> Iterator[Text]:
    """Yield the lines of a trajectory, the heading first."""
    placed = list(_placed(trajectory))
    starts = [row.step.start_time for row in placed if row.step.start_time is not None]
    began = min(starts, default=None)
    tokens = max((len(_tokens(row.step)) for row in placed), default=0)
    tokens = max(tokens, len("TOKENS"))
    heading = f"{'START':>{TIME_WIDTH}}  {'TOOK':>{TIME_WIDTH}}  {'TOKENS':>{tokens}}  STEP"
    yield Text(heading, style="bold")
    indent = TIME_WIDTH * 2 + tokens + 6
    for row in placed:
        line = Text(
            f"{_offset(row.step, began):>{TIME_WIDTH}}  "
            f"{duration_text(row.step.duration):>{TIME_WIDTH}}  "
            f"{_tokens(row.step):>{tokens}}  "
        )
        line.append(row.guide, style="dim").append(_what(row.step))
        if not detail.full:
            _append_args(line, row.step, width)
        yield line
        for more in _details(row.step, detail, width - indent - len(row.below)):
            yield Text(" " * indent).append(row.below, style="dim").append(more)
    if any(row.step.parallel_group for row in placed):
        yield Text("∥n: the steps of one number below one parent ran side by side", style="dim")


def step_text(step: TrajectoryStep) -> Text:
    """Return what a step is: its type and its name, in their colours."""
    name = printable(step.name) or "(no name)"
    text = Text(step.step_type.value, style=STYLES.get(step.step_type.value, ""))
    return text.append(" ").append(name, style="red" if step.success is False else "bold")


def args_text(step: TrajectoryStep, room: int) -> str:
    """Return the arguments of a step in so many characters; empty without any, or any room."""
    if step.args_json is None or room < LEAST_ROOM:
        return ""
    return shortened(step.args_json, room)


def _placed(trajectory: Trajectory) -> Iterator[_Placed]:
    stack = [_Placed(step, "", "") for step in reversed(trajectory.steps)]
    while stack:
        row = stack.pop()
        yield row
        last = len(row.step.children) - 1
        deep = len(row.below) >= 3 * MOST_LEVELS
        for place, child in reversed(list(enumerate(row.step.children))):
            guide = "└─ " if place == last else "├─ "
            below = "   " if place == last else "│  "
            stack.append(
                _Placed(
                    child,
                    row.below[:-3] + "…─ " if deep else row.below + guide,
                    row.below if deep else row.below + below,
                )
            )


def _what(step: TrajectoryStep) -> Text:
    text = Text(f"∥{step.parallel_group} " if step.parallel_group else "", style="dim")
    text.append(step_text(step))
    if step.model and step.model != step.name:
        text.append(f" {printable(step.model)}", style="dim")
    if "args" in step.missing:
        text.append(" (arguments not captured)", style="dim")
    return text


def _append_args(line: Text, step: TrajectoryStep, width: int) -> None:
    told = args_text(step, width - line.cell_len - 1)
    if told:
        line.append(f" {told}")


def _details(step: TrajectoryStep, detail: TreeDetail, room: int) -> Iterator[Text]:
    if step.success is False:
        message = step.error or "failed"
        told = printable(message) if detail.full else shortened(message, max(room - 2, LEAST_ROOM))
        yield Text(f"✗ {told}", style="red")
    if detail.full:
        yield from _values(step)
    if detail.rules:
        lacks = f", lacks {', '.join(step.missing)}" if step.missing else ""
        rule = printable(step.rule) or ABSENT
        yield Text(f"rule {rule}, from {step.source.replace('_', ' ')}{lacks}", style="dim")
    if detail.spans:
        for span in step.spans:
            yield Text(f"span {span.trace_id}/{span.span_id}", style="dim")
        if detail.viewer is not None and step.spans:
            yield Text(detail.viewer.url(step.spans[0], *times(step)), style="dim")


def times(step: TrajectoryStep) -> tuple[datetime | None, datetime | None]:
    """Return when a step began and ended, as far as that is known."""
    if step.start_time is None:
        return None, None
    if step.duration is None:
        return step.start_time, step.start_time
    seconds = step.start_time.timestamp() + step.duration
    return step.start_time, datetime.fromtimestamp(seconds, step.start_time.tzinfo)


def _values(step: TrajectoryStep) -> Iterator[Text]:
    values = (
        ("args", step.args_json),
        ("output", step.output_json),
        ("attributes", step.attributes_json),
    )
    for label, text in values:
        if text is not None:
            first, *rest = msgspec.json.format(text, indent=2).splitlines()
            yield Text(f"{label} ", style="dim").append(printable(first))
            yield from map(Text, map(printable, rest))


def _offset(step: TrajectoryStep, began: datetime | None) -> str:
    if step.start_time is None or began is None:
        return ABSENT
    return f"+{duration_text((step.start_time - began).total_seconds())}"


def _tokens(step: TrajectoryStep) -> str:
    if step.input_tokens is None and step.output_tokens is None:
        return ""
    sides = (step.input_tokens, step.output_tokens)
    return "→".join(ABSENT if side is None else f"{side:,}" for side in sides)
