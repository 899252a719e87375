"""Experiments, as `Client.experiments`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.experiment import Experiment, ExperimentVersion, Target
from trialbook.client.models.gate import Gate
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.names import Reference
from trialbook.client.payload import MISSING, MissingType
from trialbook.client.requests import experiment as requests


class Experiments:
    """Definitions and their immutable versions. One is given by id, full name or model."""

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def create(
        self,
        experiment_id: str,
        *,
        dataset: Reference,
        target: Target | str,
        scorers: Iterable[Scorer | str] = (),
        settings: RunSettings | None = None,
        selection: ItemSelection | None = None,
        gate: Gate | None = None,
        target_options: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        display_name: str = "",
        description: str = "",
        request_id: str | None = None,
    ) -> Experiment:
        """Create an experiment at version 1.

        `dataset` is a dataset, whose current version each run takes, or `{dataset}/versions/{v}`
        with a number or a label. Without `scorers` the items' own ones judge, else the dataset's.
        An item's start options are laid over `target_options`, its context over `context`.

        `NotFound` if there is no such dataset; `InvalidArgument` for an unknown scorer, parameters
        that do not fit, or a gate or selection that cannot be understood; `AlreadyExists` if the id
        is taken.
        """
        message, _ = requests.definition(
            self._project,
            display_name=display_name,
            description=description,
            dataset=dataset,
            target=target,
            scorers=scorers,
            settings=settings or RunSettings(),
            selection=selection,
            gate=gate,
            target_options=target_options,
            context=context,
        )
        return self._transport.execute(
            requests.create_experiment(self._project, experiment_id, message, request_id=request_id)
        )

    def get(self, experiment: Reference, *, version: int | None = None) -> Experiment:
        """Return an experiment, or one version of it."""
        return self._transport.execute(requests.get_experiment(self._project, experiment, version))

    def list(self, *, page_size: int = 0) -> Iterator[Experiment]:
        """Iterate over the project's experiments by id."""
        return self._transport.pages(requests.list_experiments(self._project, page_size))

    def update(
        self,
        experiment: Reference,
        *,
        dataset: Reference | MissingType = MISSING,
        target: Target | str | MissingType = MISSING,
        scorers: Iterable[Scorer | str] | MissingType = MISSING,
        settings: RunSettings | MissingType = MISSING,
        selection: ItemSelection | MissingType | None = MISSING,
        gate: Gate | MissingType | None = MISSING,
        target_options: Mapping[str, object] | MissingType | None = MISSING,
        context: Mapping[str, object] | MissingType | None = MISSING,
        display_name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        etag: str | None = None,
        request_id: str | None = None,
    ) -> Experiment:
        """Change what is given; makes a version if anything is different. Errors as in create.

        None takes a selection, gate, target options or context away. `Aborted` if an `etag` is
        given and is not current.
        """
        change = requests.definition(
            self._project,
            display_name=display_name,
            description=description,
            dataset=dataset,
            target=target,
            scorers=scorers,
            settings=settings,
            selection=selection,
            gate=gate,
            target_options=target_options,
            context=context,
        )
        operation = requests.update_experiment(
            self._project, experiment, change, etag=etag, request_id=request_id
        )
        return self._transport.execute(operation)

    def delete(
        self, experiment: Reference, *, etag: str | None = None, request_id: str | None = None
    ) -> None:
        """Delete an experiment; its runs stay."""
        operation = requests.delete_experiment(
            self._project, experiment, etag=etag, request_id=request_id
        )
        self._transport.execute(operation)

    def versions(self, experiment: Reference, *, page_size: int = 0) -> Iterator[ExperimentVersion]:
        """Iterate over the versions of an experiment, newest first."""
        return self._transport.pages(requests.list_versions(self._project, experiment, page_size))
