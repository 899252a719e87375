"""Streamed imports: a version is reserved, its items are brought in batches, then it is made.

Nobody sees the items before, and nobody else makes a version meanwhile; what is broken off
leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from trialbook.services.application.content_index import ContentIndex
from trialbook.services.application.dataset import head_of, require
from trialbook.services.application.item_identity import (
    Decision,
    Fate,
    GivenItem,
    ImportMode,
    Known,
    decide,
    look_up,
    refusals,
)
from trialbook.services.application.item_write import ItemWriter, Tally, tally_of
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import ImportInProgress, ItemConflict, Violation
from trialbook.services.domain.naming import item_name

_UNCHANGED = Decision(Fate.UNCHANGED)


class ImportedItems(msgspec.Struct, frozen=True):
    """The dataset after an import, and what that did."""

    dataset: DatasetView
    tally: Tally


class ImportTicket(msgspec.Struct, frozen=True):
    """The right to bring the items of one version.

    `view` is the dataset as the import found it; `next_ordinal` is 1 if it never had an item.
    """

    view: DatasetView
    import_id: str
    mode: ImportMode
    next_ordinal: int

    @property
    def version(self) -> int:
        """The version that the import makes."""
        return self.view.version + 1

    @property
    def settings(self) -> DatasetSettings:
        """What holds for the items."""
        return self.view.settings


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Checked items, up to 1,000. `offset` is how many items of the import came before them.

    `first_ordinal` is where the ordinals of new ones begin; `ids_given` says whether any item of
    the import so far brought an item id. `contents` are those that the dataset had before, for
    items without ids. With `partial`, items that conflict with others are left out; otherwise
    they are errors.
    """

    given: Sequence[GivenItem]
    first_ordinal: int
    offset: int
    ids_given: bool
    partial: bool = False
    contents: ContentIndex | None = None


class BatchOutcome(msgspec.Struct, frozen=True):
    """What became of a batch. `refused` are places in it, with what is wrong there."""

    tally: Tally
    refused: tuple[tuple[int, Violation], ...] = ()


def begin_import(
    uow: UnitOfWork,
    project: str,
    dataset_id: str,
    import_id: str,
    *,
    mode: ImportMode = ImportMode.ADD,
    expected_version: int | None = None,
) -> ImportTicket:
    """Reserve the next version. Raises NotFound, Stale, ImportInProgress."""
    view = require(uow, project, dataset_id)
    head, stream_version = head_of(uow, view.uid)
    domain.require_writable(head, expected_version)
    begun = domain.ImportBegun(head.uid, head.version + 1, import_id)
    uow.append(domain.stream_of(head.uid), [begun], expected_version=stream_version)
    next_ordinal = uow.datasets.last_ordinal(view.number) + 1
    return ImportTicket(view, import_id, mode, next_ordinal)


def import_items(uow: UnitOfWork, ticket: ImportTicket, batch: ImportBatch) -> BatchOutcome:
    """Bring more items of an import. Raises ItemConflict, ImportInProgress if it was dropped."""
    require_import(uow, ticket)
    view = ticket.view
    decisions = decide_batch(uow, ticket, batch)
    refused = refusals(decisions, batch.given, batch.offset)
    if refused and not batch.partial:
        raise ItemConflict(conflicting(view, decisions, batch.given), refused)
    ItemWriter(uow, view.uid, view.number, ticket.version).write(
        batch.given,
        decisions,
        batch.first_ordinal,
        ids_are_free=ticket.next_ordinal == 1 and not batch.ids_given,
    )
    places = [place for place, known in enumerate(decisions) if known.fate is Fate.REFUSED]
    return BatchOutcome(tally_of(decisions), tuple(zip(places, refused, strict=True)))


def decide_batch(
    queries: Queries, ticket: ImportTicket, batch: ImportBatch, earlier: Known | None = None
) -> list[Decision]:
    """Decide what becomes of a batch's items. Items without ids are those of the same content.

    `earlier` are items of the import that storage does not know, as in a preview.
    """
    view, given = ticket.view, batch.given
    known = Known()
    # The first batch of a dataset that never had an item meets nothing but itself.
    if batch.first_ordinal > 1:
        known = look_up(queries.datasets, view.number, given)
    if earlier is not None:
        known = known.with_those(earlier)
    decisions = decide(known, given, ticket.mode, version=ticket.version)
    contents = batch.contents
    if contents is None:
        return decisions
    return [
        _UNCHANGED
        if not (item.item_id or item.external_id) and item.content.digest in contents
        else decision
        for item, decision in zip(given, decisions, strict=True)
    ]


def commit_import(
    uow: UnitOfWork, ticket: ImportTicket, tally: Tally, message: str
) -> ImportedItems:
    """Make the version; an import that touches no item makes none."""
    head, stream_version = require_import(uow, ticket)
    event: msgspec.Struct = (
        domain.make_version(head, tally.counts, message=message)
        if tally.touched
        else domain.ImportAbandoned(head.uid, ticket.version, ticket.import_id)
    )
    uow.append(domain.stream_of(head.uid), [event], expected_version=stream_version)
    return ImportedItems(require(uow, head.project, head.dataset_id), tally)


def discard_import(uow: UnitOfWork, import_id: str, limit: int) -> bool:
    """Undo up to `limit` changes of an open import, and the import with the last of them.

    Returns whether nothing is left of it. Done in slices, so that a large import that comes to
    nothing does not keep all other writers waiting.
    """
    view = uow.datasets.importing(import_id)
    if view is None:
        return True
    head, stream_version = head_of(uow, view.uid)
    if uow.datasets.discard_items(view.number, head.version + 1, limit) == limit:
        return False
    abandoned = domain.ImportAbandoned(view.uid, head.version + 1, import_id)
    uow.append(domain.stream_of(view.uid), [abandoned], expected_version=stream_version)
    return True


def require_import(uow: UnitOfWork, ticket: ImportTicket) -> tuple[domain.Dataset, int]:
    """Return the dataset's head while an import goes on. Raises ImportInProgress if it is over."""
    head, stream_version = head_of(uow, ticket.view.uid)
    if head.import_id != ticket.import_id:
        raise ImportInProgress(head.name)
    return head, stream_version


def conflicting(
    view: DatasetView, decisions: Sequence[Decision], given: Sequence[GivenItem]
) -> str:
    """Return the name of the first item that is in the way."""
    for decision, item in zip(decisions, given, strict=True):
        if decision.fate is Fate.REFUSED:
            known = decision.known
            return item_name(
                view.project, view.dataset_id, known.item_id if known else item.item_id
            )
    return ""
