"""The stable names of every event ever released. Names stay; shapes change by a new version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trialbook.services.domain import dataset, experiment, gate, review, run, trace_viewer

EVENT_TYPES: dict[str, type[msgspec.Struct]] = {
    "dataset.created.v1": dataset.DatasetCreated,
    "dataset.described.v1": dataset.DatasetDescribed,
    "dataset.deleted.v1": dataset.DatasetDeleted,
    "dataset.items_added.v1": dataset.ItemsAdded,
    "dataset.items_changed.v1": dataset.ItemsChanged,
    "dataset.items_removed.v1": dataset.ItemsRemoved,
    "dataset.items_restored.v1": dataset.ItemsRestored,
    "dataset.items_purged.v1": dataset.ItemsPurged,
    "dataset.settings_changed.v1": dataset.SettingsChanged,
    "dataset.version_made.v2": dataset.VersionMade,
    "dataset.label_set.v1": dataset.LabelSet,
    "dataset.label_deleted.v1": dataset.LabelDeleted,
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
    "run.began.v1": run.RunBegan,
    "run.finish_requested.v1": run.RunFinishRequested,
    "run.retried.v1": run.RunRetried,
    "run.rescored.v1": run.RunRescored,
    "run.gate_evaluated.v1": gate.GateEvaluated,
    "run.reviews_requested.v1": review.ReviewsRequested,
    "run.reviews_recorded.v1": review.ReviewsRecorded,
    "run.reviews_closed.v1": review.ReviewsClosed,
    "trace_viewers.set.v1": trace_viewer.TraceViewersSet,
}


def _version_made_from_v1(fields: dict[str, Any]) -> dict[str, Any]:
    """Versions of the first release could only add items, and counted nothing else."""
    rest = {name: value for name, value in fields.items() if name != "added_count"}
    return {**rest, "changes": {"added": fields["added_count"]}}


UPCASTS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "dataset.version_made.v2": {"dataset.version_made.v1": _version_made_from_v1},
}
"""By the present name of an event: its older names, and what makes the present fields of theirs."""
