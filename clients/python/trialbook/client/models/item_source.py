"""Where items come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trialbook.client.models.codec import EnumCodec
from trialbook.v1 import dataset_pb2


class ItemSourceType(StrEnum):
    """Kinds of places that items come from."""

    UNSPECIFIED = "unspecified"
    MANUAL = "manual"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"
    TRACE = "trace"
    RESULT = "result"
    GENERATED = "generated"


ITEM_SOURCE_TYPES: Final = EnumCodec(ItemSourceType, dataset_pb2.ItemSourceType, "ITEM_SOURCE_TYPE")


@dataclass(frozen=True, slots=True)
class ItemSource:
    """Where an item comes from: the kind, and which one, such as a file's name or a trace id."""

    type: ItemSourceType = ItemSourceType.MANUAL
    reference: str = ""

    def to_message(self) -> dataset_pb2.ItemSource:
        """Write it as the contract's message."""
        kind = ITEM_SOURCE_TYPES.wire_name(self.type)
        return dataset_pb2.ItemSource(type=kind, reference=self.reference)

    @classmethod
    def from_message(cls, message: dataset_pb2.ItemSource) -> ItemSource:
        """Read it from the contract's message, in which no type means manual."""
        kind = ITEM_SOURCE_TYPES.member(message.type) if message.type else ItemSourceType.MANUAL
        return cls(kind, message.reference)
