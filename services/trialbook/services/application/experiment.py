"""Commands and queries about experiments and their versions."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application.dataset import MAX_DESCRIPTION, MAX_DISPLAY_NAME
from trialbook.services.application.gate import check_gate, require_gate_fits
from trialbook.services.application.json_text import OPTIONS_LIMIT, check_json
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.read_point import ReadPoint, resolve
from trialbook.services.application.scorer import ScorerDraft, pin
from trialbook.services.application.views import ExperimentView
from trialbook.services.domain import experiment as domain
from trialbook.services.domain.errors import (
    AlreadyExists,
    Invalid,
    NotFound,
    VersionNotFound,
    Violation,
)
from trialbook.services.domain.experiment import (
    Definition,
    RunSettings,
    ScorerScope,
    Target,
    TargetKind,
)
from trialbook.services.domain.gate import Gate
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import (
    EXECUTABLE_NAME,
    EXECUTABLE_NAME_RULE,
    RESOURCE_ID,
    RESOURCE_ID_RULE,
    check_id,
    experiment_name,
)
from trialbook.services.domain.selection import SelectionTerms
from trialbook.services.scoring import catalogue

MAX_REVISION = 128
_MINUTE = 60 * domain.SECOND
_RANGES: dict[str, tuple[int, int, str]] = {
    "concurrency": (1, 10_000, "1 to 10,000"),
    "attempt_timeout": (1_000, 24 * 60 * _MINUTE, "1 ms to 24 h"),
    "max_retries": (0, 20, "0 to 20"),
    "initial_backoff": (0, 60 * _MINUTE, "0 to 1 h"),
    "max_backoff": (0, 60 * _MINUTE, "0 to 1 h"),
    "trials": (1, 100, "1 to 100"),
    "run_deadline": (domain.SECOND, 30 * 24 * 60 * _MINUTE, "1 s to 30 days"),
    "rate_limit": (0, 1_000_000, "above 0, to 1,000,000 attempts a second"),
    "max_failures": (1, 1_000_000_000, "1 to 1,000,000,000"),
    "seed": (-(2**63), 2**63 - 1, "any 64-bit number"),
}
_OPTIONAL = ("run_deadline", "rate_limit", "max_failures")


@dataclass(frozen=True, slots=True)
class ExperimentDraft:
    """A definition, or a change of one: None keeps what there is, or takes the default.

    `dataset` is (project, dataset id, which version); JSON texts are empty for none.
    """

    display_name: str | None = None
    description: str | None = None
    dataset: tuple[str, str, ReadPoint] | None = None
    target: Target | None = None
    scorers: tuple[ScorerDraft, ...] | None = None
    settings: RunSettings | None = None
    target_options: str | None = None
    context: str | None = None
    selection: SelectionTerms | msgspec.UnsetType | None = msgspec.UNSET
    gate: Gate | msgspec.UnsetType | None = msgspec.UNSET


def require(queries: Queries, project: str, experiment_id: str) -> ExperimentView:
    """Return an experiment. Raises NotFound."""
    view = queries.experiments.find(project, experiment_id)
    if view is None:
        raise NotFound(experiment_name(project, experiment_id))
    return view


def require_version(
    queries: Queries, project: str, experiment_id: str, version: int | None
) -> ExperimentView:
    """Return an experiment at a version, the current one for None. Raises NotFound."""
    current = require(queries, project, experiment_id)
    if version is None or version == current.version:
        return current
    view = queries.experiments.version(current.uid, version)
    if view is None:
        raise VersionNotFound(experiment_name(project, experiment_id), version, current.version)
    return view


def create(
    uow: UnitOfWork, project: str, experiment_id: str, draft: ExperimentDraft
) -> ExperimentView:
    """Create an experiment. Raises Invalid, NotFound, AlreadyExists."""
    violations = check_id("experiment_id", experiment_id, RESOURCE_ID, RESOURCE_ID_RULE)
    violations += _check(draft)
    if draft.dataset is None:
        violations.append(Violation("experiment.dataset", "is required; name a dataset"))
    if draft.target is None:
        violations.append(Violation("experiment.target", "is required; say what is evaluated"))
    if violations or draft.target is None:
        raise Invalid(violations)
    if uow.experiments.find(project, experiment_id) is not None:
        raise AlreadyExists(experiment_name(project, experiment_id))
    blank = Definition(experiment_id, "", "", "", 0, draft.target, (), RunSettings())
    created = domain.ExperimentCreated(
        new_uid(), project, experiment_id, _merge(uow, project, blank, draft)
    )
    uow.append(domain.stream_of(created.uid), [created], expected_version=0)
    return require(uow, project, experiment_id)


def update(
    uow: UnitOfWork, project: str, experiment_id: str, draft: ExperimentDraft, etag: str
) -> ExperimentView:
    """Change an experiment; what changes nothing makes no version.

    Raises Invalid, NotFound, Stale.
    """
    violations = _check(draft)
    if violations:
        raise Invalid(violations)
    head, version = _head(uow, require(uow, project, experiment_id).uid)
    domain.require_current(head, etag)
    definition = _merge(uow, project, head.definition, draft)
    if not definition.display_name:
        definition = msgspec.structs.replace(definition, display_name=experiment_id)
    events = domain.change(head, definition)
    uow.append(domain.stream_of(head.uid), events, expected_version=version)
    return require(uow, project, experiment_id)


def delete(uow: UnitOfWork, project: str, experiment_id: str, etag: str) -> ExperimentView:
    """Take an experiment out of the listings. Raises NotFound, Stale."""
    view = require(uow, project, experiment_id)
    head, version = _head(uow, view.uid)
    domain.require_current(head, etag)
    uow.append(
        domain.stream_of(head.uid), [domain.ExperimentDeleted(head.uid)], expected_version=version
    )
    return view


def _head(uow: UnitOfWork, uid: str) -> tuple[domain.Experiment, int]:
    return uow.head(domain.stream_of(uid), domain.Experiment, domain.evolve)


def _merge(uow: UnitOfWork, project: str, before: Definition, draft: ExperimentDraft) -> Definition:
    changes: dict[str, object] = {
        field: value
        for field in ("description", "target", "settings", "target_options", "context")
        if (value := getattr(draft, field)) is not None
    }
    for field in ("selection", "gate"):
        if (value := getattr(draft, field)) is not msgspec.UNSET:
            changes[field] = value
    if draft.display_name:
        changes["display_name"] = draft.display_name
    elif draft.display_name is not None:
        changes["display_name"] = before.display_name if not before.dataset_uid else ""
    if draft.dataset is not None:
        changes |= _dataset(uow, project, draft.dataset)
    if draft.scorers is not None:
        changes["scorers"] = pin(uow, project, draft.scorers, "experiment.scorers")
    merged = msgspec.structs.replace(before, **changes)
    if merged.gate is not None:
        require_gate_fits(uow, "experiment.gate", project, merged.gate, merged.scorers)
    return merged


def _dataset(
    uow: UnitOfWork, project: str, wanted: tuple[str, str, ReadPoint]
) -> dict[str, object]:
    dataset_project, dataset_id, point = wanted
    if dataset_project != project:
        raise Invalid.field(
            "experiment.dataset", f"lies in another project; name one of projects/{project}"
        )
    view = datasets.require(uow, project, dataset_id)
    resolve(uow, view, point)
    return {
        "dataset_uid": view.uid,
        "dataset_id": view.dataset_id,
        "dataset_version": point.version or 0,
        "dataset_label": point.label,
    }


def _check(draft: ExperimentDraft) -> list[Violation]:
    found = []
    if draft.display_name and len(draft.display_name) > MAX_DISPLAY_NAME:
        found.append(
            Violation("experiment.display_name", f"has more than {MAX_DISPLAY_NAME} characters")
        )
    if draft.description and len(draft.description) > MAX_DESCRIPTION:
        found.append(
            Violation("experiment.description", f"has more than {MAX_DESCRIPTION:,} characters")
        )
    if draft.target is not None:
        found += check_target("experiment.target", draft.target)
    if draft.settings is not None:
        found += check_settings("experiment.settings", draft.settings)
    found += check_object("experiment.target_options", draft.target_options)
    found += check_object("experiment.context", draft.context)
    if isinstance(draft.gate, Gate):
        found += check_gate("experiment.gate", draft.gate)
    return found


def check_object(path: str, text: str | None) -> list[Violation]:
    """Return what is wrong with a JSON object's text; nothing is wrong with none."""
    if not text:
        return []
    return check_json(f"{path}.json", text, limit=OPTIONS_LIMIT, must_be_object=True)


def check_target(path: str, target: Target) -> list[Violation]:
    """Return what is wrong with a target."""
    found = check_id(f"{path}.name", target.name, EXECUTABLE_NAME, EXECUTABLE_NAME_RULE)
    if len(target.revision) > MAX_REVISION:
        found.append(Violation(f"{path}.revision", f"has more than {MAX_REVISION} characters"))
    built_in = catalogue.describe(target.name) if target.kind is TargetKind.SCORER else None
    if built_in is not None and built_in.scope is ScorerScope.RUN:
        message = f"{target.name!r} judges runs as a whole, so it is no target; choose another"
        found.append(Violation(f"{path}.name", message))
    return found


def check_settings(path: str, settings: RunSettings) -> list[Violation]:
    """Return what is wrong with settings."""
    return [
        Violation(f"{path}.{name}", f"is out of range; choose {words}")
        for name, (least, most, words) in _RANGES.items()
        if not least <= (value := getattr(settings, name)) <= most
        and not (name in _OPTIONAL and value == 0)
    ]
