"""Steps that ran side by side, whose order means nothing."""

from __future__ import annotations

from trialbook.services.trajectory.node import Node
from trialbook.services.trajectory.step import StepType


def group_parallel(siblings: list[Node], parent: Node | None) -> None:
    """Number the groups of siblings that overlap in time, or that one model turn asked for.

    Model generations take no part: what follows a model does so for a reason. Everything right
    below a parallel step of a workflow is one group.
    """
    if len(siblings) < 2:
        return
    if parent is not None and parent.step_type is StepType.WORKFLOW_PARALLEL:
        for node in siblings:
            node.parallel_group = 1
        return
    group = 0
    last: Node | None = None
    latest_end = 0
    for node in siblings:
        if node.is_model:
            continue
        if last is not None and _beside(last, node, latest_end):
            if last.parallel_group is None:
                group += 1
                last.parallel_group = group
            node.parallel_group = last.parallel_group
            latest_end = max(latest_end, node.ends)
        else:
            latest_end = node.ends
        last = node


def _beside(last: Node, node: Node, latest_end: int) -> bool:
    if node.turn is not None and node.turn == last.turn:
        return True
    return node.begins < latest_end
