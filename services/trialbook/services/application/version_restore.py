"""Sets a dataset back to an older version: a new version whose items and settings are those.

Many items may change, so this is brought in slices as an import is: nobody sees them before the
version is made, and other writers need not wait for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from trialbook.services.application.dataset import require
from trialbook.services.application.item_import import ImportTicket, require_import
from trialbook.services.application.item_write import ItemWriter
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.dataset import DatasetSettings, ItemCounts, ItemFact, ItemKey
from trialbook.services.domain.errors import TooManyChanges
from trialbook.services.domain.naming import dataset_name

MAX_CHANGES = 100_000

_SLICE = 1000


class VersionRestore(msgspec.Struct, frozen=True):
    """What sets a dataset back to a version: items by what becomes of them, and the settings."""

    version: int
    settings: DatasetSettings
    changed: tuple[int, ...]
    restored: tuple[int, ...]
    removed: tuple[ItemKey, ...]

    @property
    def counts(self) -> ItemCounts:
        """What the version tells of it."""
        return ItemCounts(
            changed=len(self.changed), removed=len(self.removed), restored=len(self.restored)
        )


class RestoreSlice(msgspec.Struct, frozen=True):
    """Some of the items of a restore."""

    changed: tuple[int, ...] = ()
    restored: tuple[int, ...] = ()
    removed: tuple[ItemKey, ...] = ()


def plan(queries: Queries, view: DatasetView, version: int) -> VersionRestore:
    """Return what sets a dataset back; items purged since stay away. Raises TooManyChanges."""
    reads = queries.datasets
    before = reads.held_before(view.number, version, MAX_CHANGES + 1)
    since = reads.held_since(view.number, version, MAX_CHANGES + 1)
    settings = reads.settings(view.number, version)
    wanted = {item.ordinal: item for item in before if not item.purged}
    now = {item.ordinal: item for item in since}
    in_both = wanted.keys() & now.keys()
    found = VersionRestore(
        version,
        settings,
        changed=tuple(sorted(o for o in in_both if wanted[o].digest != now[o].digest)),
        restored=tuple(sorted(wanted.keys() - now.keys())),
        removed=tuple(ItemKey(now[o].item_id, o) for o in sorted(now.keys() - wanted.keys())),
    )
    counts = found.counts
    total = counts.changed + counts.restored + counts.removed
    if max(total, len(before), len(since)) > MAX_CHANGES:
        name = dataset_name(view.project, view.dataset_id)
        raise TooManyChanges(name, max(total, len(before), len(since)), MAX_CHANGES)
    return found


def changes_nothing(view: DatasetView, wanted: VersionRestore) -> bool:
    """Say whether a dataset is what a version was."""
    return wanted.counts == ItemCounts() and wanted.settings == view.settings


def slices(wanted: VersionRestore) -> Iterator[RestoreSlice]:
    """Cut a restore into parts that one transaction may take."""
    for start in range(0, len(wanted.removed), _SLICE):
        yield RestoreSlice(removed=wanted.removed[start : start + _SLICE])
    for start in range(0, len(wanted.restored), _SLICE):
        yield RestoreSlice(restored=wanted.restored[start : start + _SLICE])
    for start in range(0, len(wanted.changed), _SLICE):
        yield RestoreSlice(changed=wanted.changed[start : start + _SLICE])


def write_slice(uow: UnitOfWork, ticket: ImportTicket, version: int, some: RestoreSlice) -> None:
    """Write a part of a restore. Raises ImportInProgress if it was dropped."""
    require_import(uow, ticket)
    view = ticket.view

    def facts(ordinals: Sequence[int]) -> list[ItemFact]:
        found = uow.datasets.facts_at(view.number, version, ordinals)
        return [found[ordinal] for ordinal in ordinals]

    ItemWriter(uow, view.uid, view.number, ticket.version).append(
        changed=facts(some.changed), restored=facts(some.restored), removed=some.removed
    )


def finish(
    uow: UnitOfWork, ticket: ImportTicket, wanted: VersionRestore, message: str
) -> DatasetView:
    """Make the version. Raises ImportInProgress if the restore was dropped."""
    head, stream_version = require_import(uow, ticket)
    events: list[msgspec.Struct] = []
    other_settings = wanted.settings != head.settings
    if other_settings:
        events.append(domain.SettingsChanged(head.uid, ticket.version, wanted.settings))
    events.append(
        domain.make_version(head, wanted.counts, settings_changed=other_settings, message=message)
    )
    uow.append(domain.stream_of(head.uid), events, expected_version=stream_version)
    return require(uow, head.project, head.dataset_id)
