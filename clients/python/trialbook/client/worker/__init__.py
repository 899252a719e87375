"""The worker SDK: hosts targets and scorers, which the service hands work to."""

from trialbook.client.worker.outcome import (
    FinalError,
    NotEvaluable,
    RetryableError,
    Score,
    UnavailableError,
)
from trialbook.client.worker.plan import TaskContext
from trialbook.client.worker.worker import Worker

__all__ = [
    "FinalError",
    "NotEvaluable",
    "RetryableError",
    "Score",
    "TaskContext",
    "UnavailableError",
    "Worker",
]
