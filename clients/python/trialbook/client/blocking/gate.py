"""Gates and what follows from failures, as methods of `Client.runs`."""

from __future__ import annotations

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.gate import Gate, GateVerdict
from trialbook.client.models.regression_dataset import RegressionDataset
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.names import Reference
from trialbook.client.requests import gate_evaluation as requests
from trialbook.client.requests import regression_dataset


class GateCalls:
    """What says whether a run is what it should be, and keeps what is not."""

    _transport: BlockingTransport
    _project: str

    def evaluate_gate(
        self,
        run: Reference,
        gate: Gate | None = None,
        *,
        baseline: Reference | None = None,
        dry_run: bool = False,
        request_id: str | None = None,
    ) -> GateVerdict:
        """Ask a gate, by default its own, about a run that has ended, and record the verdict.

        `baseline` is the run to compare with in place of the gate's. With `dry_run` the verdict is
        only told. `FailedPrecondition` before the run's end, or if there is no gate.
        """
        operation = requests.evaluate_gate(
            self._project,
            run,
            gate,
            baseline=baseline,
            dry_run=dry_run,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def create_regression_dataset(
        self,
        run: Reference,
        *,
        results: ResultFilter | None = None,
        dataset_id: str = "",
        experiment_id: str = "",
        request_id: str | None = None,
    ) -> RegressionDataset:
        """Make a dataset of results of a run, by default the failing ones, and an experiment on it.

        Items keep their ids and are what they were when they were run. `dataset_id` is by default
        the run's id followed by `-regressions`; `experiment_id` the dataset's, and "-" makes none.
        Repeated, it adds what is missing. `FailedPrecondition` before the run's end, or if nothing
        fails.
        """
        operation = regression_dataset.create_regression_dataset(
            self._project,
            run,
            results=results,
            dataset_id=dataset_id,
            experiment_id=experiment_id,
            request_id=request_id,
        )
        return self._transport.execute(operation)
