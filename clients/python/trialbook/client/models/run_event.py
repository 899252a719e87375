"""The facts of a run's history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from trialbook.client.models.codec import time_of
from trialbook.client.models.experiment import Target
from trialbook.client.models.gate import GateVerdict
from trialbook.client.models.result import Result
from trialbook.client.models.run import (
    RUN_END_REASONS,
    RUN_STATUSES,
    Run,
    RunCounts,
    RunEndReason,
    RunStatus,
)
from trialbook.client.models.score import ResultScore
from trialbook.client.models.scorer_spec import Scorer
from trialbook.v1 import run_pb2


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run began."""

    planned: int


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run that was pending has its first worker; the target's revision is pinned from here on."""

    target: Target


@dataclass(frozen=True, slots=True)
class ResultScored:
    """A result has a score."""

    number: int
    item_id: str
    trial: int
    score: ResultScore


@dataclass(frozen=True, slots=True)
class RunCancelRequested:
    """The run was stopped, by somebody or by a limit; what is not done becomes skipped."""

    author: str
    reason: str
    end_reason: RunEndReason = RunEndReason.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class RunRetried:
    """So many results get another chance, in this round, from 1; each gets an outcome again."""

    round: int
    count: int
    author: str


@dataclass(frozen=True, slots=True)
class RunRescored:
    """Recorded outputs are judged by more scorers."""

    scorers: tuple[Scorer, ...]
    author: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run ended. Only a verdict comes after it, unless the run is retried or rescored."""

    status: RunStatus
    counts: RunCounts
    end_reason: RunEndReason = RunEndReason.UNSPECIFIED


Fact: TypeAlias = (
    RunStarted
    | RunBegan
    | Result
    | ResultScored
    | RunCancelRequested
    | RunRetried
    | RunRescored
    | RunEnded
    | GateVerdict
    | None
)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One fact of a run's history; `fact` is None for a kind that a newer server knows."""

    position: int
    record_time: datetime
    fact: Fact

    @classmethod
    def from_message(cls, message: run_pb2.RunEvent) -> RunEvent:
        """Read it from the contract's message."""
        return cls(message.position, time_of(message.record_time), _fact(message))


@dataclass(frozen=True, slots=True)
class WatchUpdate:
    """Some facts of a run, or none as a sign of life.

    Give `through_position` to resume after them. `run` is what it looked like then, where the
    server told it.
    """

    events: tuple[RunEvent, ...]
    through_position: int
    run: Run | None


def _fact(message: run_pb2.RunEvent) -> Fact:
    match message.WhichOneof("fact"):
        case "result":
            return Result.from_message(message.result)
        case "scored":
            scored = message.scored
            score = ResultScore.from_message(scored.score)
            return ResultScored(scored.number, scored.item_id, scored.trial, score)
        case "gate_verdict":
            return GateVerdict.from_message(message.gate_verdict)
        case _:
            return _head_fact(message)


def _head_fact(message: run_pb2.RunEvent) -> Fact:
    """Return a fact of the run as a whole; None for a kind that is not known."""
    match message.WhichOneof("fact"):
        case "started":
            return RunStarted(message.started.planned)
        case "began":
            return RunBegan(Target.from_message(message.began.target))
        case "cancel_requested":
            stop = message.cancel_requested
            reason = RUN_END_REASONS.member(stop.end_reason)
            return RunCancelRequested(stop.author, stop.reason, reason)
        case "retried":
            retried = message.retried
            return RunRetried(retried.round, retried.count, retried.author)
        case "rescored":
            scorers = tuple(map(Scorer.from_message, message.rescored.scorers))
            return RunRescored(scorers, message.rescored.author)
        case "ended":
            ended = message.ended
            counts = RunCounts.from_message(ended.counts)
            reason = RUN_END_REASONS.member(ended.end_reason)
            return RunEnded(RUN_STATUSES.member(ended.status), counts, reason)
        case _:
            return None
