"""The stable names of every event ever released. Names stay; shapes change by a new version."""

from __future__ import annotations

import msgspec

from trialbook.services.domain import dataset, experiment, run

EVENT_TYPES: dict[str, type[msgspec.Struct]] = {
    "dataset.created.v1": dataset.DatasetCreated,
    "dataset.described.v1": dataset.DatasetDescribed,
    "dataset.deleted.v1": dataset.DatasetDeleted,
    "dataset.items_added.v1": dataset.ItemsAdded,
    "dataset.version_made.v1": dataset.VersionMade,
    "dataset.import_begun.v1": dataset.ImportBegun,
    "dataset.import_abandoned.v1": dataset.ImportAbandoned,
    "experiment.created.v1": experiment.ExperimentCreated,
    "experiment.changed.v1": experiment.ExperimentChanged,
    "experiment.deleted.v1": experiment.ExperimentDeleted,
    "run.started.v1": run.RunStarted,
    "run.results_recorded.v1": run.ResultsRecorded,
    "run.scores_recorded.v1": run.ScoresRecorded,
    "run.cancel_requested.v1": run.RunCancelRequested,
    "run.ended.v1": run.RunEnded,
}
