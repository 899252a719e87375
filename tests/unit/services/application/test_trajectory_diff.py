"""An expected trajectory beside an actual one, line by line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trialbook.services.application.trajectory_diff import (
    NOT_CAPTURED,
    StepMatch,
    TrajectoryDiff,
    diff,
)
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory


def call(name: str, **args: Any) -> Step:
    return Step(StepType.TOOL_CALL, name, args=args)


def done(*steps: Step) -> Trajectory:
    """An agent that took these steps, each behind an answer of a model."""
    taken = [part for step in steps for part in (Step(StepType.MODEL_GENERATION, "m"), step)]
    return Trajectory((Step(StepType.AGENT_RUN, "agent", children=tuple(taken)),))


def wanted(*names: str | dict[str, Any], **more: Any) -> str:
    steps = [{"name": name} if isinstance(name, str) else name for name in names]
    return msgspec.json.encode({"steps": steps, **more}).decode()


def lines(found: TrajectoryDiff) -> list[tuple[str, str, int]]:
    return [
        (
            line.match.name.lower(),
            "" if line.expected is None else msgspec.json.decode(line.expected)["name"],
            line.step,
        )
        for line in found.lines
    ]


def test_what_is_missing_stands_where_it_was_expected() -> None:
    found = diff(wanted("first", "a", "second", "b", "third"), done(call("a"), call("b")))

    assert lines(found) == [
        ("missing", "first", 0),
        ("matched", "a", 3),
        ("missing", "second", 0),
        ("matched", "b", 5),
        ("missing", "third", 0),
    ]
    assert (found.precision, found.recall) == (1.0, 0.4)


def test_extra_steps_and_those_out_of_order_are_told_apart() -> None:
    found = diff(wanted("a", "b", "c"), done(call("c"), call("a"), call("x"), call("b")))

    assert lines(found) == [
        ("out_of_order", "c", 3),
        ("matched", "a", 5),
        ("extra", "", 7),
        ("matched", "b", 9),
    ]


def test_differences_of_arguments_are_sentences() -> None:
    step = {
        "name": "refund",
        "args": {"order": "o-8", "amount": 1, "note": "n"},
        "args_mode": "exact",
    }
    found = diff(wanted(step), done(call("refund", order="o-9", amount=1, by="ada")))

    (line,) = found.lines
    assert line.match is StepMatch.DIFFERENT
    assert line.expected is not None
    assert msgspec.json.decode(line.expected) == step
    assert line.differences == (
        "/order is 'o-9', not 'o-8'",
        "/note is not there; 'n' was expected",
        "/by is 'ada', and was not expected",
    )


def test_arguments_that_were_not_captured_are_no_difference() -> None:
    step = Step(StepType.TOOL_CALL, "a", missing=("args",))

    (line,) = diff(wanted({"name": "a", "args": {"x": 1}}), done(step)).lines

    assert (line.match, line.differences) == (StepMatch.MATCHED, (NOT_CAPTURED,))


def test_an_expectation_without_steps_cannot_be_laid_beside_anything() -> None:
    with pytest.raises(NotEvaluable):
        diff('{"max_steps":3}', done(call("a")))
