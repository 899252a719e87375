"""What became of a run by more work on it."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.run import Run
from trialbook.v1 import run_service_pb2


@dataclass(frozen=True, slots=True)
class RetriedRun:
    """A run as it is now, and how many of its results are run again; 0: nothing was to be done."""

    run: Run
    count: int

    @classmethod
    def from_message(cls, message: run_service_pb2.RetryRunResponse) -> RetriedRun:
        """Read it from the contract's message."""
        return cls(Run.from_message(message.run), message.count)


@dataclass(frozen=True, slots=True)
class RescoredRun:
    """A run as it is now, and the aliases of the scorers that judge now; none: nothing to do."""

    run: Run
    scorers: tuple[str, ...]

    @classmethod
    def from_message(cls, message: run_service_pb2.RescoreRunResponse) -> RescoredRun:
        """Read it from the contract's message."""
        return cls(Run.from_message(message.run), tuple(message.scorers))
