"""The worker SDK: hosts targets and scorers, which the service hands work to."""

from trialbook.client.models.outcome import (
    FinalError,
    NotEvaluable,
    RetryableError,
    Score,
    UnavailableError,
)
from trialbook.client.worker.context import TaskContext
from trialbook.client.worker.run_results import RunResults
from trialbook.client.worker.steps import Step, step
from trialbook.client.worker.tool_mocks import (
    ToolMockError,
    ToolMockMismatch,
    ToolMocks,
    ToolMocksExhausted,
    ToolNotMocked,
)
from trialbook.client.worker.worker import Worker

__all__ = [
    "FinalError",
    "NotEvaluable",
    "RetryableError",
    "RunResults",
    "Score",
    "Step",
    "TaskContext",
    "ToolMockError",
    "ToolMockMismatch",
    "ToolMocks",
    "ToolMocksExhausted",
    "ToolNotMocked",
    "UnavailableError",
    "Worker",
    "step",
]
