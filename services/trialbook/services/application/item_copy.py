"""Copies items of a run, as they were run, into a dataset that may have some of them already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from trialbook.services.application.dataset_schema import CheckedBodies, checker_of, same_schemas
from trialbook.services.application.item_extras import encode_extras, read_extras
from trialbook.services.application.item_import import ImportTicket, require_import
from trialbook.services.application.item_state import KnownItem
from trialbook.services.application.item_write import ItemWriter, Tally
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView, RunView
from trialbook.services.domain.content import BlobReference, Content, ContentCollector
from trialbook.services.domain.dataset import DatasetSettings, ItemFact
from trialbook.services.domain.errors import ItemConflict, SchemaViolated, Violation
from trialbook.services.domain.naming import dataset_name, item_name, result_name

_SOURCE = "result"
_SLICE = 500
_MOST_NAMED = 100
_FEW = 10


class CopiedItems(msgspec.Struct, frozen=True):
    """Which items of a run are copied: by ordinal, with the number of the result to name."""

    run: RunView
    numbers: dict[int, int]


class Copying(msgspec.Struct, frozen=True):
    """Which items are missing in a dataset, by ordinal at the source and there.

    Those that were never there get their ordinals when they are written.
    """

    added: tuple[int, ...] = ()
    restored: tuple[tuple[int, int], ...] = ()


class CopySlice(msgspec.Struct, frozen=True):
    """Some of these items, by ordinal at the source and in the dataset."""

    pairs: tuple[tuple[int, int], ...]
    restored: bool


def missing(queries: Queries, wanted: CopiedItems, view: DatasetView) -> Copying:
    """Return what a dataset lacks. Raises ItemConflict, SchemaViolated."""
    added: list[int] = []
    restored: list[tuple[int, int]] = []
    conflicts: list[tuple[str, Violation]] = []
    for facts in _facts(queries, wanted.run, sorted(wanted.numbers)):
        known = queries.datasets.known_items(
            view.number,
            [fact.item_id for fact in facts],
            [fact.external_id for fact in facts if fact.external_id],
        )
        by_id = {item.item_id: item for item in known}
        by_external_id = {item.external_id: item for item in known if item.external_id}
        for fact in facts:
            item = by_id.get(fact.item_id)
            other = by_external_id.get(fact.external_id) if fact.external_id else item
            problem = _problem(fact, item, other)
            if problem:
                path = f"items[{fact.item_id}]"
                conflicts.append((fact.item_id, Violation(path, problem)))
            elif item is None:
                added.append(fact.ordinal)
            elif not item.version and not item.purged:
                restored.append((fact.ordinal, item.ordinal))
    if conflicts:
        name = item_name(view.project, view.dataset_id, conflicts[0][0])
        raise ItemConflict(name, [violation for _, violation in conflicts[:_MOST_NAMED]])
    found = Copying(tuple(added), tuple(restored))
    _require_fit(queries, wanted.run, view, found)
    return found


def slices(found: Copying, first_ordinal: int) -> Iterator[CopySlice]:
    """Cut what is missing into parts that one transaction may take."""
    added = tuple((ordinal, first_ordinal + at) for at, ordinal in enumerate(found.added))
    for pairs, restored in ((found.restored, True), (added, False)):
        for start in range(0, len(pairs), _SLICE):
            yield CopySlice(pairs[start : start + _SLICE], restored)


def write_slice(
    uow: UnitOfWork, ticket: ImportTicket, wanted: CopiedItems, some: CopySlice
) -> Tally:
    """Copy some items; those that were purged meanwhile are left out.

    Raises ImportInProgress if the import was dropped.
    """
    require_import(uow, ticket)
    run, view, contents = wanted.run, ticket.view, ContentCollector()
    ordinals = dict(some.pairs)
    facts = [
        _copied(uow, run, fact, wanted.numbers[fact.ordinal], contents)
        for facts in _facts(uow, run, list(ordinals))
        for fact in facts
    ]
    facts = [msgspec.structs.replace(fact, ordinal=ordinals[fact.ordinal]) for fact in facts]
    uow.store_blobs(contents.blobs)
    writer = ItemWriter(uow, view.uid, view.number, ticket.version)
    if some.restored:
        writer.append(restored=facts)
        return Tally(restored=len(facts))
    writer.append(added=facts)
    return Tally(added=len(facts))


def settings_of(queries: Queries, run: RunView) -> DatasetSettings:
    """Return the settings of the dataset version that a run was on."""
    return queries.datasets.settings(run.dataset_number, run.dataset_version)


def _facts(queries: Queries, run: RunView, ordinals: Sequence[int]) -> Iterator[list[ItemFact]]:
    """Yield the items of a run by slices, in this order, without purged ones."""
    number, version = run.dataset_number, run.dataset_version
    for start in range(0, len(ordinals), _SLICE):
        some = ordinals[start : start + _SLICE]
        found = queries.datasets.facts_at(number, version, some)
        ids = [found[ordinal].item_id for ordinal in some if ordinal in found]
        marks = queries.datasets.marks_of(number, version, ids)
        there = {mark.ordinal for mark in marks if not mark.purged}
        yield [found[ordinal] for ordinal in some if ordinal in there]


def _problem(fact: ItemFact, item: KnownItem | None, other: KnownItem | None) -> str:
    """Say what is in the way of an item; `other` has its external id."""
    if item is None:
        if other is None:
            return ""
        return f"its external id {fact.external_id[:80]!r} belongs to the item {other.item_id!r}"
    same = fact.digest in (item.digest, item.first_digest)
    if same or item.purged or not item.version:
        return ""
    return "is there with other content; name another dataset_id"


def _copied(
    queries: Queries, run: RunView, fact: ItemFact, number: int, contents: ContentCollector
) -> ItemFact:
    """Return an item that says from which result it comes. What else it has is as it was."""
    extras = msgspec.structs.replace(
        read_extras(_text(queries, fact.extras)),
        source_reference=result_name(run.project, run.run_id, number),
    )
    stored = contents.add_optional(encode_extras(extras))
    return msgspec.structs.replace(fact, source=_SOURCE, extras=stored)


def _text(queries: Queries, content: Content | None) -> str | None:
    if isinstance(content, BlobReference):
        return queries.datasets.bodies([content.digest])[content.digest]
    return content


def _require_fit(queries: Queries, run: RunView, view: DatasetView, found: Copying) -> None:
    """Refuse items that do not fit other schemas than those of their own dataset."""
    checker = checker_of(view.settings)
    if checker is None or same_schemas(view.settings, settings_of(queries, run)):
        return
    ordinals = [*found.added, *(ordinal for ordinal, _ in found.restored)]
    failures: list[tuple[str, str, str]] = []
    failing = 0
    while ordinals:
        items = queries.datasets.items_at(
            run.dataset_number, run.dataset_version, ordinals[:_SLICE]
        )
        del ordinals[: len(items)]
        for item in items.values():
            problems = checker.problems(CheckedBodies(item.input, item.expected, item.context))
            failing += bool(problems)
            room = _FEW - len(failures)
            failures += [(item.item_id, bad.path, bad.message) for bad in problems[:room]]
    if failing:
        raise SchemaViolated(dataset_name(view.project, view.dataset_id), failing, failures)
