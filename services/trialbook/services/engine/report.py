"""What workers report of attempts, and what is done with that."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from trialbook.services.application.work import TaskKey
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.run import TaskError


class Disposition(enum.Enum):
    """What was done with a report."""

    RECORDED = enum.auto()
    ALREADY_RECORDED = enum.auto()
    FENCED = enum.auto()
    RETRY_SCHEDULED = enum.auto()


class Answered(msgspec.Struct, frozen=True):
    """A target answered: its output as JSON text, and what the built-in scorers say of it."""

    output: str
    judgements: dict[int, Judgement]


class Judged(msgspec.Struct, frozen=True):
    """A worker's scorer came to a judgement."""

    judgement: Judgement


class Broke(msgspec.Struct, frozen=True):
    """The attempt failed."""

    error: TaskError


class Report(msgspec.Struct, frozen=True):
    """What came of one attempt. `duration` is in microseconds."""

    key: TaskKey
    lease_token: str
    outcome: Answered | Judged | Broke
    duration: int


OnRecorded = Callable[[int, bool], None]
"""Called on the writer's thread with a run, and whether it has ended."""
