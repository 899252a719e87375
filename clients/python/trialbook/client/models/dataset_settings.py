"""What holds for a dataset as a whole, and how items fit its schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialbook.client.models.codec import json_of
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.payload import decode
from trialbook.v1 import dataset_settings_pb2


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """What holds for all items of a dataset; versioned with them.

    A schema is JSON Schema (2020-12); without one anything goes. `default_scorers` judge the runs
    of experiments that name no scorers.
    """

    input_schema_json: str | None = None
    expected_schema_json: str | None = None
    context_schema_json: str | None = None
    default_scorers: tuple[Scorer, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def input_schema(self) -> Any:
        """What every item's input must fit; None if anything goes."""
        return _schema(self.input_schema_json)

    @property
    def expected_schema(self) -> Any:
        """What the expected values must fit; None if anything goes."""
        return _schema(self.expected_schema_json)

    @property
    def context_schema(self) -> Any:
        """What the contexts must fit; None if anything goes."""
        return _schema(self.context_schema_json)

    @classmethod
    def from_message(cls, message: dataset_settings_pb2.DatasetSettings) -> DatasetSettings:
        """Read it from the contract's message."""
        return cls(
            input_schema_json=json_of(message.input_schema),
            expected_schema_json=json_of(message.expected_schema),
            context_schema_json=json_of(message.context_schema),
            default_scorers=tuple(map(Scorer.from_message, message.default_scorers)),
            tags=tuple(message.tags),
        )


@dataclass(frozen=True, slots=True)
class SchemaFailure:
    """One item that does not fit: where in it (`input.messages[2].role`), and what is wrong."""

    item_id: str
    path: str
    description: str


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """How the items fit new schemas: how many were checked and fail, and the first that do."""

    checked_count: int
    failing_count: int
    failures: tuple[SchemaFailure, ...]

    @classmethod
    def from_message(cls, message: dataset_settings_pb2.SchemaReport) -> SchemaReport:
        """Read it from the contract's message."""
        return cls(
            message.checked_count,
            message.failing_count,
            tuple(
                SchemaFailure(failure.item_id, failure.path, failure.description)
                for failure in message.failures
            ),
        )


def _schema(text: str | None) -> Any:
    return None if text is None else decode(text)
