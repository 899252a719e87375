"""Which items of a dataset version a comparison is about, and which of them belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trialbook.services.application.json_part import Path, part_of
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView
from trialbook.services.domain.canonical import canonical_json
from trialbook.services.statistics.cluster import Labels

_MARKS = 5_000
_BODIES = 500


@dataclass(frozen=True, slots=True)
class ItemGroups:
    """Items that name a cluster, by ordinal, ascending, and the number of their cluster."""

    ordinals: Labels
    groups: Labels

    def labels(self, ordinals: Labels) -> Labels:
        """Return what is equal for items of one cluster; an item without one stands for itself."""
        own = -1 - ordinals
        if not len(self.ordinals):
            return own
        at = np.minimum(np.searchsorted(self.ordinals, ordinals), len(self.ordinals) - 1)
        return np.where(self.ordinals[at] == ordinals, self.groups[at], own)


def item_groups(queries: Queries, run: RunView, path: Path) -> ItemGroups:
    """Read which items of a run's dataset version have the same value in their metadata."""
    numbers: dict[bytes, int] = {}
    found: list[tuple[int, int]] = []
    after = 0
    while page := queries.datasets.metadata_at(
        run.dataset_number, run.dataset_version, after, _BODIES
    ):
        after = page[-1][0]
        for ordinal, metadata in page:
            value = part_of(metadata, path)
            if value is not None and value != "null":
                group = numbers.setdefault(canonical_json(value), len(numbers))
                found.append((ordinal, group))
    columns = np.array(found, np.int64).reshape(-1, 2)
    return ItemGroups(columns[:, 0], columns[:, 1])


def marked_items(
    queries: Queries, run: RunView, splits: Sequence[str], tags: Sequence[str]
) -> Labels:
    """Return the ordinals of a run's items of one of these splits that have all these tags."""
    wanted = set(tags)
    found: list[int] = []
    after = 0
    while page := queries.datasets.item_marks(
        run.dataset_number, run.dataset_version, after, _MARKS, splits
    ):
        after = page[-1].ordinal
        found += [mark.ordinal for mark in page if wanted.issubset(mark.tags)]
    return np.array(found, np.int64)
