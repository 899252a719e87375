"""What workers report of attempts, and what is done with that."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from trialbook.services.application.work import TaskKey, WorkState
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.run import TaskError, TraceReport, Usage


class Disposition(enum.Enum):
    """What was done with a report."""

    RECORDED = enum.auto()
    ALREADY_RECORDED = enum.auto()
    FENCED = enum.auto()
    RETRY_SCHEDULED = enum.auto()


class Measured(msgspec.Struct, frozen=True):
    """What an attempt tells beside its outcome, None where it does not.

    `duration` is in microseconds; `steps` is JSON text, an array of StepOutcome; `trajectory` is
    JSON text that tells what the target did. Without a `trace_id` it is the one that the task was
    given.
    """

    duration: int | None = None
    usage: Usage | None = None
    steps: str | None = None
    trace_id: str | None = None
    trace: TraceReport | None = None
    trajectory: str | None = None


UNMEASURED = Measured()


class Answered(msgspec.Struct, frozen=True):
    """A target answered: its output as JSON text, and what is said of it already.

    By the scorer's place; `durations` (microseconds) are those of scorers that tell theirs.
    """

    output: str
    judgements: dict[int, Judgement]
    durations: dict[int, int | None] = {}


class Judged(msgspec.Struct, frozen=True):
    """A worker's scorer came to a judgement."""

    judgement: Judgement


class Broke(msgspec.Struct, frozen=True):
    """The attempt failed."""

    error: TaskError


class Report(msgspec.Struct, frozen=True):
    """What came of one attempt."""

    key: TaskKey
    lease_token: str
    outcome: Answered | Judged | Broke
    measured: Measured


OnRecorded = Callable[[int, WorkState | None], None]
"""Called on the writer's thread with a run, and the state of its work; None if it has ended."""
