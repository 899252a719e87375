"""The calls of RunService with which a caller drives a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from trialbook.client.errors import InvalidArgument, Violation
from trialbook.client.models.run import Run
from trialbook.client.models.submission import (
    SUBMISSION_DISPOSITIONS,
    SubmissionDisposition,
    SubmittedResult,
)
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import Operation
from trialbook.v1 import run_service_pb2 as service

BATCH_RESULTS = 1_000
BATCH_BYTES = 1024 * 1024
_PLACE = re.compile(r"\bresults\[(\d+)\]")

Submission: TypeAlias = Operation[service.SubmitResultsResponse, list[SubmissionDisposition]]


class Batch(NamedTuple):
    """Some of the results that are submitted: from which place on, and the call that takes them."""

    first: int
    operation: Submission

    def located(self, error: InvalidArgument) -> InvalidArgument:
        """Return the service's error with places among all results, not only those of the batch."""
        return InvalidArgument(
            self._located(error.message),
            code=error.code,
            reason=error.reason,
            violations=[Violation(self._located(v.field), v.description) for v in error.violations],
            metadata=error.metadata,
        )

    def _located(self, text: str) -> str:
        return _PLACE.sub(lambda match: f"results[{int(match[1]) + self.first}]", text)


def submit_results(
    project: str, run: Reference, results: Iterable[SubmittedResult]
) -> Iterator[Batch]:
    """Record results, in batches of 1,000 and about a mebibyte at most, as they come."""
    parent = resource_name(project, "runs", run)
    messages: list[service.SubmittedResult] = []
    first, size = 0, 0
    for index, result in enumerate(results):
        message = result.to_message(f"results[{index}]")
        message_size = message.ByteSize()
        if messages and (len(messages) >= BATCH_RESULTS or size + message_size > BATCH_BYTES):
            yield Batch(first, submit_batch(parent, messages))
            messages, first, size = [], index, 0
        messages.append(message)
        size += message_size
    if messages:
        yield Batch(first, submit_batch(parent, messages))


def submit_batch(run_name: str, results: list[service.SubmittedResult]) -> Submission:
    """Record 1 to 1,000 results of a run, which is given by its full name."""
    return Operation(
        "RunService/SubmitResults",
        service.SubmitResultsRequest(parent=run_name, results=results),
        service.SubmitResultsResponse,
        lambda answer: [SUBMISSION_DISPOSITIONS.member(d) for d in answer.dispositions],
    )


def finish_run(
    project: str, run: Reference, *, request_id: str | None
) -> Operation[service.FinishRunResponse, Run]:
    """Say that a run has all the results that it will have."""
    return Operation(
        "RunService/FinishRun",
        service.FinishRunRequest(
            name=resource_name(project, "runs", run), request_id=request_id or new_request_id()
        ),
        service.FinishRunResponse,
        lambda answer: Run.from_message(answer.run),
    )
