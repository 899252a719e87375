"""The finished steps, made from the bottom up."""

from __future__ import annotations

from msgspec import UNSET

from trialbook.services.trajectory.node import Node
from trialbook.services.trajectory.passes.parallel import group_parallel
from trialbook.services.trajectory.step import Step, StepSource, StepType, Tokens

MAX_DEPTH = 64
"""How deep steps nest at most: below that, everything stands side by side, in the same order."""


def build_steps(roots: list[Node], nodes: list[Node]) -> tuple[Step, ...]:
    """Make the steps of nodes. `nodes` holds all of them, parents before children."""
    agents = _agents(roots)
    group_parallel(roots, None)
    made: dict[int, Step] = {}
    for node in reversed(nodes):
        if len(node.children) > 1:
            group_parallel(node.children, node)
    for node in reversed(nodes):
        below = tuple([made.pop(id(child)) for child in node.children]) if node.children else ()
        made[id(node)] = _step(node, agents.get(id(node)), below)
    return tuple([made[id(root)] for root in roots])


def _agents(roots: list[Node]) -> dict[int, str]:
    """Return the name of the nearest agent above each node; lay flat what nests too deep."""
    agents: dict[int, str] = {}
    stack: list[tuple[Node, str | None, int]] = [(root, None, 1) for root in roots]
    while stack:
        node, agent, depth = stack.pop()
        if agent is not None:
            agents[id(node)] = agent
        if not node.children:
            continue
        below = node.name if node.step_type is StepType.AGENT_RUN else agent
        if depth >= MAX_DEPTH - 1:
            _lay_flat(node)
        stack += [(child, below, depth + 1) for child in node.children]
    return agents


def _lay_flat(node: Node) -> None:
    flat: list[Node] = []
    stack = node.children[::-1]
    while stack:
        child = stack.pop()
        flat.append(child)
        stack += child.children[::-1]
        child.children = []
    node.children = flat


def _step(node: Node, agent: str | None, children: tuple[Step, ...]) -> Step:
    tokens = None
    if node.tokens_in is not None or node.tokens_out is not None:
        tokens = Tokens(node.tokens_in, node.tokens_out)
    if node.finish_reason is not None:
        node.attributes["finish_reason"] = node.finish_reason
    from_span = node.source is StepSource.SPAN
    has_duration = from_span and node.end and node.start
    return Step(
        node.step_type,
        node.name,
        node.args,
        node.output,
        node.success,
        node.error,
        tokens,
        node.model,
        agent,
        node.call_id,
        node.start or None,
        max(0, (node.end - node.start) // 1000) if has_duration else None,
        node.parallel_group,
        node.attributes,
        tuple(node.spans),
        node.rule,
        node.source,
        _missing(node, bool(has_duration)),
        children,
    )


def _missing(node: Node, has_duration: bool) -> tuple[str, ...]:
    missing: list[str] = []
    if node.is_tool:
        if node.args is UNSET:
            missing.append("args")
        if node.output is UNSET and node.success is not False:
            missing.append("output")
    elif node.is_model and (node.tokens_in is None or node.tokens_out is None):
        missing.append("tokens")
    if not has_duration:
        missing.append("duration")
    if node.success is None:
        missing.append("success")
    return tuple(missing)
