"""A step while it is made: what a span became, before the passes put the steps together."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from msgspec import UNSET

from trialbook.services.trajectory.span import Span, SpanRef, SpanStatus
from trialbook.services.trajectory.step import TOOL_CALLS, StepSource, StepType
from trialbook.services.trajectory.tool_calls import ToolCall

MAX_SPANS = 64
"""How many spans a step refers to at most."""
RUNS = frozenset({StepType.AGENT_RUN, StepType.WORKFLOW_RUN, StepType.WORKFLOW_STEP})


class Node:
    """One step to be.

    `start` and `end` are its span's, `begins` and `ends` the same on the clock of the first span
    above. `turn` numbers the model generation that asked for a call of a tool.
    """

    __slots__ = (
        "args",
        "attributes",
        "begins",
        "call_id",
        "children",
        "dropped",
        "end",
        "ends",
        "error",
        "finish_reason",
        "is_model",
        "is_tool",
        "model",
        "name",
        "output",
        "parallel_group",
        "requested",
        "response_id",
        "rule",
        "source",
        "span",
        "spans",
        "start",
        "status",
        "step_type",
        "success",
        "tokens_in",
        "tokens_out",
        "turn",
    )

    def __init__(self, step_type: StepType, name: str, rule: str, span: Span) -> None:
        """Start with what the rule that made it and its span tell."""
        self.step_type = step_type
        self.name = name
        self.rule = rule
        self.span = span
        self.spans: list[SpanRef] = [SpanRef(span.trace_id, span.span_id)]
        self.start = self.begins = span.start
        self.end = self.ends = span.end
        self.status: SpanStatus = span.status
        self.is_tool = step_type in TOOL_CALLS
        self.is_model = step_type is StepType.MODEL_GENERATION
        self.children: list[Node] = []
        self.args: Any = UNSET
        self.output: Any = UNSET
        self.success: bool | None = None
        self.error: str | None = None
        self.call_id: str | None = None
        self.model: str | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.finish_reason: str | None = None
        self.response_id: str | None = None
        self.attributes: dict[str, Any] = {}
        self.requested: list[ToolCall] | None = None
        self.source = StepSource.SPAN
        self.parallel_group: int | None = None
        self.turn: int | None = None
        self.dropped = False

    def absorb(self, other: Node) -> None:
        """Take over from another account of the same thing what this one does not tell."""
        self.spans += other.spans[: MAX_SPANS - len(self.spans)]
        for field in ("args", "output"):
            if getattr(self, field) is UNSET:
                setattr(self, field, getattr(other, field))
        for field in _TOLD_OR_NONE:
            if getattr(self, field) is None:
                setattr(self, field, getattr(other, field))
        if not self.requested:
            self.requested = other.requested
        for name, value in other.attributes.items():
            self.attributes.setdefault(name, value)


_TOLD_OR_NONE = (
    "call_id",
    "error",
    "finish_reason",
    "model",
    "requested",
    "response_id",
    "success",
    "tokens_in",
    "tokens_out",
)


def by_time(siblings: list[Node]) -> None:
    """Put siblings in the order in which they began; those that began together stay as they are."""
    if len(siblings) > 1:
        siblings.sort(key=_begins)


_begins = attrgetter("begins")


def preorder(roots: list[Node]) -> list[Node]:
    """Return all nodes, parents before children."""
    ordered: list[Node] = []
    stack = roots[::-1]
    while stack:
        node = stack.pop()
        ordered.append(node)
        if node.children:
            stack += node.children[::-1]
    return ordered
