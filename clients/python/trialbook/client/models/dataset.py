"""Datasets, and what became of them by a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trialbook.client import names
from trialbook.client.models.codec import json_of, time_of
from trialbook.client.models.dataset_settings import DatasetSettings, SchemaReport
from trialbook.client.payload import decode
from trialbook.v1 import dataset_pb2, dataset_service_pb2


@dataclass(frozen=True, slots=True)
class Dataset:
    """A versioned collection of test cases."""

    name: str
    uid: str
    display_name: str
    description: str
    metadata_json: str | None
    version: int
    item_count: int
    settings: DatasetSettings
    etag: str
    create_time: datetime
    update_time: datetime

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @property
    def metadata(self) -> dict[str, Any]:
        """The caller's own object; empty if it is not set."""
        return decode(self.metadata_json) if self.metadata_json else {}

    @classmethod
    def from_message(cls, message: dataset_pb2.Dataset) -> Dataset:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            uid=message.uid,
            display_name=message.display_name,
            description=message.description,
            metadata_json=json_of(message.metadata),
            version=message.version,
            item_count=message.item_count,
            settings=DatasetSettings.from_message(message.settings),
            etag=message.etag,
            create_time=time_of(message.create_time),
            update_time=time_of(message.update_time),
        )


@dataclass(frozen=True, slots=True)
class UpdatedDataset:
    """The dataset after an update, and, if a schema changed, how the items fit it."""

    dataset: Dataset
    schema_report: SchemaReport | None

    @classmethod
    def from_message(cls, message: dataset_service_pb2.UpdateDatasetResponse) -> UpdatedDataset:
        """Read it from the contract's message."""
        checked = message.HasField("schema_report")
        return cls(
            Dataset.from_message(message.dataset),
            SchemaReport.from_message(message.schema_report) if checked else None,
        )
