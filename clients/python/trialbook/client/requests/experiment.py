"""The calls of ExperimentService."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.field_mask_pb2 import FieldMask

from trialbook.client.errors import invalid_field
from trialbook.client.models.experiment import Experiment, ExperimentVersion, Target
from trialbook.client.models.gate import Gate
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.scorer_spec import Scorer, scorer_of
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page, nothing
from trialbook.client.payload import MISSING, MissingType, encode_field
from trialbook.v1 import experiment_pb2
from trialbook.v1 import experiment_service_pb2 as service


def definition(
    project: str,
    *,
    display_name: str | MissingType = MISSING,
    description: str | MissingType = MISSING,
    dataset: Reference | MissingType = MISSING,
    target: Target | str | MissingType = MISSING,
    scorers: Iterable[Scorer | str] | MissingType = MISSING,
    settings: RunSettings | MissingType = MISSING,
    selection: ItemSelection | MissingType | None = MISSING,
    gate: Gate | MissingType | None = MISSING,
    target_options: Mapping[str, object] | MissingType | None = MISSING,
    context: Mapping[str, object] | MissingType | None = MISSING,
) -> tuple[experiment_pb2.Experiment, list[str]]:
    """Return a message with what is given, and the paths of what is given."""
    message, paths = _heading(display_name, description)
    if dataset is not MISSING:
        paths.append("dataset")
        message.dataset = resource_name(project, "datasets", dataset)
    if target is not MISSING:
        paths.append("target")
        message.target.CopyFrom(_target(target).to_message())
    if scorers is not MISSING:
        paths.append("scorers")
        message.scorers.extend(scorer_of(scorer).to_message() for scorer in scorers)
    for part, value in (("settings", settings), ("selection", selection), ("gate", gate)):
        if value is not MISSING:
            paths.append(part)
            if value is not None:
                getattr(message, part).CopyFrom(value.to_message())
    for part, values in (("target_options", target_options), ("context", context)):
        if values is not MISSING:
            paths.append(part)
            if values is not None:
                getattr(message, part).json = encode_field(values, part)
    return message, paths


def _heading(
    display_name: str | MissingType, description: str | MissingType
) -> tuple[experiment_pb2.Experiment, list[str]]:
    message = experiment_pb2.Experiment()
    paths = []
    if display_name is not MISSING:
        paths.append("display_name")
        message.display_name = display_name
    if description is not MISSING:
        paths.append("description")
        message.description = description
    return message, paths


def _target(target: Target | str) -> Target:
    return Target(target) if isinstance(target, str) else target


def create_experiment(
    project: str,
    experiment_id: str,
    message: experiment_pb2.Experiment,
    *,
    request_id: str | None,
) -> Operation[service.CreateExperimentResponse, Experiment]:
    """Create an experiment from a definition."""
    return Operation(
        "ExperimentService/CreateExperiment",
        service.CreateExperimentRequest(
            parent=project_name(project),
            experiment_id=experiment_id,
            experiment=message,
            request_id=request_id or new_request_id(),
        ),
        service.CreateExperimentResponse,
        lambda answer: Experiment.from_message(answer.experiment),
    )


def get_experiment(
    project: str, experiment: Reference, version: int | None
) -> Operation[service.GetExperimentResponse, Experiment]:
    """Get an experiment, or one version of it."""
    name = resource_name(project, "experiments", experiment)
    if version is not None:
        name = f"{name}/versions/{version}"
    return Operation(
        "ExperimentService/GetExperiment",
        service.GetExperimentRequest(name=name),
        service.GetExperimentResponse,
        lambda answer: Experiment.from_message(answer.experiment),
    )


def list_experiments(project: str, page_size: int) -> Listing[Experiment]:
    """List a project's experiments."""
    return lambda token: Operation(
        "ExperimentService/ListExperiments",
        service.ListExperimentsRequest(
            parent=project_name(project), page_size=page_size, page_token=token
        ),
        service.ListExperimentsResponse,
        lambda answer: Page(
            [Experiment.from_message(experiment) for experiment in answer.experiments],
            answer.next_page_token,
        ),
    )


def update_experiment(
    project: str,
    experiment: Reference,
    change: tuple[experiment_pb2.Experiment, list[str]],
    *,
    etag: str | None,
    request_id: str | None,
) -> Operation[service.UpdateExperimentResponse, Experiment]:
    """Change an experiment: what the definition gives."""
    message, paths = change
    if not paths:
        raise invalid_field("update_mask", "give at least one part of the definition to change")
    message.name = resource_name(project, "experiments", experiment)
    message.etag = etag or ""
    return Operation(
        "ExperimentService/UpdateExperiment",
        service.UpdateExperimentRequest(
            experiment=message,
            update_mask=FieldMask(paths=paths),
            request_id=request_id or new_request_id(),
        ),
        service.UpdateExperimentResponse,
        lambda answer: Experiment.from_message(answer.experiment),
    )


def delete_experiment(
    project: str, experiment: Reference, *, etag: str | None, request_id: str | None
) -> Operation[service.DeleteExperimentResponse, None]:
    """Delete an experiment."""
    return Operation(
        "ExperimentService/DeleteExperiment",
        service.DeleteExperimentRequest(
            name=resource_name(project, "experiments", experiment),
            etag=etag or "",
            request_id=request_id or new_request_id(),
        ),
        service.DeleteExperimentResponse,
        nothing,
    )


def list_versions(
    project: str, experiment: Reference, page_size: int
) -> Listing[ExperimentVersion]:
    """List the versions of an experiment."""
    parent = resource_name(project, "experiments", experiment)
    return lambda token: Operation(
        "ExperimentService/ListExperimentVersions",
        service.ListExperimentVersionsRequest(parent=parent, page_size=page_size, page_token=token),
        service.ListExperimentVersionsResponse,
        lambda answer: Page(
            [ExperimentVersion.from_message(version) for version in answer.versions],
            answer.next_page_token,
        ),
    )
