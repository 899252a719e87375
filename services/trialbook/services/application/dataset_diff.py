"""What differs between two versions of a dataset."""

from __future__ import annotations

import msgspec

from trialbook.services.application.item_difference import MAX_CHANGES, item_changes
from trialbook.services.application.item_reads import DifferenceCounts, ItemPair, VersionSpan
from trialbook.services.application.json_difference import Change, differences
from trialbook.services.application.ports import Queries
from trialbook.services.domain.dataset import DatasetSettings

_FEWEST_TOUCHED = 200
_MANY_TOUCHED = 2_000
_MOST_TOUCHED = 20_000
"""How many touched items one page looks at before it ends early."""

_encode = msgspec.json.Encoder().encode


class Difference(msgspec.Struct, frozen=True):
    """An item that differs, and in what, if both versions have it."""

    pair: ItemPair
    changes: tuple[Change, ...]


class DifferencePage(msgspec.Struct, frozen=True):
    """Some differences; `after` is where the next page begins, None on the last one."""

    differences: list[Difference]
    after: int | None


def page(queries: Queries, span: VersionSpan, after: int, limit: int) -> DifferencePage:
    """Return up to `limit` items that differ, above the ordinal `after`; fewer if they are large.

    Items that were changed and changed back do not differ.
    """
    found: list[int] = []
    looked_at, exhausted, size = 0, False, max(limit + 1, _FEWEST_TOUCHED)
    while len(found) <= limit and not exhausted and looked_at < _MOST_TOUCHED:
        touched = queries.datasets.changed_ordinals(span, after, size)
        exhausted = len(touched) < size
        looked_at += len(touched)
        size = min(2 * size, _MANY_TOUCHED)
        found += queries.datasets.differing(span, touched)
        after = touched[-1] if touched else after
    pairs = queries.datasets.item_pairs(span, found[:limit]) if found else []
    if len(pairs) < len(found):
        following: int | None = found[len(pairs) - 1]
    else:
        following = None if exhausted else after
    return DifferencePage([_difference(pair) for pair in pairs], following)


def counts(queries: Queries, span: VersionSpan) -> DifferenceCounts:
    """Return how many items differ in all."""
    if 0 in (span.base, span.head):
        # The empty dataset: what the other version has is the difference.
        added = queries.datasets.version_item_count(span.number, span.head) or 0
        removed = queries.datasets.version_item_count(span.number, span.base) or 0
        return DifferenceCounts(added, 0, removed)
    return queries.datasets.difference_counts(span)


def settings_changes(queries: Queries, span: VersionSpan) -> list[Change]:
    """Return what differs in the settings."""
    old = _parts(queries.datasets.settings(span.number, span.base))
    new = _parts(queries.datasets.settings(span.number, span.head))
    found = [
        change for name in old for change in differences(f"settings.{name}", old[name], new[name])
    ]
    return found[:MAX_CHANGES]


def _difference(pair: ItemPair) -> Difference:
    if pair.before is None or pair.after is None:
        return Difference(pair, ())
    return Difference(pair, tuple(item_changes(pair.before, pair.after)))


def _parts(settings: DatasetSettings) -> dict[str, str | None]:
    return {
        "input_schema": settings.input_schema or None,
        "expected_schema": settings.expected_schema or None,
        "context_schema": settings.context_schema or None,
        "default_scorers": _encode(settings.scorers).decode() if settings.scorers else None,
        "tags": _encode(settings.tags).decode() if settings.tags else None,
    }
