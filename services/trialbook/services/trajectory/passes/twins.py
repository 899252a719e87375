"""Twins: two instrumentations, side by side, that tell of the same call of a model."""

from __future__ import annotations

from trialbook.services.trajectory.node import Node

_MOST_COMPARED = 8


def drop_twins(models: list[Node]) -> bool:
    """Mark the second of two model generations with one response id that overlap in time.

    Response ids of test doubles repeat: therefore they have to overlap, and to come from different
    instrumentation, or to have the same usage of tokens. Return whether there were any.
    """
    by_response: dict[str, list[Node]] = {}
    found = False
    for node in models:
        if node.response_id is None:
            continue
        for other in by_response.setdefault(node.response_id, [])[-_MOST_COMPARED:]:
            if not other.dropped and _are_twins(other, node):
                _merge(other, node)
                found = True
                break
        if not node.dropped:
            by_response[node.response_id].append(node)
    return found


def _merge(first: Node, second: Node) -> None:
    # The call began where the first of the two saw it begin, and stands where that one stands.
    kept, gone = (second, first) if second.begins < first.begins else (first, second)
    kept.absorb(gone)
    gone.dropped = True


def _are_twins(first: Node, second: Node) -> bool:
    if first.begins > second.ends or second.begins > first.ends:
        return False
    if first.span.scope != second.span.scope:
        return True
    same_usage = (first.tokens_in, first.tokens_out) == (second.tokens_in, second.tokens_out)
    return (
        same_usage
        and first.tokens_in is not None
        and first.span.parent_id == second.span.parent_id
        and first.span.trace_id == second.span.trace_id
    )


def without_dropped(nodes: list[Node]) -> None:
    """Take the marked ones out of the children of these nodes."""
    for node in nodes:
        if node.children and any(child.dropped for child in node.children):
            node.children = [child for child in node.children if not child.dropped]
