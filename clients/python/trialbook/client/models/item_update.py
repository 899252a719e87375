"""Changes of items, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, TypedDict

from google.protobuf.field_mask_pb2 import FieldMask

from trialbook.client.errors import invalid_field
from trialbook.client.models.item_fields import FIELD_NAMES, NULLABLE, text_field, write_field
from trialbook.client.models.item_source import ItemSource
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.models.tool_mock import ToolMock, UnmockedToolPolicy
from trialbook.client.payload import MISSING, MissingType
from trialbook.v1 import dataset_pb2, dataset_service_pb2


class ItemFields(TypedDict, total=False):
    """The fields of an item that can be changed; see `Item`."""

    input: object
    expected: object
    expected_trajectory: object
    context: object
    metadata: object
    tags: Sequence[str] | None
    split: str | None
    start_options: object
    tool_mocks: Sequence[ToolMock] | None
    unmocked_tools: UnmockedToolPolicy | None
    scorers: Sequence[Scorer | str] | None
    source: ItemSource | None


@dataclass(frozen=True, slots=True)
class ItemUpdate:
    """A change of one item, which `id` names or, without it, `external_id`.

    What is `MISSING` stays as it is. `clear` names fields whose value is taken away. None does so
    too, but for `input` and `expected`, where it is JSON's null.
    """

    id: str | None = None
    external_id: str | None = None
    input: object = MISSING
    expected: object = MISSING
    expected_trajectory: object = MISSING
    context: object = MISSING
    metadata: object = MISSING
    tags: Sequence[str] | MissingType | None = MISSING
    split: str | MissingType | None = MISSING
    start_options: object = MISSING
    tool_mocks: Sequence[ToolMock] | MissingType | None = MISSING
    unmocked_tools: UnmockedToolPolicy | MissingType | None = MISSING
    scorers: Sequence[Scorer | str] | MissingType | None = MISSING
    source: ItemSource | MissingType | None = MISSING
    clear: Sequence[str] = ()

    def to_message(self, path: str = "update") -> dataset_service_pb2.ItemUpdate:
        """Write it as the contract's message; `path` names it in errors."""
        item = dataset_pb2.Item(
            item_id=text_field(self.id, f"{path}.id"),
            external_id=text_field(self.external_id, f"{path}.external_id"),
        )
        paths = self._cleared(path)
        for name in FIELD_NAMES:
            value = getattr(self, name)
            if value is MISSING:
                continue
            if name in paths:
                raise invalid_field(f"{path}.clear", f"{name} is given and cleared")
            paths.append(name)
            if value is not None or name in NULLABLE:
                write_field(item, name, value, path)
        if not paths:
            raise invalid_field(path, "changes nothing; give a field, or name one in clear")
        return dataset_service_pb2.ItemUpdate(item=item, update_mask=FieldMask(paths=paths))

    def _cleared(self, path: str) -> list[str]:
        if isinstance(self.clear, str):
            raise invalid_field(f"{path}.clear", "give a list of strings")
        unknown = sorted(set(self.clear) - set(FIELD_NAMES))
        if unknown:
            known = f"known are {sorted(FIELD_NAMES)}"
            raise invalid_field(f"{path}.clear", f"names unknown fields {unknown}; {known}")
        return list(dict.fromkeys(self.clear))


UPDATE_KEYS: Final = frozenset(field.name for field in fields(ItemUpdate))


def update_from(value: ItemUpdate | Mapping[str, object], path: str = "update") -> ItemUpdate:
    """Return an update given as such, or as a mapping with the same keys.

    Raises `InvalidArgument` if the mapping has a key that updates do not have.
    """
    if isinstance(value, ItemUpdate):
        return value
    if not isinstance(value, Mapping):
        raise invalid_field(path, f"give an ItemUpdate or a mapping, not {type(value).__name__}")
    unknown = sorted(value.keys() - UPDATE_KEYS)
    if unknown:
        raise invalid_field(path, f"has unknown keys {unknown}; known are {sorted(UPDATE_KEYS)}")
    return ItemUpdate(**value)  # type: ignore[arg-type]  # checked when they are written
