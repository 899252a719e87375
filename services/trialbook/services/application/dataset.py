"""Commands and queries about datasets, their versions and items."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from trialbook.services.application.item import ItemDraft, to_facts
from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.content import ContentCollector
from trialbook.services.domain.errors import (
    AlreadyExists,
    ImportInProgress,
    Invalid,
    NotFound,
    VersionNotFound,
    Violation,
)
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import (
    RESOURCE_ID,
    RESOURCE_ID_RULE,
    check_id,
    dataset_name,
    item_name,
)

MAX_DISPLAY_NAME = 200
MAX_DESCRIPTION = 4000


class AddedItems(msgspec.Struct, frozen=True):
    """The dataset after items were added, and their ids in the order of the request."""

    dataset: DatasetView
    item_ids: tuple[str, ...]


class ImportedItems(msgspec.Struct, frozen=True):
    """The dataset after an import, and how many items that added."""

    dataset: DatasetView
    added_count: int


class ImportTicket(msgspec.Struct, frozen=True):
    """The right to bring the items of one version. `done` is set if it was done before."""

    uid: str
    number: int
    version: int
    import_id: str
    next_ordinal: int
    done: ImportedItems | None = None


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """What describes a dataset; None keeps what it has."""

    display_name: str | None = None
    description: str | None = None
    metadata: str | None = None

    def check(self, path: str) -> list[Violation]:
        """Return what is wrong with it."""
        found = []
        if self.display_name is not None and len(self.display_name) > MAX_DISPLAY_NAME:
            found.append(
                Violation(f"{path}.display_name", f"has more than {MAX_DISPLAY_NAME} characters")
            )
        if self.description is not None and len(self.description) > MAX_DESCRIPTION:
            found.append(
                Violation(f"{path}.description", f"has more than {MAX_DESCRIPTION:,} characters")
            )
        if self.metadata:
            found += check_json(
                f"{path}.metadata.json", self.metadata, limit=METADATA_LIMIT, must_be_object=True
            )
        return found


def require(queries: Queries, project: str, dataset_id: str) -> DatasetView:
    """Return a dataset. Raises NotFound."""
    view = queries.datasets.find(project, dataset_id)
    if view is None:
        raise NotFound(dataset_name(project, dataset_id))
    return view


def require_version(queries: Queries, view: DatasetView, version: int | None) -> int:
    """Return the version to read, the current one for None. Raises VersionNotFound."""
    if version is None or version == view.version:
        return view.version
    if queries.datasets.version_item_count(view.number, version) is None:
        raise VersionNotFound(dataset_name(view.project, view.dataset_id), version, view.version)
    return version


def create(
    uow: UnitOfWork, project: str, dataset_id: str, description: DatasetDescription
) -> DatasetView:
    """Create an empty dataset. Raises Invalid, AlreadyExists."""
    violations = check_id("dataset_id", dataset_id, RESOURCE_ID, RESOURCE_ID_RULE)
    violations += description.check("dataset")
    if violations:
        raise Invalid(violations)
    if uow.datasets.find(project, dataset_id) is not None:
        raise AlreadyExists(dataset_name(project, dataset_id))
    created = domain.DatasetCreated(
        uid=new_uid(),
        project=project,
        dataset_id=dataset_id,
        display_name=description.display_name or dataset_id,
        description=description.description or "",
        metadata=description.metadata or "",
    )
    uow.append(domain.stream_of(created.uid), [created], expected_version=0)
    return require(uow, project, dataset_id)


def update(
    uow: UnitOfWork, project: str, dataset_id: str, description: DatasetDescription, etag: str
) -> DatasetView:
    """Change what describes a dataset. Raises Invalid, NotFound, Stale."""
    violations = description.check("dataset")
    if violations:
        raise Invalid(violations)
    head, version = _head(uow, require(uow, project, dataset_id).uid)
    domain.require_current(head, etag)

    def chosen(new: str | None, old: str) -> str:
        return old if new is None else new

    events = domain.describe(
        head,
        display_name=chosen(description.display_name, head.display_name) or head.dataset_id,
        description=chosen(description.description, head.description),
        metadata=chosen(description.metadata, head.metadata),
    )
    uow.append(domain.stream_of(head.uid), events, expected_version=version)
    return require(uow, project, dataset_id)


def delete(uow: UnitOfWork, project: str, dataset_id: str, etag: str) -> DatasetView:
    """Take a dataset out of the listings. Raises NotFound, Stale, ImportInProgress."""
    view = require(uow, project, dataset_id)
    head, version = _head(uow, view.uid)
    domain.require_current(head, etag)
    if head.import_id:
        raise ImportInProgress(head.name)
    uow.append(
        domain.stream_of(head.uid), [domain.DatasetDeleted(head.uid)], expected_version=version
    )
    return view


def add_items(
    uow: UnitOfWork,
    project: str,
    dataset_id: str,
    drafts: Sequence[ItemDraft],
    expected_version: int | None,
) -> AddedItems:
    """Add checked items as one version; no items make none.

    Raises NotFound, Stale, ImportInProgress, AlreadyExists.
    """
    view = require(uow, project, dataset_id)
    head, stream_version = _head(uow, view.uid)
    domain.require_writable(head, expected_version)
    if not drafts:
        return AddedItems(view, ())
    made = domain.make_version(head, len(drafts))
    first_ordinal = uow.datasets.last_ordinal(view.number) + 1
    item_ids = _write_items(uow, view, made.version, drafts, first_ordinal)
    uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    return AddedItems(require(uow, project, dataset_id), item_ids)


def begin_import(
    uow: UnitOfWork,
    project: str,
    dataset_id: str,
    import_id: str,
    expected_version: int | None,
) -> ImportTicket:
    """Reserve the next version. Raises NotFound, Stale, ImportInProgress."""
    view = require(uow, project, dataset_id)
    head, stream_version = _head(uow, view.uid)
    domain.require_writable(head, expected_version)
    begun = domain.ImportBegun(head.uid, head.version + 1, import_id)
    uow.append(domain.stream_of(head.uid), [begun], expected_version=stream_version)
    next_ordinal = uow.datasets.last_ordinal(view.number) + 1
    return ImportTicket(head.uid, view.number, begun.version, begun.import_id, next_ordinal)


def import_items(
    uow: UnitOfWork, ticket: ImportTicket, first_ordinal: int, drafts: Sequence[ItemDraft]
) -> int:
    """Bring more checked items of an import; returns the next ordinal. Raises AlreadyExists."""
    head, _ = _head(uow, ticket.uid)
    _require_import(head, ticket)
    view = cast("DatasetView", uow.datasets.by_uid(ticket.uid))
    _write_items(uow, view, ticket.version, drafts, first_ordinal)
    return first_ordinal + len(drafts)


def commit_import(uow: UnitOfWork, ticket: ImportTicket, added_count: int) -> ImportedItems:
    """Make the version; an import without items makes none."""
    head, stream_version = _head(uow, ticket.uid)
    _require_import(head, ticket)
    event: msgspec.Struct = (
        domain.make_version(head, added_count)
        if added_count
        else domain.ImportAbandoned(head.uid, ticket.version, ticket.import_id)
    )
    uow.append(domain.stream_of(head.uid), [event], expected_version=stream_version)
    return ImportedItems(require(uow, head.project, head.dataset_id), added_count)


def discard_import(uow: UnitOfWork, import_id: str, limit: int) -> bool:
    """Drop up to `limit` items of an open import, and the import with the last of them.

    Returns whether nothing is left of it. Done in slices, so that a large import that comes to
    nothing does not keep all other writers waiting.
    """
    view = uow.datasets.importing(import_id)
    if view is None:
        return True
    head, stream_version = _head(uow, view.uid)
    if uow.datasets.discard_items(view.number, head.version + 1, limit) == limit:
        return False
    abandoned = domain.ImportAbandoned(view.uid, head.version + 1, import_id)
    uow.append(domain.stream_of(view.uid), [abandoned], expected_version=stream_version)
    return True


def _head(uow: UnitOfWork, uid: str) -> tuple[domain.Dataset, int]:
    return uow.head(domain.stream_of(uid), domain.Dataset, domain.evolve)


def _require_import(head: domain.Dataset, ticket: ImportTicket) -> None:
    if head.import_id != ticket.import_id:
        raise ImportInProgress(head.name)


def _write_items(
    uow: UnitOfWork,
    view: DatasetView,
    version: int,
    drafts: Sequence[ItemDraft],
    first_ordinal: int,
) -> tuple[str, ...]:
    item_ids = _assign_ids(uow, view, drafts, first_ordinal)
    contents = ContentCollector()
    facts = to_facts(drafts, item_ids, first_ordinal, contents)
    uow.store_blobs(contents.blobs)
    uow.append(
        domain.items_stream_of(view.uid),
        domain.items_added(view.uid, version, facts),
        expected_version=None,
    )
    return item_ids


def _assign_ids(
    uow: UnitOfWork, view: DatasetView, drafts: Sequence[ItemDraft], first_ordinal: int
) -> tuple[str, ...]:
    """Return the items' ids, given ones as they are. Raises AlreadyExists for a taken one."""
    given = {draft.item_id for draft in drafts if draft.item_id}
    wished = [
        draft.item_id or f"item-{ordinal}" for ordinal, draft in enumerate(drafts, first_ordinal)
    ]
    taken = uow.datasets.taken_item_ids(view.number, wished)
    for item_id in taken & given:
        raise AlreadyExists(item_name(view.project, view.dataset_id, item_id))
    return tuple(
        f"{item_id}-{secrets.token_hex(4)}"
        if not draft.item_id and (item_id in taken or item_id in given)
        else item_id
        for item_id, draft in zip(wished, drafts, strict=True)
    )
