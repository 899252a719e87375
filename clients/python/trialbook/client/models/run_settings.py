"""How runs behave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from trialbook.client.models.codec import duration_of, optional_seconds, seconds_of
from trialbook.v1 import experiment_pb2

_DURATIONS: Final = ("attempt_timeout", "initial_backoff", "max_backoff", "run_deadline")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run behaves. What is None takes the service's default. Times are in seconds.

    Given for one run, what is None is the experiment's.
    """

    concurrency: int | None = None
    """How many tasks are out at once, over all workers. Default 5."""
    attempt_timeout: float | timedelta | None = None
    """How long one attempt may take. Default 300."""
    max_retries: int | None = None
    """How often an item is tried again after a retryable error. Default 2."""
    initial_backoff: float | timedelta | None = None
    """The longest wait before the first retry. Default 1."""
    max_backoff: float | timedelta | None = None
    """The longest wait before any retry. Default 60."""
    trials: int | None = None
    """How often each item is run. Default 1."""
    run_deadline: float | timedelta | None = None
    """How long the run may take; then the rest is skipped and the run has failed. Default: any."""
    rate_limit: float | None = None
    """How many attempts at targets may begin a second, over all workers; 0: any. Default: any."""
    max_failures: int | None = None
    """After so many failed results the run is stopped and has failed; 0: never. Default: never."""
    seed: int | None = None
    """What targets' own seeds, and the statistics of a gate, follow from. Default 0."""

    def to_message(self) -> experiment_pb2.RunSettings:
        """Write it as the contract's message."""
        message = experiment_pb2.RunSettings(
            concurrency=self.concurrency,
            max_retries=self.max_retries,
            trials=self.trials,
            rate_limit=self.rate_limit,
            max_failures=self.max_failures,
            seed=self.seed,
        )
        for name in _DURATIONS:
            seconds = getattr(self, name)
            if seconds is not None:
                getattr(message, name).CopyFrom(duration_of(seconds))
        return message

    @classmethod
    def from_message(cls, message: experiment_pb2.RunSettings) -> RunSettings:
        """Read it from the contract's message, in which the service has filled in defaults."""
        return cls(
            concurrency=message.concurrency,
            attempt_timeout=seconds_of(message.attempt_timeout),
            max_retries=message.max_retries,
            initial_backoff=seconds_of(message.initial_backoff),
            max_backoff=seconds_of(message.max_backoff),
            trials=message.trials,
            run_deadline=optional_seconds(message, "run_deadline"),
            rate_limit=message.rate_limit or None,
            max_failures=message.max_failures or None,
            seed=message.seed,
        )
