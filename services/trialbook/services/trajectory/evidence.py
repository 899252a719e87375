"""How far the steps that were found can be trusted."""

from __future__ import annotations

from msgspec import UNSET

from trialbook.services.trajectory.conventions.catalogue import FOR_FIELDS
from trialbook.services.trajectory.node import Node
from trialbook.services.trajectory.span import Span
from trialbook.services.trajectory.step import StepType

_ASKED_FOR_TOOLS = frozenset(
    {"tool_calls", "tool_call", "tool-calls", "tool_use", "toolUse", "function_call"}
)
_SCOPES = tuple(
    sorted(
        (item for convention in FOR_FIELDS for item in convention.scopes.items()),
        key=lambda item: -len(item[0]),
    )
)


def tools_observable(nodes: list[Node]) -> bool:
    """Say whether every tool that was called would have left a step.

    With a tool call among the steps the capture is taken to tell of tools. Without one, the model
    generations must tell what they asked for, or the instrumentation of what is there must be known
    to make spans of tool calls; and no model may have stopped in order to call one.
    """
    if any(node.is_tool for node in nodes):
        return True
    models = [node for node in nodes if node.is_model]
    if any(model.finish_reason in _ASKED_FOR_TOOLS for model in models):
        return False
    if models and all(model.requested is not None for model in models):
        return True
    known = [emits_tools(node.span) for node in nodes]
    return any(known)


def emits_tools(span: Span) -> bool:
    """Say whether the instrumentation that made a span is known to make spans of tool calls."""
    for scope, emits in _SCOPES:
        if span.scope.startswith(scope) and not span.scope[len(scope) :][:1].isalnum():
            return emits
    return False


def args_captured(nodes: list[Node]) -> bool | None:
    """Say whether every tool call has its arguments, None without tool calls."""
    tools = [node for node in nodes if node.is_tool]
    return all(node.args is not UNSET for node in tools) if tools else None


def tokens_captured(nodes: list[Node]) -> bool | None:
    """Say whether every model generation has its tokens, None without model generations."""
    models = [node for node in nodes if node.is_model]
    if not models:
        return None
    return all(node.tokens_in is not None and node.tokens_out is not None for node in models)


def notes_on(nodes: list[Node], observable: bool) -> list[str]:
    """Say in sentences what a person should know of gaps in the evidence."""
    notes: list[str] = []
    if not nodes:
        return ["No span of these traces tells of a step."]
    if not observable:
        notes.append("Tools may have been called that left no step: the capture does not tell.")
    lost = sum(node.is_tool and node.args is UNSET for node in nodes)
    if lost:
        notes.append(f"The arguments of {lost} tool calls were not captured.")
    from_messages = sum(node.is_tool and node.rule.endswith(".message_parts") for node in nodes)
    if from_messages:
        notes.append(f"{from_messages} tool calls have no span; they were read from messages.")
    open_steps = sum(not node.end and node.step_type is not StepType.TOOL_CALL for node in nodes)
    if open_steps:
        notes.append(f"{open_steps} steps have no end.")
    return notes
