"""The one change of a dataset that may have to look at all its items."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application.dataset import DatasetDescription, NewSettings, Overtaken
from trialbook.services.application.dataset_schema import same_schemas
from trialbook.services.application.dataset_settings import SettingsDraft
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.application.schema_report import SchemaReport, require_fitting, survey
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import Contended, Invalid, Stale
from trialbook.services.domain.naming import dataset_name

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class DatasetUpdate:
    """A change of a dataset. `force` lets items be that do not fit; `dry_run` changes nothing."""

    project: str
    dataset_id: str
    description: DatasetDescription
    settings: SettingsDraft
    etag: str = ""
    message: str = ""
    force: bool = False
    dry_run: bool = False


class UpdatedDataset(msgspec.Struct, frozen=True):
    """The dataset after an update; if schemas changed, how its items fit them."""

    dataset: DatasetView
    report: SchemaReport | None = None


async def update(store: Store, context: CommandContext, wanted: DatasetUpdate) -> UpdatedDataset:
    """Change a dataset.

    The items are looked at without holding up anybody, so another change may come first: then
    they are looked at again, three times at most. Raises Invalid, NotFound, Stale,
    SchemaViolated, ImportInProgress, Contended.
    """
    before = None if wanted.dry_run else await store.recall(context, UpdatedDataset)
    if before is not None:
        return before
    violations = wanted.description.check("dataset")
    violations += await asyncio.to_thread(wanted.settings.check)
    if violations:
        raise Invalid(violations)
    for _ in range(_ATTEMPTS):
        try:
            return await _attempt(store, context, wanted)
        except Overtaken:
            continue
    raise Contended(dataset_name(wanted.project, wanted.dataset_id))


async def _attempt(store: Store, context: CommandContext, wanted: DatasetUpdate) -> UpdatedDataset:
    view, settings = await store.read(lambda q: _settings(q, wanted))
    report = None
    if not same_schemas(settings, view.settings):
        report = await survey(store, view, settings)
        if not (wanted.force or wanted.dry_run):
            require_fitting(view, report)
    if wanted.dry_run:
        return UpdatedDataset(view, report)
    change = NewSettings(settings, view.settings, view.version, report is not None, wanted.message)
    return await store.execute(
        context,
        lambda uow: UpdatedDataset(
            datasets.update(uow, view, wanted.description, wanted.etag, change), report
        ),
        UpdatedDataset,
    )


def _settings(queries: Queries, wanted: DatasetUpdate) -> tuple[DatasetView, DatasetSettings]:
    view = datasets.require(queries, wanted.project, wanted.dataset_id)
    if wanted.etag and wanted.etag != view.etag:
        raise Stale(
            dataset_name(view.project, view.dataset_id),
            f"etag {wanted.etag!r}",
            f"etag {view.etag!r}",
        )
    return view, wanted.settings.merged(queries, wanted.project, view.settings)
