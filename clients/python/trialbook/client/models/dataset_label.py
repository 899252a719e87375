"""Names for versions of datasets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trialbook.client import names
from trialbook.client.models.codec import time_of
from trialbook.v1 import dataset_settings_pb2


@dataclass(frozen=True, slots=True)
class DatasetLabel:
    """A movable name for a version. A frozen one stays where it is for good."""

    name: str
    version: int
    frozen: bool
    message: str
    author: str
    update_time: datetime

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @classmethod
    def from_message(cls, message: dataset_settings_pb2.DatasetLabel) -> DatasetLabel:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            version=message.version,
            frozen=message.frozen,
            message=message.message,
            author=message.author,
            update_time=time_of(message.update_time),
        )
