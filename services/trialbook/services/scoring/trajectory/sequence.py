"""The steps of a trajectory in a row, and those expected."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from trialbook.services.scoring.expectation.expectation import Expectation, ExpectedStep
from trialbook.services.scoring.trajectory.scope import EVERYTHING, Scope
from trialbook.services.trajectory.step import TOOL_CALLS, Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_RUNS = frozenset({StepType.AGENT_RUN, StepType.WORKFLOW_RUN})
_PARENTS = (
    TOOL_CALLS
    | _RUNS
    | {
        StepType.WORKFLOW_STEP,
        StepType.WORKFLOW_PARALLEL,
        StepType.WORKFLOW_CONDITIONAL,
        StepType.WORKFLOW_LOOP,
    }
)


@dataclass(frozen=True, slots=True)
class StepSequence:
    """Steps in a row.

    `blocks` numbers them, rising: steps of one block ran side by side, so their order means
    nothing. `positions` says where each stands among all steps of the trajectory, depth first.
    """

    steps: tuple[Step, ...]
    blocks: tuple[int, ...]
    positions: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.steps)


class _Branch:
    """One member of a group of siblings that ran side by side, and the group it stands in."""

    __slots__ = ("above", "group", "member", "outermost", "seen")

    def __init__(self, above: _Branch | None, group: tuple[int, int], member: int) -> None:
        self.above = above
        self.group = group
        self.member = member
        self.outermost: tuple[int, int] | None = None
        self.seen = False


def flatten(
    trajectory: Trajectory,
    types: frozenset[StepType] | None = None,
    scope: Scope = EVERYTHING,
) -> StepSequence:
    """Return the steps of some types (None: all) that are in scope, depth first.

    The types come from elsewhere, see `step_types`: the scope's own are not looked at.

    Where siblings ran side by side and more than one of them leads to a step, all the steps that
    they lead to are one block, at the place of the first.
    """
    found = [
        (step, position, branch)
        for position, (step, branch, hidden) in enumerate(
            _walk(trajectory.steps, scope.closed), scope.first
        )
        if not hidden
        and (types is None or step.step_type in types)
        and (scope.agent is None or step.agent == scope.agent)
    ]
    blocks = _block_numbers(branch for _, _, branch in found)
    order = sorted(range(len(found)), key=blocks.__getitem__)
    return StepSequence(
        tuple(found[index][0] for index in order),
        tuple(blocks[index] for index in order),
        tuple(found[index][1] for index in order),
    )


def _walk(
    steps: tuple[Step, ...], closed: frozenset[str]
) -> Iterator[tuple[Step, _Branch | None, bool]]:
    """Go through the steps with the branch that each stands in, and whether it is hidden.

    The tree may be very deep.
    """
    pending: list[tuple[Step, _Branch | None, bool]] = []
    _push(pending, steps, None, 0, hidden=False)
    lists = 1
    while pending:
        step, branch, hidden = pending.pop()
        yield step, branch, hidden
        if step.children:
            _push(pending, step.children, branch, lists, hidden=hidden or step.name in closed)
            lists += 1


def _push(
    pending: list[tuple[Step, _Branch | None, bool]],
    steps: tuple[Step, ...],
    above: _Branch | None,
    number: int,
    *,
    hidden: bool,
) -> None:
    """Put siblings on the stack, the last first; `number` tells their list apart from others."""
    for member in range(len(steps) - 1, -1, -1):
        group = steps[member].parallel_group
        branch = above if group is None else _Branch(above, (number, group), member)
        pending.append((steps[member], branch, hidden))


def _block_numbers(branches: Iterable[_Branch | None]) -> list[int]:
    """Return the number of the block of each step, by the branches that they stand in."""
    listed = list(branches)
    shared = _shared_groups(listed)
    numbers: list[int] = []
    known: dict[tuple[int, int], int] = {}
    count = 0
    for branch in listed:
        group = _outermost(branch, shared)
        number = count if group is None else known.setdefault(group, count)
        count += number == count
        numbers.append(number)
    return numbers


def _shared_groups(branches: Iterable[_Branch | None]) -> frozenset[tuple[int, int]]:
    """Return the groups of which more than one member leads to a step."""
    first: dict[tuple[int, int], int] = {}
    shared: set[tuple[int, int]] = set()
    for start in branches:
        branch = start
        while branch is not None and not branch.seen:
            branch.seen = True
            if first.setdefault(branch.group, branch.member) != branch.member:
                shared.add(branch.group)
            branch = branch.above
    return frozenset(shared)


def _outermost(
    branch: _Branch | None, shared: frozenset[tuple[int, int]]
) -> tuple[int, int] | None:
    """Return the outermost shared group that a branch stands in."""
    chain: list[_Branch] = []
    while branch is not None and branch.seen:
        chain.append(branch)
        branch.seen = False  # Once through, its answer is kept on it.
        branch = branch.above
    answer = None if branch is None else branch.outermost
    for each in reversed(chain):
        if answer is None and each.group in shared:
            answer = each.group
        each.outermost = answer
    return chain[0].outermost if chain else answer


def without_run(
    trajectory: Trajectory, scope: Scope, names: Container[str]
) -> tuple[Trajectory, Scope]:
    """Return what is inside the run of an agent or a workflow that is all there is, with its scope.

    Such a run is the target itself and no step of it, unless it has one of the `names`.
    """
    if len(trajectory.steps) != 1:
        return trajectory, scope
    (root,) = trajectory.steps
    if root.step_type not in _RUNS or root.name in names:
        return trajectory, scope
    inside = msgspec.structs.replace(trajectory, steps=root.children)
    return inside, replace(scope, first=scope.first + 1)


def expected_sequence(
    expectation: Expectation,
) -> tuple[tuple[ExpectedStep, ...], tuple[int, ...]]:
    """Return all the steps that are expected, depth first, and the number of the block of each."""
    steps: list[ExpectedStep] = []
    blocks: list[int] = []
    for step, starts in _expected(expectation):
        steps.append(step)
        blocks.append((blocks[-1] if blocks else -1) + starts)
    return tuple(steps), tuple(blocks)


def _expected(expectation: Expectation) -> Iterator[tuple[ExpectedStep, bool]]:
    """Yield each step and whether a block starts with it."""
    group: int | None = None
    for step in expectation.steps or ():
        in_group = step.parallel_group is not None
        yield step, not in_group or step.parallel_group != group
        group = step.parallel_group
        if step.children is not None:
            for below, starts in _expected(step.children):
                yield below, starts and not in_group


def step_types(
    expectation: Expectation | None, chosen: frozenset[StepType] | None
) -> frozenset[StepType]:
    """Return the step types to look at.

    They are those that were chosen; else those that the expectation chooses; else exactly those
    that its steps mention; else calls of tools.
    """
    if chosen is not None:
        return chosen
    if expectation is None:
        return TOOL_CALLS
    if expectation.step_types is not None:
        return expectation.step_types
    return mentioned_types(expectation.walk())


def mentioned_types(steps: Iterable[ExpectedStep]) -> frozenset[StepType]:
    """Return the types that expected steps mention, calls of tools if there are no steps.

    A step without a type means a call of a tool; with children, anything that has steps below.
    """
    types: set[StepType] = set()
    for step in steps:
        if step.step_type is not None:
            types.add(step.step_type)
        else:
            types |= TOOL_CALLS if step.children is None else _PARENTS
    return frozenset(types) or TOOL_CALLS
