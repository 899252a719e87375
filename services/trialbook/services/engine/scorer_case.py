"""The cases that a built-in scorer judges where it is itself the target: the inputs of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.plan import configured, configured_trajectory
from trialbook.services.scoring import catalogue
from trialbook.services.scoring.judgement import Judgement, Sample
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.reported import read_reported

CaseJudge = Callable[[str], "str | TaskError"]
"""Returns what a scorer says of the case that an item's input is, as JSON text."""

_Case = Mapping[str, msgspec.Raw]

_cases = msgspec.json.Decoder(dict[str, msgspec.Raw])


def case_judge(scorer: str, params: str) -> CaseJudge:
    """Return what judges cases by a built-in scorer of results, or of trajectories."""
    description = catalogue.describe(scorer)
    if description is not None and description.scope is ScorerScope.TRAJECTORY:
        return lambda given: _of_trajectory(scorer, params, given)
    return lambda given: _of_output(scorer, params, given)


def _of_output(scorer: str, params: str, given: str) -> str | TaskError:
    case = _read(given, "output")
    if isinstance(case, TaskError):
        return case
    sample = Sample(
        bytes(case["output"]).decode(), _text(case, "expected"), _text(case, "input") or "null"
    )
    return _answer(configured(scorer, params)(sample))


def _of_trajectory(scorer: str, params: str, given: str) -> str | TaskError:
    case = _read(given, "trajectory")
    if isinstance(case, TaskError):
        return case
    reported = bytes(case["trajectory"]).decode()
    try:
        trajectory = read_reported(reported)
    except ValueError as error:
        return _not_a_case(f"its `trajectory` cannot be read: {error}", "steps or messages there")
    sample = Sample(
        _text(case, "output") or "null", _text(case, "expected"), _text(case, "input") or "null"
    )
    expected = _text(case, "expected_trajectory")
    return _answer(
        configured_trajectory(scorer, params)(
            TrajectorySample(sample, trajectory, expected, reported)
        )
    )


def _read(given: str, needed: str) -> _Case | TaskError:
    """Return the parts of a case, of which this one must be there."""
    optional = "expected" if needed == "output" else "expected_trajectory"
    wanted = f"`{needed}` and, where it is wanted, `{optional}`"
    try:
        case = _cases.decode(given)
    except msgspec.MsgspecError:
        return _not_a_case("it is no object", wanted)
    return case if needed in case else _not_a_case(f"it has no `{needed}`", wanted)


def _text(case: _Case, name: str) -> str | None:
    value = case.get(name)
    return None if value is None else bytes(value).decode()


def _answer(said: Judgement) -> str:
    answer = {
        "status": said.status,
        "value": said.value,
        "passed": said.passed,
        "label": said.label,
        "reason": said.reason,
    }
    return msgspec.json.encode(answer).decode()


def _not_a_case(problem: str, wanted: str) -> TaskError:
    return TaskError(
        ErrorCode.INVALID,
        "The item's input is no case that a scorer can judge: "
        f"{problem}. Give it an object with {wanted}.",
        "InvalidCase",
    )
