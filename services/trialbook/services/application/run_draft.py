"""What a run is to be, as its starter says, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application import experiment as experiments
from trialbook.services.application import run as runs
from trialbook.services.application.dataset import MAX_DISPLAY_NAME
from trialbook.services.application.experiment import check_object, check_settings, check_target
from trialbook.services.application.gate import check_gate
from trialbook.services.application.hosting import is_built_in
from trialbook.services.application.item import check_text
from trialbook.services.application.item_selection import resolved, selection_of
from trialbook.services.application.ports import Queries
from trialbook.services.application.read_point import ReadPoint, resolve
from trialbook.services.application.scorer import ScorerDraft, pin, require_driver
from trialbook.services.application.scorer_choice import choose_scorers
from trialbook.services.application.views import DatasetView, ExperimentView
from trialbook.services.domain.errors import Invalid, NotFound, Violation
from trialbook.services.domain.experiment import Definition, RunSettings, ScorerSpec, Target
from trialbook.services.domain.gate import Gate
from trialbook.services.domain.naming import (
    RESOURCE_ID,
    RESOURCE_ID_RULE,
    check_id,
    dataset_name,
    run_name,
)
from trialbook.services.domain.run import ScorerSource
from trialbook.services.domain.selection import SelectionTerms
from trialbook.services.scoring import catalogue


@dataclass(frozen=True, slots=True)
class RunDraft:
    """A run to be started; what is None, UNSET or empty is as the experiment has it.

    `experiment` is (project, id, version or None), `dataset` (project, id, which version),
    `baseline` (project, run id); `settings` are those that are set. JSON texts are laid over the
    experiment's. `traceparent` is the W3C trace context of the start, empty for none.
    """

    project: str
    run_id: str
    experiment: tuple[str, str, int | None]
    wait_for_worker: bool = False
    display_name: str = ""
    target_revision: str = ""
    dataset: tuple[str, str, ReadPoint] | None = None
    scorers: tuple[ScorerDraft, ...] | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    selection: SelectionTerms | msgspec.UnsetType | None = msgspec.UNSET
    target_options: str = ""
    context: str = ""
    metadata: str = ""
    baseline: tuple[str, str] | None = None
    caller_driven: bool = False
    gate: Gate | None = None
    traceparent: str = ""


def check_draft(draft: RunDraft) -> None:
    """Refuse what is wrong with a draft by itself. Raises Invalid."""
    found = []
    if draft.run_id:
        found += check_id("run_id", draft.run_id, RESOURCE_ID, RESOURCE_ID_RULE)
    found += check_text("display_name", draft.display_name, MAX_DISPLAY_NAME)
    for name in ("target_options", "context", "metadata"):
        found += check_object(name, getattr(draft, name))
    if draft.gate is not None:
        found += check_gate("gate", draft.gate)
    if found:
        raise Invalid(found)


def experiment_of(queries: Queries, draft: RunDraft) -> ExperimentView:
    """Return the experiment at the version that is meant. Raises Invalid, NotFound."""
    project, experiment_id, version = draft.experiment
    if project != draft.project:
        raise _elsewhere("experiment", draft)
    return experiments.require_version(queries, project, experiment_id, version)


def _elsewhere(path: str, draft: RunDraft) -> Invalid:
    return Invalid.field(path, f"lies in another project; name one of projects/{draft.project}")


def settings_of(draft: RunDraft, base: RunSettings) -> RunSettings:
    """Return an experiment's settings with those of the draft. Raises Invalid."""
    settings = msgspec.structs.replace(base, **draft.settings)
    violations = check_settings("settings", settings)
    if violations:
        raise Invalid(violations)
    return settings


def dataset_of(
    queries: Queries, draft: RunDraft, experiment: ExperimentView
) -> tuple[DatasetView, int]:
    """Return the dataset and the version to run. Raises Invalid, NotFound, VersionNotFound."""
    if draft.dataset is not None:
        project, dataset_id, point = draft.dataset
        if project != draft.project:
            raise _elsewhere("dataset", draft)
        chosen = datasets.require(queries, project, dataset_id)
        return chosen, resolve(queries, chosen, point)
    definition = experiment.definition
    dataset = queries.datasets.by_uid(definition.dataset_uid)
    current = queries.datasets.find(experiment.project, definition.dataset_id)
    # Another dataset may have got the id by now: the experiment does not mean that one.
    if dataset is None or current is None or current.uid != dataset.uid:
        raise NotFound(
            dataset_name(experiment.project, definition.dataset_id),
            "it was deleted; point the experiment at another",
        )
    point = ReadPoint(definition.dataset_version or None, definition.dataset_label)
    return dataset, resolve(queries, dataset, point)


def selection_terms(
    queries: Queries, draft: RunDraft, definition: Definition, number: int, version: int
) -> SelectionTerms | None:
    """Return which items are run, the sample with its threshold; None for all of them."""
    terms = definition.selection if draft.selection is msgspec.UNSET else draft.selection
    if terms is None or terms.sample is None:
        return terms
    chosen = resolved(queries, number, version, selection_of(terms))
    return msgspec.structs.replace(terms, sample=chosen.sample)


def scorers_of(
    queries: Queries, draft: RunDraft, definition: Definition, number: int, version: int
) -> tuple[tuple[ScorerSpec, ...], ScorerSource]:
    """Return the scorers at their versions, and where they come from. Raises Invalid."""
    own, path = None, "experiment.scorers"
    if draft.scorers is not None:
        path = "scorers.scorers"
        own = pin(queries, draft.project, draft.scorers, path)
    scorers, source = choose_scorers(queries, number, version, definition, own)
    require_driver(scorers, path, caller_driven=draft.caller_driven)
    return scorers, source


def target_of(draft: RunDraft, definition: Definition, options: str) -> Target:
    """Return the target as far as it is known before workers are asked. Raises Invalid."""
    target = definition.target
    if draft.target_revision:
        target = msgspec.structs.replace(target, revision=draft.target_revision)
    violations = check_target("target", target)
    if violations:
        raise Invalid.field("target_revision", violations[0].message)
    description = catalogue.describe(target.name)
    if description is None or not is_built_in(target):
        return target
    if target.revision not in ("", str(description.version)):
        raise Invalid.field(
            "target_revision",
            f"{target.name!r} is built in at revision {description.version}; leave it empty",
        )
    _check_parameters(target.name, options)
    return target


def _check_parameters(scorer: str, options: str) -> None:
    """Refuse options that are no parameters of a built-in scorer. Raises Invalid."""
    try:
        catalogue.check_parameters(scorer, options or "{}")
    except catalogue.InvalidParameters as error:
        raise Invalid(
            [
                Violation(f"target_options{bad.path and '.' + bad.path}", bad.message)
                for bad in error.violations
            ],
            reason="INVALID_SCORER_PARAMETERS",
            metadata={"scorer": scorer},
        ) from error


def baseline_of(queries: Queries, draft: RunDraft) -> str:
    """Return the name of the run to compare with, empty for none. Raises Invalid, NotFound."""
    if draft.baseline is None:
        return ""
    project, run_id = draft.baseline
    if project != draft.project:
        raise _elsewhere("baseline", draft)
    runs.require(queries, project, run_id)
    return run_name(project, run_id)
