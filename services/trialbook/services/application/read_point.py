"""At which of its versions a dataset is read."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.dataset import require_version
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.errors import NotFound
from trialbook.services.domain.naming import LATEST, label_name


@dataclass(frozen=True, slots=True)
class ReadPoint:
    """One of the three at most: a version, a label, or a time in microseconds since the epoch.

    None of them: the current version.
    """

    version: int | None = None
    label: str = ""
    as_of: int | None = None


def resolve(queries: Queries, view: DatasetView, point: ReadPoint) -> int:
    """Return the version to read. Raises VersionNotFound, or NotFound for a label."""
    if point.label:
        return labelled(queries, view, point.label)
    if point.as_of is not None:
        return queries.datasets.version_at(view.number, point.as_of)
    return require_version(queries, view, point.version)


def labelled(queries: Queries, view: DatasetView, label_id: str) -> int:
    """Return the version that a label names. Raises NotFound."""
    if label_id == LATEST:
        return view.version
    found = queries.datasets.label(view.number, label_id)
    if found is None:
        raise NotFound(
            label_name(view.project, view.dataset_id, label_id),
            "list the labels to see which there are",
        )
    return found.version
