"""The calls of RunService."""

from __future__ import annotations

from trialbook.client.models.result import (
    RESULT_ORDERS,
    RESULT_STATUSES,
    Result,
    ResultOrder,
    ResultStatus,
)
from trialbook.client.models.run import RUN_STATUSES, Run, RunStatus
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.v1 import run_service_pb2 as service

WATCH_METHOD = "RunService/WatchRun"


def get_run(project: str, run: Reference) -> Operation[service.GetRunResponse, Run]:
    """Get a run."""
    return Operation(
        "RunService/GetRun",
        service.GetRunRequest(name=resource_name(project, "runs", run)),
        service.GetRunResponse,
        lambda answer: Run.from_message(answer.run),
    )


def list_runs(
    project: str,
    experiment: Reference | None,
    *,
    status: RunStatus | str | None,
    page_size: int,
) -> Listing[Run]:
    """List a project's runs, or those of an experiment or a status."""
    of_experiment = resource_name(project, "experiments", experiment) if experiment else ""
    wanted = RUN_STATUSES.wire_name(RunStatus(status or RunStatus.UNSPECIFIED))
    return lambda token: Operation(
        "RunService/ListRuns",
        service.ListRunsRequest(
            parent=project_name(project),
            page_size=page_size,
            page_token=token,
            experiment=of_experiment,
            status=wanted,
        ),
        service.ListRunsResponse,
        lambda answer: Page([Run.from_message(run) for run in answer.runs], answer.next_page_token),
    )


def cancel_run(
    project: str, run: Reference, *, reason: str, request_id: str | None
) -> Operation[service.CancelRunResponse, Run]:
    """Cancel a run."""
    return Operation(
        "RunService/CancelRun",
        service.CancelRunRequest(
            name=resource_name(project, "runs", run),
            reason=reason,
            request_id=request_id or new_request_id(),
        ),
        service.CancelRunResponse,
        lambda answer: Run.from_message(answer.run),
    )


def list_results(
    project: str,
    run: Reference,
    *,
    status: ResultStatus | str | None,
    order: ResultOrder | str | None,
    include_items: bool,
    failing: bool = False,
    scorer: str = "",
    page_size: int,
) -> Listing[Result]:
    """List a run's results."""
    wanted = ResultStatus(status or ResultStatus.UNSPECIFIED)
    sorting = ResultOrder(order or ResultOrder.UNSPECIFIED)
    parent = resource_name(project, "runs", run)
    return lambda token: Operation(
        "RunService/ListResults",
        service.ListResultsRequest(
            parent=parent,
            page_size=page_size,
            page_token=token,
            status=RESULT_STATUSES.wire_name(wanted),
            order=RESULT_ORDERS.wire_name(sorting),
            include_items=include_items,
            failing=failing,
            scorer=scorer,
        ),
        service.ListResultsResponse,
        lambda answer: Page(
            [Result.from_message(result) for result in answer.results], answer.next_page_token
        ),
    )


def get_result(
    project: str, run: Reference, number: int
) -> Operation[service.GetResultResponse, Result]:
    """Get one result."""
    name = f"{resource_name(project, 'runs', run)}/results/{number}"
    return Operation(
        "RunService/GetResult",
        service.GetResultRequest(name=name),
        service.GetResultResponse,
        lambda answer: Result.from_message(answer.result),
    )
