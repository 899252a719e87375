"""Commands and queries about datasets as wholes."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from trialbook.services.application.dataset_settings import SettingsDraft
from trialbook.services.application.item import check_text
from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.dataset import DatasetSettings
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
)

MAX_DISPLAY_NAME = 200
MAX_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """What describes a dataset; None keeps what it has."""

    display_name: str | None = None
    description: str | None = None
    metadata: str | None = None

    def check(self, path: str) -> list[Violation]:
        """Return what is wrong with it."""
        found = check_text(f"{path}.display_name", self.display_name or "", MAX_DISPLAY_NAME)
        found += check_text(f"{path}.description", self.description or "", MAX_DESCRIPTION)
        if self.metadata:
            found += check_json(
                f"{path}.metadata.json", self.metadata, limit=METADATA_LIMIT, must_be_object=True
            )
        return found


@dataclass(frozen=True, slots=True)
class NewSettings:
    """Settings to come, decided on those that the dataset had at a version.

    With `items_checked`, the items must still be those of that version.
    """

    settings: DatasetSettings
    before: DatasetSettings
    version: int
    items_checked: bool
    message: str


class Overtaken(Exception):
    """Somebody changed what a command was prepared on; it must be prepared again."""


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


def head_of(uow: UnitOfWork, uid: str) -> tuple[domain.Dataset, int]:
    """Return the head of a dataset that is known to exist, and the version of its stream."""
    return uow.head(domain.stream_of(uid), domain.Dataset, domain.evolve)


def create(
    uow: UnitOfWork,
    project: str,
    dataset_id: str,
    description: DatasetDescription,
    settings: SettingsDraft,
) -> DatasetView:
    """Create an empty dataset with checked settings. Raises Invalid, AlreadyExists."""
    violations = check_id("dataset_id", dataset_id, RESOURCE_ID, RESOURCE_ID_RULE)
    violations += description.check("dataset")
    if violations:
        raise Invalid(violations)
    chosen = settings.merged(uow, project, DatasetSettings())
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
    events: list[msgspec.Struct] = [created]
    if chosen != DatasetSettings():
        events.append(domain.SettingsChanged(created.uid, 0, chosen))
    uow.append(domain.stream_of(created.uid), events, expected_version=0)
    return require(uow, project, dataset_id)


def update(
    uow: UnitOfWork,
    view: DatasetView,
    description: DatasetDescription,
    etag: str,
    change: NewSettings | None = None,
) -> DatasetView:
    """Change a dataset's description and settings; what changes nothing is no event.

    Raises NotFound, Stale, ImportInProgress, and Overtaken if the settings to come rest on
    others than the present ones.
    """
    head, version = head_of(uow, view.uid)
    domain.require_current(head, etag)
    events: list[msgspec.Struct] = [*_described(head, description)]
    if change is not None and change.settings != change.before:
        domain.require_writable(head)
        if head.settings != change.before or (
            change.items_checked and head.version != change.version
        ):
            raise Overtaken
        events += domain.change_settings(head, change.settings, message=change.message)
    uow.append(domain.stream_of(head.uid), events, expected_version=version)
    return require(uow, head.project, head.dataset_id)


def _described(
    head: domain.Dataset, description: DatasetDescription
) -> list[domain.DatasetDescribed]:
    def chosen(new: str | None, old: str) -> str:
        return old if new is None else new

    return domain.describe(
        head,
        display_name=chosen(description.display_name, head.display_name) or head.dataset_id,
        description=chosen(description.description, head.description),
        metadata=chosen(description.metadata, head.metadata),
    )


def delete(uow: UnitOfWork, project: str, dataset_id: str, etag: str) -> DatasetView:
    """Take a dataset out of the listings. Raises NotFound, Stale, ImportInProgress."""
    view = require(uow, project, dataset_id)
    head, version = head_of(uow, view.uid)
    domain.require_current(head, etag)
    if head.import_id:
        raise ImportInProgress(head.name)
    uow.append(
        domain.stream_of(head.uid), [domain.DatasetDeleted(head.uid)], expected_version=version
    )
    return view
