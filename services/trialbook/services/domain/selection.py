"""Which items of a dataset version are meant, in a form that can be kept."""

from __future__ import annotations

import msgspec


class SampleTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """A choice by lot: so many items, or each with this chance.

    `threshold` is the highest lot that is chosen, once that is known.
    """

    seed: int
    count: int | None = None
    fraction: float | None = None
    threshold: int | None = None


class SelectionTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every part that is set must hold. `filter` is a condition's text, empty for none."""

    item_ids: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    filter: str = ""
    sample: SampleTerms | None = None
