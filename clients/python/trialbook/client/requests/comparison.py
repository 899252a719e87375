"""The call of RunService that compares runs."""

from __future__ import annotations

from collections.abc import Iterable

from trialbook.client.models.comparison import Comparison, ComparisonOptions
from trialbook.client.names import Reference, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Operation
from trialbook.v1 import run_service_pb2 as service


def compare_runs(
    project: str,
    baseline: Reference,
    candidates: Iterable[Reference],
    options: ComparisonOptions | None,
) -> Operation[service.CompareRunsResponse, Comparison]:
    """Compare runs with a baseline."""
    return Operation(
        "RunService/CompareRuns",
        service.CompareRunsRequest(
            baseline=resource_name(project, "runs", baseline),
            candidates=[resource_name(project, "runs", run) for run in candidates],
            options=None if options is None else options.to_message(),
        ),
        service.CompareRunsResponse,
        lambda answer: Comparison.from_message(answer.comparison),
        timeout=LONG_TIMEOUT,
    )
