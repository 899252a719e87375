"""The calls of RunService that do more work on a run that has ended."""

from __future__ import annotations

from collections.abc import Iterable

from trialbook.client.models.rework import RescoredRun, RetriedRun
from trialbook.client.models.scorer_spec import Scorer, scorer_of
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import Operation
from trialbook.v1 import run_service_pb2 as service


def retry_run(
    project: str,
    run: Reference,
    *,
    include_skipped: bool,
    numbers: Iterable[int],
    wait_for_worker: bool,
    request_id: str | None,
) -> Operation[service.RetryRunResponse, RetriedRun]:
    """Give failed results another chance."""
    return Operation(
        "RunService/RetryRun",
        service.RetryRunRequest(
            name=resource_name(project, "runs", run),
            include_skipped=include_skipped,
            numbers=numbers,
            wait_for_worker=wait_for_worker,
            request_id=request_id or new_request_id(),
        ),
        service.RetryRunResponse,
        RetriedRun.from_message,
    )


def rescore_run(
    project: str,
    run: Reference,
    scorers: Iterable[Scorer | str],
    *,
    force: bool,
    wait_for_worker: bool,
    request_id: str | None,
) -> Operation[service.RescoreRunResponse, RescoredRun]:
    """Judge recorded outputs by more scorers."""
    return Operation(
        "RunService/RescoreRun",
        service.RescoreRunRequest(
            name=resource_name(project, "runs", run),
            scorers=[scorer_of(scorer).to_message() for scorer in scorers],
            force=force,
            wait_for_worker=wait_for_worker,
            request_id=request_id or new_request_id(),
        ),
        service.RescoreRunResponse,
        RescoredRun.from_message,
    )
