"""Experiments: what is evaluated, on which cases, how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from trialbook.client import names
from trialbook.client.models.codec import EnumCodec, duration_of, json_of, seconds_of, time_of
from trialbook.client.payload import decode, encode_field
from trialbook.v1 import experiment_pb2


class TargetKind(StrEnum):
    """What kind of thing a target is."""

    UNSPECIFIED = "unspecified"
    AGENT = "agent"
    WORKFLOW = "workflow"


TARGET_KINDS: Final = EnumCodec(TargetKind, experiment_pb2.TargetKind, "TARGET_KIND")


@dataclass(frozen=True, slots=True)
class Target:
    """What is evaluated. Without a revision, runs take the one that was registered last."""

    name: str
    revision: str = ""
    kind: TargetKind = TargetKind.AGENT

    def to_message(self) -> experiment_pb2.Target:
        """Write it as the contract's message."""
        kind = TARGET_KINDS.wire_name(self.kind)
        return experiment_pb2.Target(kind=kind, name=self.name, revision=self.revision)

    @classmethod
    def from_message(cls, message: experiment_pb2.Target) -> Target:
        """Read it from the contract's message."""
        return cls(message.name, message.revision, TARGET_KINDS.member(message.kind))


@dataclass(frozen=True, slots=True, init=False)
class Scorer:
    """A scorer as an experiment uses it: `Scorer("levenshtein", threshold=0.8, alias="close")`.

    Parameters are given by name; `params` takes those whose names are not Python's, or are one of
    this constructor's own. `version` is filled in by the service.
    """

    name: str
    alias: str
    params_json: str | None
    version: int

    def __init__(
        self,
        name: str,
        *,
        alias: str = "",
        params: Mapping[str, object] | None = None,
        **parameters: object,
    ) -> None:
        merged = {**(params or {}), **parameters}
        text = encode_field(merged, f"scorer {name}: params") if merged else None
        _fill(self, name, alias, text, 0)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters; empty if there are none."""
        return decode(self.params_json) if self.params_json else {}

    def to_message(self) -> experiment_pb2.ScorerSpec:
        """Write it as the contract's message."""
        message = experiment_pb2.ScorerSpec(scorer=self.name, alias=self.alias)
        if self.params_json is not None:
            message.params.json = self.params_json
        return message

    @classmethod
    def from_message(cls, message: experiment_pb2.ScorerSpec) -> Scorer:
        """Read it from the contract's message."""
        scorer = cls.__new__(cls)
        params = json_of(message.params)
        _fill(scorer, message.scorer, message.alias, params, message.scorer_version)
        return scorer


def _fill(scorer: Scorer, name: str, alias: str, params_json: str | None, version: int) -> None:
    """Set the fields of a scorer in the making: it is frozen, with a constructor of its own."""
    object.__setattr__(scorer, "name", name)
    object.__setattr__(scorer, "alias", alias)
    object.__setattr__(scorer, "params_json", params_json)
    object.__setattr__(scorer, "version", version)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run behaves. What is None takes the service's default. Times are in seconds."""

    concurrency: int | None = None
    """How many tasks are out at once. Default 5."""
    attempt_timeout: float | timedelta | None = None
    """How long one attempt may take. Default 300."""
    max_retries: int | None = None
    """How often an item is tried again after a retryable error. Default 2."""
    initial_backoff: float | timedelta | None = None
    """The longest wait before the first retry. Default 1."""
    max_backoff: float | timedelta | None = None
    """The longest wait before any retry. Default 60."""
    trials: int | None = None
    """How often each item is run. Default 1."""

    def to_message(self) -> experiment_pb2.RunSettings:
        """Write it as the contract's message."""
        message = experiment_pb2.RunSettings(
            concurrency=self.concurrency, max_retries=self.max_retries, trials=self.trials
        )
        if self.attempt_timeout is not None:
            message.attempt_timeout.CopyFrom(duration_of(self.attempt_timeout))
        if self.initial_backoff is not None:
            message.initial_backoff.CopyFrom(duration_of(self.initial_backoff))
        if self.max_backoff is not None:
            message.max_backoff.CopyFrom(duration_of(self.max_backoff))
        return message

    @classmethod
    def from_message(cls, message: experiment_pb2.RunSettings) -> RunSettings:
        """Read it from the contract's message."""
        return cls(
            concurrency=message.concurrency,
            attempt_timeout=seconds_of(message.attempt_timeout),
            max_retries=message.max_retries,
            initial_backoff=seconds_of(message.initial_backoff),
            max_backoff=seconds_of(message.max_backoff),
            trials=message.trials,
        )


@dataclass(frozen=True, slots=True)
class Experiment:
    """A definition; `version` rises with each change of it."""

    name: str
    uid: str
    display_name: str
    description: str
    dataset: str
    target: Target
    scorers: tuple[Scorer, ...]
    settings: RunSettings
    version: int
    etag: str
    create_time: datetime
    update_time: datetime

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @classmethod
    def from_message(cls, message: experiment_pb2.Experiment) -> Experiment:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            uid=message.uid,
            display_name=message.display_name,
            description=message.description,
            dataset=message.dataset,
            target=Target.from_message(message.target),
            scorers=tuple(Scorer.from_message(scorer) for scorer in message.scorers),
            settings=RunSettings.from_message(message.settings),
            version=message.version,
            etag=message.etag,
            create_time=time_of(message.create_time),
            update_time=time_of(message.update_time),
        )


@dataclass(frozen=True, slots=True)
class ExperimentVersion:
    """One immutable version of a definition."""

    name: str
    version: int
    experiment: Experiment
    author: str
    create_time: datetime

    @classmethod
    def from_message(cls, message: experiment_pb2.ExperimentVersion) -> ExperimentVersion:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            version=message.version,
            experiment=Experiment.from_message(message.experiment),
            author=message.author,
            create_time=time_of(message.create_time),
        )
