"""The call of RunService that makes a dataset of failing results."""

from __future__ import annotations

from trialbook.client.models.regression_dataset import RegressionDataset
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Operation
from trialbook.v1 import run_service_pb2 as service


def create_regression_dataset(
    project: str,
    run: Reference,
    *,
    results: ResultFilter | None,
    dataset_id: str,
    experiment_id: str,
    request_id: str | None,
) -> Operation[service.CreateRegressionDatasetResponse, RegressionDataset]:
    """Make a dataset, and an experiment on it, of results of a run."""
    return Operation(
        "RunService/CreateRegressionDataset",
        service.CreateRegressionDatasetRequest(
            parent=resource_name(project, "runs", run),
            filter=None if results is None else results.to_message(),
            dataset_id=dataset_id,
            experiment_id=experiment_id,
            request_id=request_id or new_request_id(),
        ),
        service.CreateRegressionDatasetResponse,
        RegressionDataset.from_message,
        timeout=LONG_TIMEOUT,
    )
