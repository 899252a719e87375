"""Which items of two runs are the same: by id, and by content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialbook.services.application.item_reads import VersionSpan
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView
from trialbook.services.statistics.cluster import Labels

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class ItemMatches:
    """The items of two runs, by their ordinals in either's dataset.

    `baseline` and `candidate` belong together place by place and ascend by the first; `changed`
    says which of them have another content. `added` are the candidate's alone, `removed` the
    baseline's.
    """

    baseline: Labels
    candidate: Labels
    changed: NDArray[np.bool_]
    added: Labels
    removed: Labels

    def within(self, baseline: Labels, candidate: Labels) -> ItemMatches:
        """Return the matches of these items of the baseline, and the rest within those of either.

        What the baseline has is decided by the baseline.
        """
        kept = np.isin(self.baseline, baseline)
        return ItemMatches(
            self.baseline[kept],
            self.candidate[kept],
            self.changed[kept],
            np.intersect1d(self.added, candidate),
            np.intersect1d(self.removed, baseline),
        )


def match_items(
    queries: Queries,
    baseline: RunView,
    baseline_ordinals: Labels,
    candidate: RunView,
    candidate_ordinals: Labels,
) -> ItemMatches:
    """Match the items of two runs, given by ordinal in any order, each once or more.

    Items of different datasets match by id.
    """
    before, after = _distinct(baseline_ordinals), _distinct(candidate_ordinals)
    if baseline.dataset_number == candidate.dataset_number:
        common = np.intersect1d(before, after, assume_unique=True)
        changed = np.isin(common, _changed(queries, baseline, candidate, common))
        pairs = (common, common, changed)
    else:
        pairs = _matched_by_id(queries, (baseline, before), (candidate, after))
    return ItemMatches(
        *pairs,
        added=np.setdiff1d(after, pairs[1], assume_unique=True),
        removed=np.setdiff1d(before, pairs[0], assume_unique=True),
    )


def _distinct(ordinals: Labels) -> Labels:
    """Return ordinals once each, ascending. Results come in their order, which sorts quickly."""
    ordered: Labels = np.sort(ordinals, kind="stable")
    first: NDArray[np.bool_] = np.diff(ordered, prepend=-1) != 0
    return ordered[first]


def _changed(queries: Queries, baseline: RunView, candidate: RunView, common: Labels) -> Labels:
    """Return which items of a dataset differ between the versions of two runs."""
    versions = baseline.dataset_version, candidate.dataset_version
    found: list[int] = []
    if versions[0] != versions[1] and len(common):
        span = VersionSpan(baseline.dataset_number, *versions)
        after = int(common[0]) - 1
        while touched := queries.datasets.changed_ordinals(span, after, _PAGE):
            found += queries.datasets.differing(span, touched)
            after = touched[-1]
    return np.array(found, np.int64)


def _matched_by_id(
    queries: Queries, baseline: tuple[RunView, Labels], candidate: tuple[RunView, Labels]
) -> tuple[Labels, Labels, NDArray[np.bool_]]:
    """Return the ordinals of items of the same id, and whether their contents differ."""
    before, after = _by_id(queries, *baseline), _by_id(queries, *candidate)
    pairs = [
        (ordinal, *after[item_id], digest != after[item_id][1])
        for item_id, (ordinal, digest) in before.items()
        if item_id in after
    ]
    ordinals = np.array([(pair[0], pair[1]) for pair in pairs], np.int64).reshape(-1, 2)
    return ordinals[:, 0], ordinals[:, 1], np.array([pair[3] for pair in pairs], np.bool_)


def _by_id(queries: Queries, run: RunView, ordinals: Labels) -> dict[str, tuple[int, bytes]]:
    """Return ordinals and digests of a run's items by id, in order."""
    dataset, version = run.dataset_number, run.dataset_version
    digests: dict[int, bytes] = {}
    after = int(ordinals[0]) - 1 if len(ordinals) else 0
    while page := queries.datasets.digests_at(dataset, version, after, _PAGE):
        digests.update(page)
        after = page[-1][0]
    ids = queries.datasets.ids_of(dataset, ordinals.tolist())
    return {ids[ordinal]: (ordinal, digests.get(ordinal, b"")) for ordinal in sorted(ids)}
