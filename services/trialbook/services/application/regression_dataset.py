"""Datasets of failing results: the items as they were run, under their ids, to be run again."""

from __future__ import annotations

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application.item_copy import CopiedItems, settings_of
from trialbook.services.application.item_import import ImportTicket, commit_import
from trialbook.services.application.item_write import Tally
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.result_filter import ResultFilter, check_filter
from trialbook.services.application.run import require
from trialbook.services.application.verdict import require_ended
from trialbook.services.application.views import DatasetView, RunView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain import experiment as experiments
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import Invalid, NothingChosen, TooManyChanges
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import (
    RESOURCE_ID,
    RESOURCE_ID_RULE,
    check_id,
    dataset_name,
    experiment_name,
    run_name,
)

MOST_ITEMS = 100_000
"""How many items one command copies."""
NO_EXPERIMENT = "-"
"""Stands for an experiment id where none is wanted."""
FAILING = ResultFilter(failing=True)
"""Which results are meant where nothing is said: those that failed, or that do not pass."""

_KEYS = 5_000


class RegressionTerms(msgspec.Struct, frozen=True):
    """What is asked for. Empty ids stand for the defaults."""

    project: str
    run_id: str
    wanted: ResultFilter = FAILING
    dataset_id: str = ""
    experiment_id: str = ""


class RegressionPlan(msgspec.Struct, frozen=True):
    """Which items are copied where. `experiment_id` is empty if no experiment is wanted."""

    items: CopiedItems
    dataset_id: str
    experiment_id: str

    @property
    def run(self) -> RunView:
        """The run that they are of."""
        return self.items.run


class RegressionDataset(msgspec.Struct, frozen=True):
    """The dataset after the command, the experiment on it if one was wanted, and what came in."""

    dataset: DatasetView
    experiment: str
    added_count: int


def plan(queries: Queries, terms: RegressionTerms) -> RegressionPlan:
    """Find the results that are meant.

    Raises Invalid, NotFound, RunGoesOn, NothingChosen, TooManyChanges.
    """
    run = require(queries, terms.project, terms.run_id)
    dataset_id = terms.dataset_id or f"{run.run_id}-regressions"
    experiment_id = terms.experiment_id or dataset_id
    violations = check_id("dataset_id", dataset_id, RESOURCE_ID, RESOURCE_ID_RULE)
    if experiment_id not in (dataset_id, NO_EXPERIMENT):
        violations += check_id("experiment_id", experiment_id, RESOURCE_ID, RESOURCE_ID_RULE)
    if violations:
        raise Invalid(violations)
    check_filter("filter", run, terms.wanted)
    require_ended(run)
    numbers = _first_numbers(queries, run, terms.wanted)
    if not numbers:
        raise NothingChosen(run_name(run.project, run.run_id))
    if len(numbers) > MOST_ITEMS:
        raise TooManyChanges(dataset_name(run.project, dataset_id), len(numbers), MOST_ITEMS)
    wanted = "" if experiment_id == NO_EXPERIMENT else experiment_id
    return RegressionPlan(CopiedItems(run, numbers), dataset_id, wanted)


def require_dataset(uow: UnitOfWork, wanted: RegressionPlan) -> DatasetView:
    """Return the dataset; make it, with the settings that the run's had, if it is not there."""
    run = wanted.run
    found = uow.datasets.find(run.project, wanted.dataset_id)
    if found is not None:
        return found
    created = domain.DatasetCreated(
        uid=new_uid(),
        project=run.project,
        dataset_id=wanted.dataset_id,
        display_name=wanted.dataset_id,
        description=f"Items of {run_name(run.project, run.run_id)}",
        metadata="",
    )
    events: list[msgspec.Struct] = [created]
    settings = settings_of(uow, run)
    if settings != DatasetSettings():
        events.append(domain.SettingsChanged(created.uid, 0, settings))
    uow.append(domain.stream_of(created.uid), events, expected_version=0)
    return datasets.require(uow, run.project, wanted.dataset_id)


def finish(
    uow: UnitOfWork, ticket: ImportTicket, wanted: RegressionPlan, tally: Tally
) -> RegressionDataset:
    """Make the version, and the experiment. Raises ImportInProgress if it was dropped."""
    note = f"results of {run_name(wanted.run.project, wanted.run.run_id)}"
    done = commit_import(uow, ticket, tally, note)
    return complete(uow, wanted, done.dataset, tally.touched)


def complete(
    uow: UnitOfWork, wanted: RegressionPlan, view: DatasetView, added_count: int
) -> RegressionDataset:
    """Make the experiment on the dataset, if one is wanted that is not there."""
    run, experiment_id = wanted.run, wanted.experiment_id
    if not experiment_id:
        return RegressionDataset(view, "", added_count)
    if uow.experiments.find(run.project, experiment_id) is None:
        created = experiments.ExperimentCreated(
            new_uid(), run.project, experiment_id, _definition(uow, wanted, view)
        )
        uow.append(experiments.stream_of(created.uid), [created], expected_version=0)
    return RegressionDataset(view, experiment_name(run.project, experiment_id), added_count)


def _definition(
    queries: Queries, wanted: RegressionPlan, view: DatasetView
) -> experiments.Definition:
    """Return what the run's experiment was, on all of another dataset."""
    run = wanted.run
    pinned = queries.experiments.version(run.experiment_uid, run.experiment_version)
    if pinned is None:
        raise LookupError(f"the experiment version of {run.run_id} is not there")
    return msgspec.structs.replace(
        pinned.definition,
        display_name=wanted.experiment_id,
        dataset_uid=view.uid,
        dataset_id=view.dataset_id,
        dataset_version=0,
        dataset_label="",
        selection=None,
    )


def _first_numbers(queries: Queries, run: RunView, wanted: ResultFilter) -> dict[int, int]:
    """Return the first result that is meant of each item, by ordinal; of purged items none."""
    numbers: dict[int, int] = {}
    item_ids: list[str] = []
    after = 0
    while keys := queries.runs.matching(run, wanted, after, _KEYS):
        after = keys[-1].number
        for key in keys:
            if key.ordinal not in numbers:
                numbers[key.ordinal] = key.number
                item_ids.append(key.item_id)
    marks = queries.datasets.marks_of(run.dataset_number, run.dataset_version, item_ids)
    return {mark.ordinal: numbers[mark.ordinal] for mark in marks if not mark.purged}
