"""ExperimentService on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trialbook.services.application import experiment as application
from trialbook.services.application.experiment import ExperimentDraft
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Store
from trialbook.services.application.scorer import ScorerDraft
from trialbook.services.application.views import ExperimentView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target, TargetKind
from trialbook.services.domain.naming import (
    dataset_name,
    dataset_version_name,
    experiment_name,
    experiment_version_name,
    parse_experiment,
    parse_project,
    parse_versioned,
)
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.payload import (
    read_duration,
    read_json,
    write_duration,
    write_json,
    write_time,
)
from trialbook.services.rpc.update_mask import masked
from trialbook.v1 import experiment_pb2 as pb
from trialbook.v1 import experiment_service_pb2 as rpc
from trialbook.v1.experiment_service_pb2_grpc import ExperimentServiceServicer

_LAST_VERSION = 2**62
_FIELDS = ("display_name", "description", "dataset", "target", "scorers", "settings")
_KINDS = {
    pb.TARGET_KIND_UNSPECIFIED: TargetKind.AGENT,
    pb.TARGET_KIND_AGENT: TargetKind.AGENT,
    pb.TARGET_KIND_WORKFLOW: TargetKind.WORKFLOW,
}
_KIND_NUMBERS = {
    TargetKind.AGENT: pb.TARGET_KIND_AGENT,
    TargetKind.WORKFLOW: pb.TARGET_KIND_WORKFLOW,
}


class ExperimentServicer(ExperimentServiceServicer):
    """Answers ExperimentService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def CreateExperiment(
        self, request: rpc.CreateExperimentRequest, context: Any
    ) -> rpc.CreateExperimentResponse:
        """Create an experiment."""
        project = parse_project("parent", request.parent)
        present = masked(request.experiment, rpc.UpdateExperimentRequest().update_mask, _FIELDS)
        draft = _draft(request.experiment, present)
        view = await self._store.execute(
            command(context, "CreateExperiment", request),
            lambda uow: application.create(uow, project, request.experiment_id, draft),
            ExperimentView,
        )
        return rpc.CreateExperimentResponse(experiment=to_experiment(view))

    async def GetExperiment(
        self, request: rpc.GetExperimentRequest, context: Any
    ) -> rpc.GetExperimentResponse:
        """Return an experiment, or one version of it."""
        project, experiment, version = parse_versioned("name", request.name, "experiment")
        view = await self._store.read(
            lambda q: application.require_version(q, project, experiment, version)
        )
        return rpc.GetExperimentResponse(experiment=to_experiment(view))

    async def ListExperiments(
        self, request: rpc.ListExperimentsRequest, context: Any
    ) -> rpc.ListExperimentsResponse:
        """List experiments by id."""
        project = parse_project("parent", request.parent)
        listing, limit = f"experiments {project}", page_size(request.page_size)
        after = read_token(listing, request.page_token, str, "")
        views = await self._store.read(lambda q: q.experiments.page(project, after, limit + 1))
        page, token = cut_page(listing, views, limit, lambda view: view.experiment_id)
        return rpc.ListExperimentsResponse(
            experiments=map(to_experiment, page), next_page_token=token
        )

    async def UpdateExperiment(
        self, request: rpc.UpdateExperimentRequest, context: Any
    ) -> rpc.UpdateExperimentResponse:
        """Change an experiment."""
        project, experiment = parse_experiment("experiment.name", request.experiment.name)
        fields = masked(request.experiment, request.update_mask, _FIELDS)
        draft = _draft(request.experiment, fields)
        view = await self._store.execute(
            command(context, "UpdateExperiment", request),
            lambda uow: application.update(
                uow, project, experiment, draft, request.experiment.etag
            ),
            ExperimentView,
        )
        return rpc.UpdateExperimentResponse(experiment=to_experiment(view))

    async def DeleteExperiment(
        self, request: rpc.DeleteExperimentRequest, context: Any
    ) -> rpc.DeleteExperimentResponse:
        """Delete an experiment."""
        project, experiment = parse_experiment("name", request.name)
        await self._store.execute(
            command(context, "DeleteExperiment", request),
            lambda uow: application.delete(uow, project, experiment, request.etag),
            ExperimentView,
        )
        return rpc.DeleteExperimentResponse()

    async def ListExperimentVersions(
        self, request: rpc.ListExperimentVersionsRequest, context: Any
    ) -> rpc.ListExperimentVersionsResponse:
        """List versions, newest first."""
        project, experiment = parse_experiment("parent", request.parent)
        listing, limit = f"experiment versions {request.parent}", page_size(request.page_size)
        before = read_token(listing, request.page_token, int, _LAST_VERSION)

        def query(q: Any) -> list[ExperimentView]:
            view = application.require(q, project, experiment)
            found: list[ExperimentView] = q.experiments.versions(view.uid, before, limit + 1)
            return found

        versions = await self._store.read(query)
        page, token = cut_page(listing, versions, limit, lambda view: view.version)
        return rpc.ListExperimentVersionsResponse(
            versions=map(_to_version, page), next_page_token=token
        )


def _draft(experiment: pb.Experiment, fields: Iterable[str]) -> ExperimentDraft:
    values: dict[str, Any] = {}
    for field in fields:
        match field:
            case "dataset":
                values[field] = parse_versioned("experiment.dataset", experiment.dataset, "dataset")
            case "target":
                values[field] = read_target("experiment.target", experiment.target)
            case "scorers":
                values[field] = tuple(map(read_scorer, experiment.scorers))
            case "settings":
                values[field] = _settings(experiment.settings)
            case _:
                values[field] = getattr(experiment, field)
    return ExperimentDraft(**values)


def read_scorer(spec: pb.ScorerSpec) -> ScorerDraft:
    """Return a scorer from the wire."""
    return ScorerDraft(spec.scorer, spec.alias, read_json(spec.params) or "")


def _settings(settings: pb.RunSettings) -> RunSettings:
    values: dict[str, int] = {
        name: getattr(settings, name)
        for name in ("concurrency", "max_retries", "trials")
        if settings.HasField(name)
    }
    durations: dict[str, int] = {
        name: read_duration(getattr(settings, name))
        for name in ("attempt_timeout", "initial_backoff", "max_backoff")
        if settings.HasField(name)
    }
    return RunSettings(**values, **durations)


def read_target(path: str, target: pb.Target) -> Target:
    """Return a target from the wire. Raises Invalid for an unknown kind."""
    kind = _KINDS.get(target.kind)
    if kind is None:
        raise Invalid.field(f"{path}.kind", f"{target.kind} is no kind of target of this version")
    return Target(kind, target.name, target.revision)


def to_target(target: Target) -> pb.Target:
    """Return a target for the wire."""
    return pb.Target(kind=_KIND_NUMBERS[target.kind], name=target.name, revision=target.revision)


def to_scorer(spec: ScorerSpec) -> pb.ScorerSpec:
    """Return a scorer's place in an experiment for the wire."""
    return pb.ScorerSpec(
        scorer=spec.scorer,
        alias=spec.alias,
        params=write_json(spec.params or None),
        scorer_version=spec.version,
    )


def to_settings(settings: RunSettings) -> pb.RunSettings:
    """Return settings for the wire, complete."""
    return pb.RunSettings(
        concurrency=settings.concurrency,
        attempt_timeout=write_duration(settings.attempt_timeout),
        max_retries=settings.max_retries,
        initial_backoff=write_duration(settings.initial_backoff),
        max_backoff=write_duration(settings.max_backoff),
        trials=settings.trials,
    )


def to_experiment(view: ExperimentView) -> pb.Experiment:
    """Return an experiment for the wire."""
    definition = view.definition
    pinned = definition.dataset_version
    dataset = (
        dataset_version_name(view.project, definition.dataset_id, pinned)
        if pinned
        else dataset_name(view.project, definition.dataset_id)
    )
    return pb.Experiment(
        name=experiment_name(view.project, view.experiment_id),
        uid=view.uid,
        display_name=definition.display_name,
        description=definition.description,
        dataset=dataset,
        target=to_target(definition.target),
        scorers=map(to_scorer, definition.scorers),
        settings=to_settings(definition.settings),
        version=view.version,
        etag=view.etag,
        create_time=write_time(view.created_at),
        update_time=write_time(view.updated_at),
    )


def _to_version(view: ExperimentView) -> pb.ExperimentVersion:
    return pb.ExperimentVersion(
        name=experiment_version_name(view.project, view.experiment_id, view.version),
        version=view.version,
        experiment=to_experiment(view),
        author=view.author,
        create_time=write_time(view.updated_at),
    )
