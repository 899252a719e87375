"""What became of an attempt: what functions return and raise, as the contract's messages."""

from __future__ import annotations

import inspect
import math
import traceback
from dataclasses import dataclass
from typing import Final, SupportsFloat, TypeAlias

from trialbook.client.models.result import TASK_ERROR_CODES, TaskErrorCode
from trialbook.client.payload import Json, UnencodableValue, encode, encode_bytes
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.run_pb2 import TaskError
from trialbook.v1.score_pb2 import Score as WireScore
from trialbook.v1.score_pb2 import ScoreStatus as WireStatus

MAX_OUTPUT_BYTES: Final = 1024 * 1024
MAX_MESSAGE: Final = 4_000
MAX_STACK: Final = 16_000
MAX_KIND: Final = 200
MAX_REASON: Final = 2_000


class RetryableError(Exception):
    """Raise it for a failure that another attempt may not meet. Other errors count the same."""


class FinalError(Exception):
    """Raise it for a failure that every attempt would meet: the item is not tried again."""


class UnavailableError(Exception):
    """Raise it when something refuses for now, for example by a rate limit: tried again."""


class InvalidAnswer(Exception):
    """What a function returned cannot be recorded. Final."""


@dataclass(frozen=True, slots=True)
class Score:
    """A scorer's judgement. `evidence` is anything that has a JSON form."""

    value: float
    passed: bool | None = None
    label: str = ""
    reason: str = ""
    evidence: object = None


@dataclass(frozen=True, slots=True)
class NotEvaluable:
    """A scorer's statement that the case has not what it needs. Left out of means."""

    reason: str


Outcome: TypeAlias = Payload | WireScore | TaskError


def target_outcome(value: object) -> Payload:
    """Return what a target answered. `InvalidAnswer` if it has no JSON form or is too large."""
    if isinstance(value, Json):
        data = value.text.encode()
    else:
        try:
            data = encode_bytes(value)
        except UnencodableValue as error:
            raise InvalidAnswer(_unencodable(value, error)) from error
    if len(data) > MAX_OUTPUT_BYTES:
        raise InvalidAnswer(
            f"The output is {len(data):,} bytes of JSON; at most {MAX_OUTPUT_BYTES:,} are kept. "
            "Return less, or a reference to where the rest is."
        )
    return Payload(json=data.decode())


def trajectory_json(value: object) -> str:
    """Return what a target did as JSON. `InvalidAnswer` if it has no such form or is too large."""
    try:
        text = encode(value)
    except UnencodableValue as error:
        raise InvalidAnswer(f"The trajectory {error}") from error
    size = len(text.encode())
    if size > MAX_OUTPUT_BYTES:
        raise InvalidAnswer(
            f"The trajectory is {size:,} bytes of JSON; at most {MAX_OUTPUT_BYTES:,} are kept."
        )
    return text


def scorer_outcome(value: object) -> WireScore:
    """Return what a scorer said. `InvalidAnswer` if it is no judgement."""
    if isinstance(value, NotEvaluable):
        return WireScore(
            status=WireStatus.SCORE_STATUS_NOT_EVALUABLE, reason=value.reason[:MAX_REASON]
        )
    if isinstance(value, Score):
        return _judgement(value)
    if isinstance(value, bool):
        return _judgement(Score(float(value), passed=value))
    return _judgement(Score(_number(value)))


def failure_outcome(error: BaseException) -> TaskError:
    """Return the error of an attempt whose function raised."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    stack = "".join(traceback.format_exception(type(error), error, frames, limit=-50))
    return TaskError(
        code=TASK_ERROR_CODES.wire_name(_code(error)),
        message=(str(error) or type(error).__name__)[:MAX_MESSAGE],
        kind=type(error).__name__[:MAX_KIND],
        stack=stack[-MAX_STACK:],
    )


def _code(error: BaseException) -> TaskErrorCode:
    if isinstance(error, FinalError | InvalidAnswer):
        return TaskErrorCode.INVALID
    if isinstance(error, UnavailableError):
        return TaskErrorCode.UNAVAILABLE
    return TaskErrorCode.EXECUTION


def _judgement(score: Score) -> WireScore:
    message = WireScore(
        status=WireStatus.SCORE_STATUS_SCORED,
        value=_number(score.value),
        passed=score.passed,
        label=score.label,
        reason=score.reason[:MAX_REASON],
    )
    if score.evidence is not None:
        try:
            message.evidence.json = encode(score.evidence)
        except UnencodableValue as error:
            raise InvalidAnswer(f"The scorer's evidence {error}") from error
    return message


def _number(value: object) -> float:
    # By what it can do, so that numbers of numpy and of fractions count too.
    if not isinstance(value, SupportsFloat):
        raise InvalidAnswer(_not_a_score(value))
    number = float(value)
    if not math.isfinite(number):
        raise InvalidAnswer(f"The scorer returned {number}; a score is a finite number.")
    return number


def _not_a_score(value: object) -> str:
    if inspect.iscoroutine(value):
        return _forgotten_await(value)
    return (
        f"The scorer returned a {type(value).__name__}; return a number, a bool, a Score or "
        "NotEvaluable."
    )


def _unencodable(value: object, error: UnencodableValue) -> str:
    return _forgotten_await(value) if inspect.iscoroutine(value) else f"The output {error}"


def _forgotten_await(value: object) -> str:
    if inspect.iscoroutine(value):
        value.close()
    return "The function returned a coroutine without being one: declare it `async def`."
