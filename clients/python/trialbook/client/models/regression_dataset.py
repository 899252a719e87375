"""Datasets of failing results."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.v1 import run_service_pb2


@dataclass(frozen=True, slots=True)
class RegressionDataset:
    """A dataset of failing results: the full names of its version and of the experiment on it.

    `experiment` is empty if none was asked for; `added_count` is how many items this call added.
    """

    dataset: str
    experiment: str
    added_count: int
    item_count: int

    @classmethod
    def from_message(
        cls, message: run_service_pb2.CreateRegressionDatasetResponse
    ) -> RegressionDataset:
        """Read it from the contract's message."""
        return cls(message.dataset, message.experiment, message.added_count, message.item_count)
