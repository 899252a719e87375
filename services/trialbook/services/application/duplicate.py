"""Items that are the same: found, and removed but for the first of each."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application.item_extras import comparable_extras
from trialbook.services.application.item_reads import SameItems
from trialbook.services.application.json_part import Path, parse_path, part_of
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView, ItemView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.canonical import content_digest
from trialbook.services.domain.errors import Invalid, Stale, TooManyChanges, Violation
from trialbook.services.domain.naming import dataset_name

MOST_FIELDS = 32
MOST_SHOWN = 1_000
"""How many duplicates of one item a preview names."""
MOST_REMOVED = 100_000
"""How many items one command removes."""

_BODIES = ("input", "expected", "context", "metadata")
_EXTRAS = ("expected_trajectory", "start_options", "tool_mocks", "scorers")
_WHOLE = ("tags", "split")
FIELDS = (*_BODIES, *_EXTRAS, *_WHOLE)
_PAGE = 500
_DIGESTS = 20_000
# A key and an ordinal; a million items take 24 MB while they are compared, and no more.
_ENTRY = struct.Struct(">16sQ")
_PARTITIONS = 256

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Fields:
    """What must be equal; nothing named: the whole content."""

    paths: tuple[tuple[str, Path], ...] = ()

    def key_of(self, item: ItemView) -> bytes | None:
        """Return what is equal for equal items; None for one that has nothing to compare."""
        extras = comparable_extras(item.extras)
        parts = [_part(item, extras, name, path) for name, path in self.paths]
        return content_digest(parts) if any(part is not None for part in parts) else None


def parse_fields(texts: Sequence[str]) -> Fields:
    """Return what fields a request names. Raises Invalid."""
    if len(texts) > MOST_FIELDS:
        raise Invalid.field("fields", f"has {len(texts)}; name at most {MOST_FIELDS}")
    violations: list[Violation] = []
    paths: list[tuple[str, Path]] = []
    for place, text in enumerate(texts):
        found = parse_path(text)
        if found is None or found[0] not in FIELDS or (found[1] and found[0] in _WHOLE):
            violations.append(
                Violation(
                    f"fields[{place}]",
                    f"{text[:80]!r} is no field to compare; choose of: {', '.join(FIELDS)}, "
                    "or a path inside a JSON field, such as input.question",
                )
            )
        else:
            paths.append(found)
    if violations:
        raise Invalid(violations)
    return Fields(tuple(paths))


class DuplicateItems(msgspec.Struct, frozen=True):
    """Items that are the same: the id of the first, and of those after it, as many as shown."""

    item_id: str
    duplicate_ids: tuple[str, ...]
    count: int


class DuplicatePage(msgspec.Struct, frozen=True):
    """Some groups by their first item; `after` is where to go on, None on the last page."""

    groups: list[DuplicateItems]
    after: int | None
    version: int
    count: int


class Removal(msgspec.Struct, frozen=True):
    """Which items of a version are to be removed."""

    version: int
    keys: tuple[domain.ItemKey, ...]


class RemovedDuplicates(msgspec.Struct, frozen=True):
    """The dataset after the removal, and how many items that took."""

    dataset: DatasetView
    removed_count: int


def find(
    queries: Queries, dataset: DatasetView, version: int, fields: Fields, *, after: int, limit: int
) -> DuplicatePage:
    """Return up to `limit` groups whose first item lies above the ordinal `after`."""
    count = 0

    def counted() -> Iterator[SameItems]:
        nonlocal count
        for group in _groups(queries, dataset.number, version, fields):
            count += len(group.others)
            if group.first > after:
                yield group

    found = heapq.nsmallest(limit + 1, counted(), key=lambda group: group.first)
    shown = found[:limit]
    return DuplicatePage(
        [_named(queries, dataset.number, group) for group in shown],
        shown[-1].first if len(found) > limit else None,
        version,
        count,
    )


def plan_removal(
    queries: Queries, dataset: DatasetView, fields: Fields, expected_version: int | None
) -> Removal:
    """Return what a removal from the current version comes to. Raises Stale, TooManyChanges."""
    name = dataset_name(dataset.project, dataset.dataset_id)
    if expected_version not in (None, dataset.version):
        raise Stale(name, f"version {expected_version}", f"version {dataset.version}")
    groups: list[SameItems] = []
    count = 0
    for group in _groups(queries, dataset.number, dataset.version, fields):
        count += len(group.others)
        if count <= MOST_REMOVED:
            groups.append(group)
    if count > MOST_REMOVED:
        raise TooManyChanges(name, count, MOST_REMOVED)
    ordinals = sorted(ordinal for group in groups for ordinal in group.others)
    ids = queries.datasets.ids_of(dataset.number, ordinals)
    keys = tuple(domain.ItemKey(ids[ordinal], ordinal) for ordinal in ordinals)
    return Removal(dataset.version, keys)


def remove(
    uow: UnitOfWork, project: str, dataset_id: str, removal: Removal, message: str
) -> RemovedDuplicates:
    """Remove what was planned, as one version; nothing makes none.

    Raises NotFound, ImportInProgress, and Stale if the dataset has moved on since.
    """
    view = datasets.require(uow, project, dataset_id)
    head, stream_version = uow.head(domain.stream_of(view.uid), domain.Dataset, domain.evolve)
    domain.require_writable(head, removal.version)
    if not removal.keys:
        return RemovedDuplicates(view, 0)
    made = domain.make_version(head, domain.ItemCounts(removed=len(removal.keys)), message=message)
    events = [
        domain.ItemsRemoved(head.uid, made.version, some) for some in domain.chunks(removal.keys)
    ]
    uow.append(domain.items_stream_of(head.uid), events, expected_version=None)
    uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    return RemovedDuplicates(datasets.require(uow, project, dataset_id), len(removal.keys))


def _groups(queries: Queries, number: int, version: int, fields: Fields) -> Iterator[SameItems]:
    if fields.paths:
        return _compared(_keys(queries, number, version, fields))
    return _compared(_digests(queries, number, version))


def _digests(queries: Queries, number: int, version: int) -> Iterator[tuple[bytes, int]]:
    """Yield what tells the whole contents of items, which storage keeps beside them."""
    rows = queries.datasets.digests_at(number, version, 0, _DIGESTS)
    while rows:
        yield from ((digest, ordinal) for ordinal, digest in rows if digest)
        rows = queries.datasets.digests_at(number, version, rows[-1][0], _DIGESTS)


def _keys(
    queries: Queries, number: int, version: int, fields: Fields
) -> Iterator[tuple[bytes, int]]:
    after = 0
    more = True
    while more:
        page = queries.datasets.items(number, version, after, _PAGE, purged=False)
        for item in page.rows:
            key = fields.key_of(item)
            if key is not None:
                yield key, item.ordinal
            after = item.ordinal
        more = page.more


def _compared(keys: Iterator[tuple[bytes, int]]) -> Iterator[SameItems]:
    """Yield the groups of equal keys, given in any order, a part of them at a time."""
    parts = [bytearray() for _ in range(_PARTITIONS)]
    for key, ordinal in keys:
        parts[key[0]] += _ENTRY.pack(key, ordinal)
    for part in parts:
        entries = sorted(_ENTRY.iter_unpack(part))
        for _, same in groupby(entries, key=itemgetter(0)):
            first, *others = (ordinal for _, ordinal in same)
            if others:
                yield SameItems(first, tuple(others))


def _named(queries: Queries, number: int, group: SameItems) -> DuplicateItems:
    others = group.others[:MOST_SHOWN]
    ids = queries.datasets.ids_of(number, [group.first, *others])
    return DuplicateItems(
        ids[group.first], tuple(ids[ordinal] for ordinal in others), len(group.others)
    )


def _part(item: ItemView, extras: str | None, name: str, path: Path) -> str | None:
    if name == "tags":
        return _encode(sorted(item.tags)).decode() if item.tags else None
    if name == "split":
        return _encode(item.split).decode() if item.split else None
    if name in _EXTRAS:
        return part_of(extras, (name, *path))
    return part_of(getattr(item, name), path)
