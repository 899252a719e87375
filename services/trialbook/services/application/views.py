"""What queries return: plain records, as stored. Times and durations are in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from trialbook.services.domain.dataset import DatasetSettings, ItemCounts
from trialbook.services.domain.experiment import (
    Definition,
    RunSettings,
    ScorerScope,
    ScorerSpec,
    Target,
)
from trialbook.services.domain.gate import Finding, Gate, Verdict
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.review import ReviewState
from trialbook.services.domain.run import (
    EndReason,
    ResultStatus,
    RunStatus,
    ScorerSource,
    SkipReason,
    TaskError,
    TraceReport,
    Usage,
)
from trialbook.services.domain.selection import SelectionTerms

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a listing, and whether there are more. Large bodies make it end early."""

    rows: list[T]
    more: bool


class DatasetView(msgspec.Struct, frozen=True):
    """A dataset as it is now. `number` is its short key in the tables."""

    number: int
    uid: str
    project: str
    dataset_id: str
    display_name: str
    description: str
    metadata: str
    version: int
    item_count: int
    settings: DatasetSettings
    etag: str
    created_at: int
    updated_at: int


class VersionView(msgspec.Struct, frozen=True):
    """One version of a dataset."""

    version: int
    item_count: int
    changes: ItemCounts
    settings_changed: bool
    message: str
    author: str
    created_at: int


class LabelView(msgspec.Struct, frozen=True):
    """A name for a version of a dataset."""

    label_id: str
    version: int
    frozen: bool
    message: str
    author: str
    updated_at: int


class ItemView(msgspec.Struct, frozen=True):
    """One item, with its bodies as JSON text. `version` is the one that wrote this content.

    A purged item's input is `null`; `purged_at` tells it from others.
    """

    item_id: str
    ordinal: int
    input: str
    expected: str | None
    context: str | None
    metadata: str | None
    extras: str | None
    tags: tuple[str, ...]
    split: str
    external_id: str
    source: str
    version: int
    added_version: int
    created_at: int
    changed_at: int
    purged_at: int | None = None


class ExperimentView(msgspec.Struct, frozen=True):
    """An experiment at one of its versions."""

    uid: str
    project: str
    experiment_id: str
    definition: Definition
    version: int
    etag: str
    author: str
    created_at: int
    updated_at: int


class ScorerSummaryView(msgspec.Struct, frozen=True):
    """What one scorer said of a run so far. `squares` is the sum of squared deviations."""

    scored: int = 0
    failed: int = 0
    not_evaluable: int = 0
    skipped: int = 0
    passed: int = 0
    not_passed: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float | None = None
    maximum: float | None = None


class UsageView(msgspec.Struct, frozen=True):
    """What results have used so far; `told` counts those that tell. Costs are in US dollars."""

    told: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class VerdictView(msgspec.Struct, frozen=True):
    """What a gate said of a run, when, and who asked. Findings follow the gate's conditions."""

    verdict: Verdict
    gate: Gate
    findings: tuple[Finding, ...]
    baseline: str
    evaluated_at: int
    author: str


class RunPins(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run is pinned to, beside the versions. JSON texts are empty where there are none."""

    target: Target
    scorers: tuple[ScorerSpec, ...]
    settings: RunSettings
    scorer_source: ScorerSource = ScorerSource.EXPERIMENT
    caller_driven: bool = False
    metadata: str = ""
    target_options: str = ""
    traceparent: str = ""
    context: str = ""
    selection: SelectionTerms | None = None
    gate: Gate | None = None
    baseline: str = ""


class RunView(msgspec.Struct, frozen=True):
    """A run as it is now, with everything that it is pinned to.

    `summaries` follow the scorers; `finishing` says that the caller of a caller-driven run submits
    no more; `round` counts its retries; `verdict_due` says that it has ended, and that its gate is
    about to be asked.
    """

    number: int
    uid: str
    project: str
    run_id: str
    experiment_id: str
    experiment_version: int
    dataset_number: int
    dataset_id: str
    dataset_version: int
    display_name: str
    pins: RunPins
    status: RunStatus
    end_reason: EndReason
    planned: int
    succeeded: int
    failed: int
    skipped: int
    round: int
    finishing: bool
    usage: UsageView
    verdict: VerdictView | None
    summaries: tuple[ScorerSummaryView, ...]
    last_position: int
    author: str
    created_at: int
    ended_at: int | None
    waiting_for: str = ""
    latency_p50: int | None = None
    latency_p95: int | None = None
    verdict_due: bool = False
    experiment_uid: str = ""

    @property
    def target(self) -> Target:
        """What is evaluated."""
        return self.pins.target

    @property
    def scorers(self) -> tuple[ScorerSpec, ...]:
        """All scorers, superseded ones too: scores name them by their place here."""
        return self.pins.scorers

    @property
    def settings(self) -> RunSettings:
        """How the run behaves."""
        return self.pins.settings


class ScoreView(msgspec.Struct, frozen=True):
    """What one scorer said of one result."""

    scorer: int
    status: ScoreStatus
    value: float | None
    passed: bool | None
    label: str
    reason: str
    evidence: str | None
    duration: int | None
    recorded_at: int = 0


class ResultView(msgspec.Struct, frozen=True):
    """What became of one (item, trial). `steps` is a JSON array of StepOutcome."""

    number: int
    ordinal: int
    item_id: str
    trial: int
    status: ResultStatus
    output: str | None
    error: TaskError | None
    attempts: int
    latency: int | None
    worker_id: str
    trace_id: str
    skip_reason: SkipReason | None
    steps: str | None
    usage: Usage | None
    round: int
    recorded_at: int
    scores: tuple[ScoreView, ...] = ()
    input: str | None = None
    expected: str | None = None
    trace: TraceReport | None = None


class RunFactView(msgspec.Struct, frozen=True):
    """One fact of a run's history."""

    position: int
    recorded_at: int
    fact: RunFact


class StartedFact(msgspec.Struct, frozen=True, tag=True):
    """The run began."""

    planned: int


class ScoredFact(msgspec.Struct, frozen=True, tag=True):
    """A result has a score."""

    number: int
    item_id: str
    trial: int
    score: ScoreView


class CancelFact(msgspec.Struct, frozen=True, tag=True):
    """The run was stopped."""

    author: str
    reason: str
    end_reason: EndReason


class BeganFact(msgspec.Struct, frozen=True, tag=True):
    """A pending run has its first worker."""

    target: Target


class RetriedFact(msgspec.Struct, frozen=True, tag=True):
    """Failed results are run again."""

    round: int
    count: int
    author: str


class RescoredFact(msgspec.Struct, frozen=True, tag=True):
    """Recorded outputs are judged by more scorers."""

    scorers: tuple[ScorerSpec, ...]
    author: str


class EndedFact(msgspec.Struct, frozen=True, tag=True):
    """The run ended."""

    status: RunStatus
    succeeded: int
    failed: int
    skipped: int
    end_reason: EndReason


RunFact = (
    StartedFact
    | BeganFact
    | ResultView
    | ScoredFact
    | CancelFact
    | RetriedFact
    | RescoredFact
    | EndedFact
    | VerdictView
)


class ReviewView(msgspec.Struct, frozen=True):
    """What one person said of one result on one criterion."""

    number: int
    reviewer: str
    criterion: str
    value: float | None
    passed: bool | None
    label: str
    comment: str
    created_at: int


class ReviewEntryView(msgspec.Struct, frozen=True):
    """A result in the review queue. `run` is the run's number, `claims` who has it until when."""

    run: int
    number: int
    item_id: str
    trial: int
    state: ReviewState
    reviewers_wanted: int
    author: str
    note: str
    created_at: int
    reviews: tuple[ReviewView, ...] = ()
    claims: tuple[tuple[str, int], ...] = ()


class HostedScorer(msgspec.Struct, frozen=True):
    """A scorer as a worker declares it."""

    scorer_id: str
    version: int
    description: str
    params_schema: str
    direction: str
    minimum: float | None
    maximum: float | None
    needs_expected: bool
    scope: ScorerScope = ScorerScope.ITEM


class Session(msgspec.Struct, frozen=True):
    """An open worker session and what it can execute."""

    number: int
    worker_id: str
    project: str
    targets: tuple[Target, ...]
    scorers: frozenset[str]
    max_concurrent_tasks: int
    expires_at: int
