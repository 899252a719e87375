"""Model generations that wrap others, and steps that the capture put below a model generation."""

from __future__ import annotations

from trialbook.services.trajectory.node import Node, by_time


def unwrap_models(roots: list[Node], nodes: list[Node]) -> list[Node]:
    """Let every model generation stand for one call of a model, with nothing below it.

    A model generation with others below it, with no tool and no agent between, is a wrapper around
    them (a whole loop, or the callbacks of a framework around the client) and goes; if it wraps one
    only, that one takes over what the wrapper alone tells. What else stands below a model
    generation (tools, in some frameworks) comes after it. `nodes` has parents before children.
    Return the roots.
    """
    for node in reversed(nodes):
        if node.children and _has_laden_model(node.children):
            node.children = _freed(node.children)
    return _freed(roots) if _has_laden_model(roots) else roots


def _has_laden_model(nodes: list[Node]) -> bool:
    return any(node.is_model and node.children for node in nodes)


def _freed(children: list[Node]) -> list[Node]:
    freed: list[Node] = []
    for child in children:
        if not (child.is_model and child.children):
            freed.append(child)
            continue
        below, child.children = child.children, []
        wrapped = [node for node in below if node.is_model]
        if not wrapped:
            freed.append(child)
        elif len(wrapped) == 1:
            wrapped[0].absorb(child)
        freed += below
    by_time(freed)
    return freed
