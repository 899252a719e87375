"""What the tables of the conventions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trialbook.services.trajectory.step import StepType


@dataclass(frozen=True, slots=True)
class Rule:
    """Says what a span is by the attribute `key`, if all that it asks for is true.

    It asks that the attribute is `value`, or ends in one of `endings`, or is there at all; that the
    span's name begins with `span_name`; that all of `has`, one of `has_any` and none of `lacks` are
    attributes; with `top` that no span above it is a step; with `named_by`, an attribute and the
    fields inside its JSON, that this value is the span's name; with `wraps_namesake` that its only
    child span has the same name; and that the name that it finds is none of `not_named`.

    `step_type` None makes the span transparent: its children take its place. The name is the first
    of the attributes `names`, else the span's own, less one of `prefixes` and one of `suffixes`.
    `attributes` tells which attribute of the step comes from which of the span.
    """

    name: str
    key: str
    step_type: StepType | None
    value: str | None = None
    endings: tuple[str, ...] = ()
    span_name: str = ""
    has: tuple[str, ...] = ()
    has_any: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    top: bool = False
    named_by: tuple[str, ...] = ()
    wraps_namesake: bool = False
    not_named: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a convention puts what belongs to a step: attributes, the first that is there counts.

    `args` and `output` are a tool's; `step_input` and `step_output` those of an agent, a workflow
    or a step of one. `args_events` and `output_events` name events and the attribute in them.
    `error` explains a failure, `failed` holds the values of attributes that say there was one.
    `server` names the server that an MCP tool is called on.
    """

    args: tuple[str, ...] = ()
    args_events: tuple[tuple[str, str], ...] = ()
    output: tuple[str, ...] = ()
    output_events: tuple[tuple[str, str], ...] = ()
    step_input: tuple[str, ...] = ()
    step_output: tuple[str, ...] = ()
    call_id: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    input_tokens: tuple[str, ...] = ()
    output_tokens: tuple[str, ...] = ()
    finish_reason: tuple[str, ...] = ()
    response_id: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    failed: tuple[tuple[str, object], ...] = ()
    server: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Messages:
    """Where a convention puts what goes into a model and what comes out.

    Attributes with messages as JSON; families of attributes that are numbered
    (`prefix.0.content`), by their prefix; and events or log records by name with the attribute that
    holds the messages, the record's `body` among them. `output_tools` is an attribute, and the
    fields inside its JSON, that lists the tools by which a model only gives its final answer.
    """

    output: tuple[str, ...] = ()
    output_numbered: tuple[str, ...] = ()
    output_events: tuple[tuple[str, str], ...] = ()
    input: tuple[str, ...] = ()
    input_numbered: tuple[str, ...] = ()
    input_events: tuple[tuple[str, str], ...] = ()
    output_tools: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Convention:
    """One way to name things in spans.

    `scopes` names instrumentation scopes by their beginning, and says whether their spans tell of
    every tool call; of other scopes nothing is known.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    fields: Fields = Fields()
    messages: Messages = Messages()
    scopes: Mapping[str, bool] = field(default_factory=dict)
