"""The experiment aggregate: a definition whose every change is an immutable version."""

from __future__ import annotations

import enum

import msgspec

from trialbook.services.domain.errors import NotFound, Stale
from trialbook.services.domain.gate import Gate
from trialbook.services.domain.selection import SelectionTerms

SECOND = 1_000_000
"""Durations are in microseconds."""


class TargetKind(enum.StrEnum):
    """What kind of thing is evaluated."""

    AGENT = "agent"
    WORKFLOW = "workflow"
    SCORER = "scorer"
    PROCESSOR = "processor"


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is evaluated. An empty revision stands for the one registered last at a run's start."""

    kind: TargetKind
    name: str
    revision: str = ""

    def served_by(self, hosted: Target) -> bool:
        """Say whether a worker that hosts `hosted` can run this; no revision takes any."""
        return hosted == self or (
            not self.revision and (hosted.kind, hosted.name) == (self.kind, self.name)
        )


class ScorerScope(enum.StrEnum):
    """What a scorer judges."""

    ITEM = "item"
    STEP = "step"
    TRAJECTORY = "trajectory"
    RUN = "run"


class ScorerSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scorer of an experiment, pinned to its version. `params` is a JSON object's text.

    The pointers (RFC 6901) name the parts that it judges; empty, everything. The scores of one
    that is `by_caller` are submitted; one that is `per_item` judges the items that ask for it, with
    their parameters; one that is `superseded` made way for a later one of the same alias.
    """

    scorer: str
    alias: str
    params: str
    version: int
    built_in: bool
    scope: ScorerScope = ScorerScope.ITEM
    step_id: str = ""
    output_pointer: str = ""
    expected_pointer: str = ""
    by_caller: bool = False
    per_item: bool = False
    superseded: bool = False


class RunSettings(msgspec.Struct, frozen=True):
    """How runs behave. Durations are in microseconds.

    A `run_deadline`, `rate_limit` (attempts at targets a second) or `max_failures` of 0 is none.
    """

    concurrency: int = 5
    attempt_timeout: int = 300 * SECOND
    max_retries: int = 2
    initial_backoff: int = SECOND
    max_backoff: int = 60 * SECOND
    trials: int = 1
    run_deadline: int = 0
    rate_limit: float = 0.0
    max_failures: int = 0
    seed: int = 0


class Definition(msgspec.Struct, frozen=True):
    """All of an experiment that makes a version.

    `dataset_uid` stays right when the dataset's id is given to another; `dataset_version` is 0
    for whichever is current when a run starts, or is the one that `dataset_label` names then.
    `target_options` and `context` are JSON objects' texts, empty for none.
    """

    display_name: str
    description: str
    dataset_uid: str
    dataset_id: str
    dataset_version: int
    target: Target
    scorers: tuple[ScorerSpec, ...]
    settings: RunSettings
    dataset_label: str = ""
    target_options: str = ""
    context: str = ""
    selection: SelectionTerms | None = None
    gate: Gate | None = None


class ExperimentCreated(msgspec.Struct, frozen=True):
    """An experiment came into being, at version 1."""

    uid: str
    project: str
    experiment_id: str
    definition: Definition


class ExperimentChanged(msgspec.Struct, frozen=True):
    """The definition changed, which makes a version."""

    uid: str
    version: int
    definition: Definition


class ExperimentDeleted(msgspec.Struct, frozen=True):
    """The experiment left the listings."""

    uid: str


ExperimentEvent = ExperimentCreated | ExperimentChanged | ExperimentDeleted


class Experiment(msgspec.Struct, frozen=True):
    """The head: the current definition."""

    uid: str
    project: str
    experiment_id: str
    definition: Definition
    version: int = 1
    deleted: bool = False
    revision: int = 1

    @property
    def name(self) -> str:
        """The resource name."""
        return f"projects/{self.project}/experiments/{self.experiment_id}"

    @property
    def etag(self) -> str:
        """Changes with every event."""
        return str(self.revision)


def stream_of(uid: str) -> str:
    """The stream of an experiment."""
    return f"experiment-{uid}"


def evolve(experiment: Experiment | None, event: ExperimentEvent) -> Experiment:
    """Return the head after one more event."""
    if isinstance(event, ExperimentCreated):
        return Experiment(event.uid, event.project, event.experiment_id, event.definition)
    if experiment is None:
        raise ValueError("an experiment's history begins with its creation")
    revision = experiment.revision + 1
    if isinstance(event, ExperimentChanged):
        return msgspec.structs.replace(
            experiment, definition=event.definition, version=event.version, revision=revision
        )
    return msgspec.structs.replace(experiment, deleted=True, revision=revision)


def require_current(experiment: Experiment, etag: str) -> None:
    """Refuse a change that rests on an older state. An empty etag asks for nothing."""
    if experiment.deleted:
        raise NotFound(experiment.name)
    if etag and etag != experiment.etag:
        raise Stale(experiment.name, f"etag {etag!r}", f"etag {experiment.etag!r}")


def change(experiment: Experiment, definition: Definition) -> list[ExperimentEvent]:
    """Decide a change; the same definition is no event and makes no version."""
    if definition == experiment.definition:
        return []
    return [ExperimentChanged(experiment.uid, experiment.version + 1, definition)]
