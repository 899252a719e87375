"""Which fields an update is about."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from trialbook.services.domain.errors import Invalid, Violation


def masked(
    message: Message, mask: FieldMask, allowed: Sequence[str], path: str = "update_mask"
) -> tuple[str, ...]:
    """Return the fields that a mask names; without a mask, those that are set. Raises Invalid."""
    unknown = [name for name in mask.paths if name not in allowed]
    if unknown:
        raise Invalid(
            Violation(path, f"{name[:80]!r} cannot be updated; choose of: {', '.join(allowed)}")
            for name in unknown[:20]
        )
    if mask.paths:
        return tuple(dict.fromkeys(mask.paths))
    present = {field.name for field, _ in message.ListFields()}
    return tuple(name for name in allowed if name in present)
