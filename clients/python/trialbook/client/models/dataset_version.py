"""Versions of datasets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trialbook.client.models.codec import time_of
from trialbook.client.models.dataset_settings import DatasetSettings
from trialbook.v1 import dataset_pb2


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """What a dataset was after one change of its items or settings.

    The counts say what that change did; `message` is its author's note, and `labels` are the names
    that the version has now.
    """

    name: str
    version: int
    item_count: int
    added_count: int
    changed_count: int
    removed_count: int
    restored_count: int
    settings_changed: bool
    settings: DatasetSettings
    labels: tuple[str, ...]
    message: str
    author: str
    create_time: datetime

    @classmethod
    def from_message(cls, message: dataset_pb2.DatasetVersion) -> DatasetVersion:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            version=message.version,
            item_count=message.item_count,
            added_count=message.added_count,
            changed_count=message.changed_count,
            removed_count=message.removed_count,
            restored_count=message.restored_count,
            settings_changed=message.settings_changed,
            settings=DatasetSettings.from_message(message.settings),
            labels=tuple(message.labels),
            message=message.message,
            author=message.author,
            create_time=time_of(message.create_time),
        )
