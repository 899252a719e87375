"""Queries about the versions of a dataset."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import DatasetView, VersionView
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import VersionNotFound
from trialbook.services.domain.naming import LATEST, dataset_name


class DescribedVersion(msgspec.Struct, frozen=True):
    """A version, the settings that hold at it, and the labels that name it."""

    view: VersionView
    settings: DatasetSettings
    labels: tuple[str, ...]


def get(queries: Queries, dataset: DatasetView, version: int) -> DescribedVersion:
    """Return one version. Raises VersionNotFound."""
    found = queries.datasets.version(dataset.number, version)
    if found is None:
        name = dataset_name(dataset.project, dataset.dataset_id)
        raise VersionNotFound(name, version, dataset.version)
    return described(queries, dataset, [found])[0]


def described(
    queries: Queries, dataset: DatasetView, views: Sequence[VersionView]
) -> list[DescribedVersion]:
    """Return versions, given newest first, with what else is known of them."""
    labels = queries.datasets.labels_of(dataset.number, [view.version for view in views])
    found: list[DescribedVersion] = []
    settings: DatasetSettings | None = None
    for view in views:
        # The settings of a version hold from the last one on that changed them.
        if settings is None:
            settings = queries.datasets.settings(dataset.number, view.version)
        latest = (LATEST,) if view.version == dataset.version else ()
        names = (*labels.get(view.version, ()), *latest)
        found.append(DescribedVersion(view, settings, tuple(sorted(names))))
        if view.settings_changed:
            settings = None
    return found
