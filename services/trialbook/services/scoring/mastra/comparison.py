"""compareTrajectories: how many of the expected steps were done.

It looks at the top level alone, and is greedy: a step that was matched once is not given back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import cast

import msgspec

from trialbook.services.scoring.expectation.expectation import ExpectedStep, Ordering
from trialbook.services.scoring.mastra.javascript import same_text, two_decimals
from trialbook.services.scoring.mastra.shape import MastraStep, MastraTrajectory
from trialbook.services.scoring.not_evaluable import NotEvaluable

_COMPARED: dict[str, tuple[str, ...]] = {
    "tool_call": ("args", "output", "success"),
    "mcp_tool_call": ("args", "output", "mcp_server", "success"),
    "model_generation": ("model", "prompt_tokens", "completion_tokens", "finish_reason"),
    "agent_run": ("agent_id",),
    "workflow_step": ("step_id", "status", "output"),
    "workflow_run": ("workflow_id", "status"),
    "workflow_conditional": ("condition_count", "selected_steps"),
    "workflow_parallel": ("branch_count", "parallel_steps"),
    "workflow_loop": ("loop_type", "total_iterations"),
    "workflow_sleep": ("sleep_ms", "sleep_type"),
    "workflow_wait_event": ("event_name", "event_received"),
    "processor_run": ("processor_id",),
}
_TOKENS = ("prompt_tokens", "completion_tokens")
_REPEAT_PENALTY = 0.1
_SURPLUS_PENALTY = 0.5


class Comparison(msgspec.Struct, frozen=True, rename="camel"):
    """What came of it; the lists are names of steps."""

    score: float
    matched_steps: int
    total_expected_steps: int
    total_actual_steps: int
    missing_steps: list[str]
    extra_steps: list[str]
    out_of_order_steps: list[str]
    repeated_steps: list[str]


def compare_trajectories(
    actual: MastraTrajectory,
    expected: Sequence[ExpectedStep],
    *,
    ordering: Ordering = Ordering.RELAXED,
    allow_repeated_steps: bool = True,
) -> Comparison:
    """Compare the top level of what was done with what is expected.

    The score is the share of expected steps that were matched. Strict order takes off half a share
    for each step too many; steps that repeat a name, where they may not, take off 0.1 per name.
    """
    names = [step.name for step in actual.steps]
    if not expected:
        return Comparison(0.0 if names else 1.0, 0, 0, len(names), [], names, [], [])
    repeated = [name for name, count in Counter(names).items() if count > 1]
    matched = _MATCHERS[ordering](actual, expected)
    expected_names = {step.name for step in expected}
    score = len(matched) / len(expected)
    if ordering is Ordering.STRICT and len(names) > len(expected):
        surplus = (len(names) - len(expected)) / len(expected)
        score = max(0.0, score - surplus * _SURPLUS_PENALTY)
    if not allow_repeated_steps:
        score = max(0.0, score - len(repeated) * _REPEAT_PENALTY)
    return Comparison(
        two_decimals(min(1.0, score)),
        len(matched),
        len(expected),
        len(names),
        [step.name for at, step in enumerate(expected) if at not in matched],
        [name for name in names if name not in expected_names],
        _out_of_order(ordering, names, expected, matched),
        repeated,
    )


def step_matches(actual: MastraStep, expected: ExpectedStep, *, observed: bool) -> bool:
    """Tell whether a step is the expected one.

    The names must be equal. With a step type, that must be too, and every field of this type that
    is expected. Raise `NotEvaluable` if the trajectory was `observed` and such a field was not.
    """
    if actual.name != expected.name:
        return False
    step_type = expected_type(expected)
    if step_type is None:
        return True
    if actual.step_type != step_type:
        return False
    return all(
        _field_matches(actual, name, wanted, observed=observed)
        for name, wanted in _expected_fields(expected, step_type)
    )


def expected_type(expected: ExpectedStep) -> str | None:
    """Return the step type as it was written, which tells more types apart than we do."""
    written = expected.raw.get("stepType", expected.raw.get("step_type"))
    return cast("str | None", written)


def _expected_fields(expected: ExpectedStep, step_type: str) -> Iterable[tuple[str, object]]:
    for name in _COMPARED.get(step_type, ()):
        if name == "args":
            if expected.args is not msgspec.UNSET:
                yield name, expected.args
        elif name in expected.fields:
            yield name, expected.fields[name]


def _field_matches(actual: MastraStep, name: str, wanted: object, *, observed: bool) -> bool:
    if name in actual.fields:
        return same_text(actual.fields[name], wanted)
    if observed:
        what = "tokens" if name in _TOKENS else name
        raise NotEvaluable(
            f"{what}_not_captured", f"`{what}` of the step `{actual.name}` is not known."
        )
    return False


def _match_strictly(actual: MastraTrajectory, expected: Sequence[ExpectedStep]) -> set[int]:
    observed = actual.observed is not None
    pairs = enumerate(zip(actual.steps, expected, strict=False))
    return {at for at, (did, want) in pairs if step_matches(did, want, observed=observed)}


def _match_in_order(actual: MastraTrajectory, expected: Sequence[ExpectedStep]) -> set[int]:
    """Give each expected step the first that fits behind the one that was matched last."""
    positions = _positions(actual)
    matched: set[int] = set()
    last = -1
    for at, wanted in enumerate(expected):
        same_name = positions[wanted.name]
        later = islice(same_name, bisect_right(same_name, last), None)
        found = _first_match(actual, wanted, later)
        if found is not None:
            matched.add(at)
            last = found
    return matched


def _match_unordered(actual: MastraTrajectory, expected: Sequence[ExpectedStep]) -> set[int]:
    """Give each expected step the first that fits and is not taken."""
    positions = _positions(actual)
    matched: set[int] = set()
    for at, wanted in enumerate(expected):
        found = _first_match(actual, wanted, positions[wanted.name])
        if found is not None:
            matched.add(at)
            positions[wanted.name].remove(found)
    return matched


def _positions(actual: MastraTrajectory) -> defaultdict[str, list[int]]:
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, step in enumerate(actual.steps):
        positions[step.name].append(position)
    return positions


def _first_match(
    actual: MastraTrajectory, wanted: ExpectedStep, positions: Iterable[int]
) -> int | None:
    observed = actual.observed is not None
    matching = (
        position
        for position in positions
        if step_matches(actual.steps[position], wanted, observed=observed)
    )
    return next(matching, None)


def _out_of_order(
    ordering: Ordering, names: Sequence[str], expected: Sequence[ExpectedStep], matched: set[int]
) -> list[str]:
    expected_names = [step.name for step in expected]
    if ordering is Ordering.UNORDERED:
        return []
    if ordering is Ordering.RELAXED:
        done = set(names)
        unmatched = (name for at, name in enumerate(expected_names) if at not in matched)
        return [name for name in unmatched if name in done]
    known = set(expected_names)
    return [
        name
        for at, name in enumerate(names)
        if name in known and (at >= len(expected_names) or expected_names[at] != name)
    ]


_MATCHERS = {
    Ordering.STRICT: _match_strictly,
    Ordering.RELAXED: _match_in_order,
    Ordering.UNORDERED: _match_unordered,
}
