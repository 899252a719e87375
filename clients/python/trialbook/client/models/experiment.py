"""Experiments: what is evaluated, on which cases, how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client import names
from trialbook.client.models.codec import EnumCodec, json_of, time_of
from trialbook.client.models.gate import Gate
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.payload import decode
from trialbook.v1 import experiment_pb2


class TargetKind(StrEnum):
    """What kind of thing a target is."""

    UNSPECIFIED = "unspecified"
    AGENT = "agent"
    WORKFLOW = "workflow"
    SCORER = "scorer"
    PROCESSOR = "processor"


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


@dataclass(frozen=True, slots=True)
class Experiment:
    """A definition; `version` rises with each change of it.

    `dataset` is a dataset, a version of it, or a label. Without a `selection` all items are run,
    without a `gate` runs have no verdict.
    """

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
    target_options_json: str | None = None
    context_json: str | None = None
    selection: ItemSelection | None = None
    gate: Gate | None = None

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @property
    def target_options(self) -> dict[str, Any]:
        """Options for the target; empty if there are none."""
        return decode(self.target_options_json) if self.target_options_json else {}

    @property
    def context(self) -> dict[str, Any]:
        """The request context of every item; empty if there is none."""
        return decode(self.context_json) if self.context_json else {}

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
            target_options_json=json_of(message.target_options),
            context_json=json_of(message.context),
            selection=ItemSelection.of_field(message),
            gate=Gate.of_field(message),
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
