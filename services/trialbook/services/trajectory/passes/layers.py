"""Layers: several spans, one inside of the other, that tell of the same call or the same run."""

from __future__ import annotations

from msgspec import UNSET

from trialbook.services.trajectory.node import RUNS, Node, by_time
from trialbook.services.trajectory.span import SpanStatus
from trialbook.services.trajectory.step import StepType


def collapse_layers(nodes: list[Node]) -> None:
    """Make one step of nested calls of one tool, and of nested runs of one name.

    `nodes` has parents before children. Of a call the outermost span counts, and any layer of MCP
    makes it a call over MCP. Of a run the innermost counts: what is around it is its caller's.
    """
    for node in reversed(nodes):
        if not node.children:
            continue
        if node.is_tool:
            _collapse_call(node)
        elif node.step_type in RUNS:
            _collapse_run(node)


def _collapse_call(node: Node) -> None:
    if not any(_is_same_call(node, child) for child in node.children):
        return
    children: list[Node] = []
    for child in node.children:
        if _is_same_call(node, child):
            _take_layer(node, child)
            children += child.children
        else:
            children.append(child)
    by_time(children)
    node.children = children


def _is_same_call(node: Node, child: Node) -> bool:
    if not child.is_tool or child.name != node.name:
        return False
    return node.call_id is None or child.call_id is None or node.call_id == child.call_id


def _take_layer(node: Node, layer: Node) -> None:
    if layer.step_type is StepType.MCP_TOOL_CALL:
        node.step_type = StepType.MCP_TOOL_CALL
    # A caller that claims nothing may have swallowed the failure that the layer below tells of.
    if node.success and layer.success is False and node.status is SpanStatus.UNSET:
        node.success = False
    node.absorb(layer)


def _collapse_run(node: Node) -> None:
    namesake: Node | None = None
    for child in node.children:
        if child.is_model or child.is_tool:
            return
        if child.name == node.name and _are_one_run(node, child):
            if namesake is not None:
                return
            namesake = child
    if namesake is None:
        return
    at = node.children.index(namesake)
    node.children[at : at + 1] = namesake.children
    by_time(node.children)
    node.step_type = namesake.step_type
    node.rule = namesake.rule
    if namesake.output is not UNSET:
        node.output = namesake.output
    node.absorb(namesake)


def _are_one_run(node: Node, child: Node) -> bool:
    if StepType.WORKFLOW_STEP in (node.step_type, child.step_type):
        return node.step_type is child.step_type
    return child.step_type in RUNS
