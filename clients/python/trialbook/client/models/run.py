"""Runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client import names
from trialbook.client.models.codec import (
    EnumCodec,
    json_of,
    optional_seconds,
    optional_time,
    time_of,
)
from trialbook.client.models.experiment import Target
from trialbook.client.models.gate import Gate, GateVerdict
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.score import ScorerSummary
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.payload import decode
from trialbook.v1 import run_pb2


class RunStatus(StrEnum):
    """Where a run stands."""

    UNSPECIFIED = "unspecified"
    PENDING = "pending"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen, unless the run is retried or rescored."""
        return self in (RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED)


class RunEndReason(StrEnum):
    """Why a run has ended; unspecified if it has not, or has completed."""

    UNSPECIFIED = "unspecified"
    CANCELLED = "cancelled"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    TOO_MANY_FAILURES = "too_many_failures"
    ALL_FAILED = "all_failed"


class ScorerSource(StrEnum):
    """Where the scorers of a run come from; unspecified if it has none."""

    UNSPECIFIED = "unspecified"
    RUN = "run"
    EXPERIMENT = "experiment"
    DATASET = "dataset"


RUN_STATUSES: Final = EnumCodec(RunStatus, run_pb2.RunStatus, "RUN_STATUS")
RUN_END_REASONS: Final = EnumCodec(RunEndReason, run_pb2.RunEndReason, "RUN_END_REASON")
SCORER_SOURCES: Final = EnumCodec(ScorerSource, run_pb2.ScorerSource, "SCORER_SOURCE")


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many results a run has."""

    planned: int
    succeeded: int
    failed: int
    skipped: int

    @property
    def done(self) -> int:
        """How many have their outcome."""
        return self.succeeded + self.failed + self.skipped

    @classmethod
    def from_message(cls, message: run_pb2.RunCounts) -> RunCounts:
        """Read it from the contract's message."""
        return cls(message.planned, message.succeeded, message.failed, message.skipped)


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """How long attempts took, in seconds; None without results, and where it is not told."""

    p50: float | None
    p95: float | None

    @classmethod
    def from_message(cls, message: run_pb2.LatencySummary) -> LatencySummary:
        """Read it from the contract's message."""
        return cls(
            p50=optional_seconds(message, "p50"),
            p95=optional_seconds(message, "p95"),
        )


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What the attempts that gave results have used; `told` is how many tell. `cost` in dollars."""

    told: int
    input_tokens: int
    output_tokens: int
    cost: float

    @classmethod
    def from_message(cls, message: run_pb2.UsageSummary) -> UsageSummary:
        """Read it from the contract's message."""
        return cls(message.told, message.input_tokens, message.output_tokens, message.cost)


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment version on one dataset version, with all that it is pinned to.

    `scores` are in the order of the `scorers`. `gate_verdict` is None until the run has ended, and
    without a gate. `retries` is how often its failed results were given another chance.
    """

    name: str
    uid: str
    experiment: str
    dataset: str
    target: Target
    scorers: tuple[Scorer, ...]
    settings: RunSettings
    status: RunStatus
    completed_with_errors: bool
    counts: RunCounts
    scores: tuple[ScorerSummary, ...]
    latency: LatencySummary
    last_position: int
    waiting_for: str
    author: str
    create_time: datetime
    end_time: datetime | None
    display_name: str = ""
    metadata_json: str | None = None
    target_options_json: str | None = None
    context_json: str | None = None
    selection: ItemSelection | None = None
    gate: Gate | None = None
    gate_verdict: GateVerdict | None = None
    end_reason: RunEndReason = RunEndReason.UNSPECIFIED
    caller_driven: bool = False
    usage: UsageSummary = UsageSummary(0, 0, 0, 0.0)
    scorer_source: ScorerSource = ScorerSource.UNSPECIFIED
    retries: int = 0

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen, unless the run is retried or rescored."""
        return self.status.ended

    @property
    def settled(self) -> bool:
        """Whether it has ended and, if it has a gate, has its verdict."""
        return self.ended and (self.gate is None or self.gate_verdict is not None)

    @property
    def metadata(self) -> dict[str, Any]:
        """What the starter told of it; empty if nothing."""
        return decode(self.metadata_json) if self.metadata_json else {}

    @property
    def target_options(self) -> dict[str, Any]:
        """The options for the target that hold for this run; empty if there are none."""
        return decode(self.target_options_json) if self.target_options_json else {}

    @property
    def context(self) -> dict[str, Any]:
        """The request context that holds for this run; empty if there is none."""
        return decode(self.context_json) if self.context_json else {}

    @classmethod
    def from_message(cls, message: run_pb2.Run) -> Run:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            uid=message.uid,
            experiment=message.experiment,
            dataset=message.dataset,
            target=Target.from_message(message.target),
            scorers=tuple(Scorer.from_message(scorer) for scorer in message.scorers),
            settings=RunSettings.from_message(message.settings),
            status=RUN_STATUSES.member(message.status),
            completed_with_errors=message.completed_with_errors,
            counts=RunCounts.from_message(message.counts),
            scores=tuple(ScorerSummary.from_message(s) for s in message.scorer_summaries),
            latency=LatencySummary.from_message(message.latency),
            last_position=message.last_position,
            waiting_for=message.waiting_for,
            author=message.author,
            create_time=time_of(message.create_time),
            end_time=optional_time(message, "end_time"),
            display_name=message.display_name,
            metadata_json=json_of(message.metadata),
            target_options_json=json_of(message.target_options),
            context_json=json_of(message.context),
            selection=ItemSelection.of_field(message),
            gate=Gate.of_field(message),
            gate_verdict=_verdict(message),
            end_reason=RUN_END_REASONS.member(message.end_reason),
            caller_driven=message.caller_driven,
            usage=UsageSummary.from_message(message.usage),
            scorer_source=SCORER_SOURCES.member(message.scorer_source),
            retries=message.retries,
        )


def _verdict(message: run_pb2.Run) -> GateVerdict | None:
    return (
        GateVerdict.from_message(message.gate_verdict) if message.HasField("gate_verdict") else None
    )
