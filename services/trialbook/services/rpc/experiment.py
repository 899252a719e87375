"""ExperimentService on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trialbook.services.application import experiment as application
from trialbook.services.application.experiment import ExperimentDraft
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Store
from trialbook.services.application.views import ExperimentView
from trialbook.services.domain.experiment import Definition, RunSettings
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
from trialbook.services.rpc.definition import (
    read_dataset,
    read_scorers,
    read_settings,
    read_target,
    to_scorer,
    to_settings,
    to_target,
)
from trialbook.services.rpc.gate import read_gate, to_gate
from trialbook.services.rpc.item_selection import read_terms, to_terms
from trialbook.services.rpc.payload import read_json, write_json, write_time
from trialbook.services.rpc.update_mask import masked
from trialbook.v1 import experiment_pb2 as pb
from trialbook.v1 import experiment_service_pb2 as rpc
from trialbook.v1.experiment_service_pb2_grpc import ExperimentServiceServicer

_LAST_VERSION = 2**62
_FIELDS = (
    "display_name",
    "description",
    "dataset",
    "target",
    "scorers",
    "settings",
    "target_options",
    "context",
    "selection",
    "gate",
)


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
                values[field] = read_dataset("experiment.dataset", experiment.dataset)
            case "target":
                values[field] = read_target("experiment.target", experiment.target)
            case "scorers":
                values[field] = read_scorers("experiment.scorers", experiment.scorers)
            case "settings":
                values[field] = read_settings(experiment.settings, RunSettings())
            case "target_options" | "context":
                values[field] = read_json(getattr(experiment, field)) or ""
            case "selection":
                values[field] = read_terms("experiment.selection", experiment.selection)
            case "gate":
                # Named but unset takes it away.
                given = experiment.HasField("gate")
                values[field] = read_gate("experiment.gate", experiment.gate) if given else None
            case _:
                values[field] = getattr(experiment, field)
    return ExperimentDraft(**values)


def to_experiment(view: ExperimentView) -> pb.Experiment:
    """Return an experiment for the wire."""
    definition = view.definition
    return pb.Experiment(
        name=experiment_name(view.project, view.experiment_id),
        uid=view.uid,
        display_name=definition.display_name,
        description=definition.description,
        dataset=_dataset_name(view.project, definition),
        target=to_target(definition.target),
        scorers=map(to_scorer, definition.scorers),
        settings=to_settings(definition.settings),
        target_options=write_json(definition.target_options or None),
        context=write_json(definition.context or None),
        selection=to_terms(definition.selection),
        gate=None if definition.gate is None else to_gate(definition.gate),
        version=view.version,
        etag=view.etag,
        create_time=write_time(view.created_at),
        update_time=write_time(view.updated_at),
    )


def _dataset_name(project: str, definition: Definition) -> str:
    version = definition.dataset_label or definition.dataset_version
    if version:
        return dataset_version_name(project, definition.dataset_id, version)
    return dataset_name(project, definition.dataset_id)


def _to_version(view: ExperimentView) -> pb.ExperimentVersion:
    return pb.ExperimentVersion(
        name=experiment_version_name(view.project, view.experiment_id, view.version),
        version=view.version,
        experiment=to_experiment(view),
        author=view.author,
        create_time=write_time(view.updated_at),
    )
