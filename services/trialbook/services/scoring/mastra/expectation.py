"""What Mastra's scorers expect: the item's expectation over the scorer's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from trialbook.services.scoring.expectation.expectation import Expectation, ExpectedStep
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.expectation.reading import expectation_of, read_expectation
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.trajectory_sample import TrajectorySample

_OURS = ("tools", "order", "step_types")
_BESIDE_STEPS = frozenset({"steps", "totalDurationMs", "rawOutput", "rawWorkflowResult"})


def item_expectation(sample: TrajectorySample) -> Expectation | None:
    """Return the item's expectation, None if it has none.

    Raise `NotEvaluable` if it cannot be read, or states what Mastra's scorers do not know.
    """
    if sample.expected_trajectory is None:
        return None
    expectation = read_expectation(sample.expected_trajectory)
    foreign = next(_foreign(expectation), None)
    if foreign is not None:
        raise NotEvaluable(
            "invalid_expectation",
            f"The expected trajectory states {foreign}, which Mastra's scorers do not know; "
            "`expected_trajectory` does.",
        )
    return expectation


def overlaid(own: Expectation, over: Expectation | None) -> Expectation:
    """Return what `over` states, and of `own` what it does not state."""
    if over is None:
        return own
    stated = {name: getattr(over, name) for name in over.stated}
    return replace(own, **stated, stated=own.stated | over.stated)


def own_expectation(value: object, path: str) -> Expectation:
    """Read an expectation in the parameters.

    Raise `InvalidParameters` if it cannot be read, or states what Mastra does not know.
    """
    try:
        expectation = expectation_of(value, path)
    except InvalidExpectation as error:
        raise invalid(error.path, error.message) from error
    foreign = next(_foreign(expectation), None)
    if foreign is not None:
        raise invalid(path, f"`{path}` states {foreign}, which this scorer does not know.")
    return expectation


def own_steps(value: object, path: str) -> tuple[ExpectedStep, ...]:
    """Read expected steps in the parameters: a list, or a trajectory that was recorded.

    Raise `InvalidParameters` likewise.
    """
    if isinstance(value, dict):
        recorded = cast("Mapping[str, object]", value)
        unknown = next((name for name in recorded if name not in _BESIDE_STEPS), None)
        if unknown is not None or "steps" not in recorded:
            wanted = f"`{path}` must be a list of steps, or a trajectory with `steps`."
            raise invalid(f"{path}.{unknown}" if unknown else path, wanted)
        value, path = recorded["steps"], f"{path}.steps"
    return own_expectation(value, path).steps or ()


def forbidden_only(expectation: Expectation) -> Expectation:
    """Return what an expectation forbids, at every level, which names of steps alone decide."""
    steps = tuple(
        ExpectedStep(step.name, children=forbidden_only(step.children), raw=_type_of(step))
        for step in expectation.steps or ()
        if step.children is not None
    )
    return Expectation(
        steps=steps or None,
        blacklisted_tools=expectation.blacklisted_tools,
        blacklisted_sequences=expectation.blacklisted_sequences,
    )


def _type_of(step: ExpectedStep) -> dict[str, object]:
    return {name: step.raw[name] for name in ("stepType", "step_type") if name in step.raw}


def _foreign(expectation: Expectation) -> Iterator[str]:
    """Go through what an expectation states beyond Mastra's."""
    levels = [expectation]
    while levels:
        level = levels.pop()
        yield from (f"`{name}`" for name in _OURS if name in level.stated)
        for step in level.steps or ():
            if step.rule is not None or step.parallel_group is not None:
                yield f"how the arguments or the order of `{step.name}` count"
            if step.children is not None:
                levels.append(step.children)
