"""The call that starts a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

from trialbook.client.models.gate import Gate
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.models.run import Run
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.scorer_spec import Scorer, scorer_of
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Operation
from trialbook.client.payload import encode_field
from trialbook.v1 import run_service_pb2 as service

JSON_FIELDS = ("target_options", "context", "metadata")


class StartOptions(TypedDict, total=False):
    """What holds for one run in place of what its experiment says.

    `run_id`: the last part of its name; assigned if left out. `display_name`: for people, such as
    `pr-1234`. `metadata`: what should be known of it, such as a commit.

    `target_revision`, `dataset` (as for an experiment; it may be another one), `selection` and
    `gate` take the place of the experiment's; so do `scorers`, of which `[]` means none. Of
    `settings` those that are given do. `target_options` and `context` are laid over the
    experiment's, name by name. `baseline` is the run to compare with in place of the gate's.

    `request_id` makes the call safe to repeat by the caller too.
    """

    run_id: str | None
    display_name: str
    metadata: Mapping[str, object] | None
    target_revision: str
    dataset: Reference | None
    scorers: Iterable[Scorer | str] | None
    settings: RunSettings | None
    selection: ItemSelection | None
    gate: Gate | None
    baseline: Reference | None
    target_options: Mapping[str, object] | None
    context: Mapping[str, object] | None
    request_id: str | None


def start_run(
    project: str,
    experiment: Reference,
    options: StartOptions,
    *,
    wait_for_worker: bool = False,
    caller_driven: bool = False,
) -> Operation[service.StartRunResponse, Run]:
    """Start a run."""
    request = service.StartRunRequest(
        parent=project_name(project),
        experiment=resource_name(project, "experiments", experiment),
        run_id=options.get("run_id") or "",
        wait_for_worker=wait_for_worker,
        request_id=options.get("request_id") or new_request_id(),
        display_name=options.get("display_name", ""),
        target_revision=options.get("target_revision", ""),
        caller_driven=caller_driven,
    )
    _write_names(project, options, request)
    _write_parts(options, request)
    for name in JSON_FIELDS:
        values = options.get(name)
        if values is not None:
            getattr(request, name).json = encode_field(values, name)
    return Operation(
        "RunService/StartRun",
        request,
        service.StartRunResponse,
        lambda answer: Run.from_message(answer.run),
    )


def _write_names(project: str, options: StartOptions, request: service.StartRunRequest) -> None:
    dataset, baseline = options.get("dataset"), options.get("baseline")
    if dataset is not None:
        request.dataset = resource_name(project, "datasets", dataset)
    if baseline is not None:
        request.baseline = resource_name(project, "runs", baseline)


def _write_parts(options: StartOptions, request: service.StartRunRequest) -> None:
    scorers = options.get("scorers")
    if scorers is not None:
        # Set but empty says that the run has none.
        request.scorers.SetInParent()
        request.scorers.scorers.extend(scorer_of(scorer).to_message() for scorer in scorers)
    for name in ("settings", "selection", "gate"):
        part = options.get(name)
        if part is not None:
            getattr(request, name).CopyFrom(part.to_message())  # type: ignore[attr-defined]
