"""What a caller needs to drive a run by itself, for both clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypedDict

from trialbook.client.errors import FailedPrecondition, invalid_field
from trialbook.client.models.item import DatasetItem
from trialbook.client.models.outcome import NotEvaluable, Score
from trialbook.client.models.result import Result, StepResult, Usage
from trialbook.client.models.run import Run, RunStatus
from trialbook.client.models.trace_report import TraceReport
from trialbook.client.names import Reference, resource_name
from trialbook.client.operation import Listing
from trialbook.client.requests.item_read import list_items
from trialbook.client.requests.run import list_results

PAGE_SIZE = 1_000


class SubmissionDetails(TypedDict, total=False):
    """What else is known of a result; see `SubmittedResult`."""

    latency: float | timedelta | None
    usage: Usage | None
    steps: Sequence[StepResult]
    trace_id: str
    scores: Mapping[str, Score | NotEvaluable | float]
    attempts: int
    trajectory: object
    trace: TraceReport | None


@dataclass(frozen=True, slots=True)
class DrivenItem:
    """One trial, from 1, of an item of a run.

    `options` and `context` are what a worker would be given: those of the run, with the item's own
    laid over them name by name.
    """

    item: DatasetItem
    trial: int
    options: dict[str, Any]
    context: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the item in the dataset."""
        return self.item.id

    @property
    def input(self) -> Any:
        """What the target is given."""
        return self.item.input

    @property
    def expected(self) -> Any:
        """What the target should answer; None if the item does not say."""
        return self.item.expected


def checked(project: str, run: Run, experiment: Reference) -> Run:
    """Return a run that a caller may go on driving.

    Raises `FailedPrecondition` if it is not caller-driven or was stopped, and `InvalidArgument` if
    it is one of another experiment.
    """
    wanted = resource_name(project, "experiments", experiment)
    if run.experiment != wanted and not run.experiment.startswith(f"{wanted}/versions/"):
        raise invalid_field("run_id", f"{run.name} is a run of {run.experiment}; give another id")
    if not run.caller_driven:
        raise _refusal(run, "NOT_CALLER_DRIVEN", "is not driven by its caller")
    if run.status not in (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.COMPLETED):
        raise _refusal(run, "RUN_ENDED", f"is {run.status.value}")
    return run


def _refusal(run: Run, reason: str, what: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"{run.name} {what}; give another run_id",
        code="FAILED_PRECONDITION",
        reason=reason,
        metadata={"run": run.name},
    )


def pinned_items(run: Run) -> Listing[DatasetItem]:
    """List the items that a run is pinned to."""
    dataset, _, version = run.dataset.rpartition("/versions/")
    return list_items(
        "",
        dataset,
        version=int(version),
        label=None,
        as_of=None,
        selection=run.selection,
        page_size=PAGE_SIZE,
    )


def recorded_results(run: Run) -> Listing[Result]:
    """List the results that a run has."""
    return list_results(
        "",
        run,
        status=None,
        order=None,
        include_items=False,
        failing=False,
        scorer="",
        page_size=PAGE_SIZE,
    )


def open_trials(
    run: Run, item: DatasetItem, recorded: AbstractSet[tuple[str, int]]
) -> Iterator[DrivenItem]:
    """Yield the trials of an item that are not recorded; none of one that was purged."""
    if item.purged:
        return
    options = {**run.target_options, **item.start_options}
    context = {**run.context, **item.context}
    for trial in range(1, (run.settings.trials or 1) + 1):
        if (item.id, trial) not in recorded:
            yield DrivenItem(item, trial, options, context)
