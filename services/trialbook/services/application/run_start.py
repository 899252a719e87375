"""Starts runs: what the experiment says, with what the caller wants otherwise, is pinned.

All that may take long is prepared on a snapshot; the command only looks whether it still holds.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application.gate import require_gate_fits
from trialbook.services.application.hosting import (
    is_hosted,
    pin_target,
    require_hosted,
    require_scorers,
    waiting_for,
)
from trialbook.services.application.item_selection import count, selection_of
from trialbook.services.application.json_overlay import lay_over
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.run_draft import (
    RunDraft,
    baseline_of,
    check_draft,
    dataset_of,
    experiment_of,
    scorers_of,
    selection_terms,
    settings_of,
    target_of,
)
from trialbook.services.application.run_job import start_jobs
from trialbook.services.application.views import DatasetView, ExperimentView, RunView
from trialbook.services.domain.errors import AlreadyExists, EmptyDataset, Stale
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import dataset_name, dataset_version_name, run_name
from trialbook.services.domain.run import RunStarted, stream_of


class PreparedRun(msgspec.Struct, frozen=True):
    """All of a run but its ids, and the revision that some worker hosts when it starts.

    `purged` is how many items of the version were purged when the others were counted.
    """

    started: RunStarted
    dataset_number: int
    purged: int


def prepare(queries: Queries, draft: RunDraft) -> PreparedRun:
    """Look up and count all that a run is pinned to. Raises Invalid, NotFound, EmptyDataset."""
    check_draft(draft)
    experiment = experiment_of(queries, draft)
    definition = experiment.definition
    settings = settings_of(draft, definition.settings)
    dataset, version = dataset_of(queries, draft, experiment)
    selection = selection_terms(queries, draft, definition, dataset.number, version)
    items = count(queries, dataset.number, version, selection_of(selection))
    if not items:
        name = dataset_version_name(dataset.project, dataset.dataset_id, version)
        raise EmptyDataset(name, selected=selection is not None)
    scorers, source = scorers_of(queries, draft, definition, dataset.number, version)
    started = msgspec.structs.replace(
        _pinned(draft, experiment, dataset, version),
        settings=settings,
        planned=items * settings.trials,
        selection=selection,
        scorers=scorers,
        scorer_source=source,
        baseline=baseline_of(queries, draft),
    )
    if draft.gate is not None:
        require_gate_fits(queries, "gate", draft.project, draft.gate, scorers)
    purged = queries.datasets.purged_count(dataset.number, version)
    return PreparedRun(started, dataset.number, purged)


def _pinned(
    draft: RunDraft, experiment: ExperimentView, dataset: DatasetView, version: int
) -> RunStarted:
    """Return what follows from draft and definition alone. Raises Invalid."""
    definition = experiment.definition
    options = lay_over(definition.target_options, draft.target_options)
    return RunStarted(
        uid="",
        project=draft.project,
        run_id="",
        experiment_uid=experiment.uid,
        experiment_id=experiment.experiment_id,
        experiment_version=experiment.version,
        dataset_uid=dataset.uid,
        dataset_id=dataset.dataset_id,
        dataset_version=version,
        target=target_of(draft, definition, options),
        scorers=(),
        settings=definition.settings,
        planned=0,
        display_name=draft.display_name,
        metadata=draft.metadata,
        target_options=options,
        context=lay_over(definition.context, draft.context),
        gate=definition.gate if draft.gate is None else draft.gate,
        caller_driven=draft.caller_driven,
        traceparent=draft.traceparent,
    )


def start(uow: UnitOfWork, draft: RunDraft, prepared: PreparedRun) -> RunView:
    """Start a run that was prepared.

    Raises Invalid, AlreadyExists, NotHosted; Stale if items were purged since they were counted.
    """
    started = prepared.started
    purged = uow.datasets.purged_count(prepared.dataset_number, started.dataset_version)
    if purged != prepared.purged:
        name = dataset_name(draft.project, started.dataset_id)
        raise Stale(name, f"{prepared.purged:,} purged items", f"{purged:,}")
    sessions = uow.workers.live(draft.project, uow.now)
    target = started.target
    if not draft.caller_driven:
        target = pin_target(sessions, target)
        if not draft.wait_for_worker:
            require_hosted(sessions, target)
            require_scorers(sessions, started.scorers)
    started = msgspec.structs.replace(
        started,
        uid=new_uid(),
        run_id=_free_run_id(uow, draft),
        target=target,
        pending=not (draft.caller_driven or is_hosted(sessions, target)),
    )
    uow.append(stream_of(started.uid), [started], expected_version=0)
    view = runs.require(uow, started.project, started.run_id)
    uow.work.open(view.number, start_jobs(view), exhausted=started.caller_driven)
    return msgspec.structs.replace(view, waiting_for=waiting_for(uow, view))


def _free_run_id(uow: UnitOfWork, draft: RunDraft) -> str:
    if not draft.run_id:
        return f"{datetime.fromtimestamp(uow.now / 1e6, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    if uow.runs.find(draft.project, draft.run_id) is not None:
        raise AlreadyExists(run_name(draft.project, draft.run_id))
    return draft.run_id
