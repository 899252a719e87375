"""What the callers of runs submit, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.services.application import submission as application
from trialbook.services.application.json_text import check_json
from trialbook.services.application.ports import Store
from trialbook.services.application.submission import CallerScore, Submitted
from trialbook.services.application.views import RunView
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.naming import parse_run
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.engine import Engine
from trialbook.services.engine.submission import Submission
from trialbook.services.rpc.attempt import (
    TRACE_ID,
    TRACE_ID_RULE,
    check_steps,
    check_trace,
    check_usage,
    read_error,
    read_steps,
    read_trace,
    read_usage,
)
from trialbook.services.rpc.caller import command, unrepeated
from trialbook.services.rpc.judgement import check_judgement, read_judgement
from trialbook.services.rpc.payload import read_duration, read_json
from trialbook.services.rpc.result import ERROR_CODES
from trialbook.services.rpc.run_message import to_run
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

_MAX_RESULTS = 1000
_MOST_VIOLATIONS = 100
_CODES = {number for code, number in ERROR_CODES.items() if code is not ErrorCode.WORKER_LOST}
_DISPOSITIONS = {
    Submission.RECORDED: rpc.SUBMISSION_DISPOSITION_RECORDED,
    Submission.ALREADY_RECORDED: rpc.SUBMISSION_DISPOSITION_ALREADY_RECORDED,
    Submission.CONFLICT: rpc.SUBMISSION_DISPOSITION_CONFLICT,
}


class SubmissionCalls(RunServiceServicer):
    """Answers the calls of RunService for runs that their callers drive."""

    _store: Store
    _engine: Engine

    async def SubmitResults(
        self, request: rpc.SubmitResultsRequest, context: Any
    ) -> rpc.SubmitResultsResponse:
        """Record what a caller's loop came to."""
        project, run = parse_run("parent", request.parent)
        results = _read(request.results)
        done = await self._engine.submissions.submit(
            unrepeated(context, "SubmitResults"), project, run, results
        )
        return rpc.SubmitResultsResponse(dispositions=map(_DISPOSITIONS.__getitem__, done))

    async def FinishRun(self, request: rpc.FinishRunRequest, context: Any) -> rpc.FinishRunResponse:
        """Let a run end with what was submitted."""
        project, run = parse_run("name", request.name)
        view = await self._store.execute(
            command(context, "FinishRun", request),
            lambda uow: application.finish(uow, project, run),
            RunView,
        )
        self._engine.run_goes_on(view.number)
        return rpc.FinishRunResponse(run=to_run(view))


def _read(results: Sequence[rpc.SubmittedResult]) -> list[Submitted]:
    """Return what is submitted. Raises Invalid."""
    if not 1 <= len(results) <= _MAX_RESULTS:
        raise Invalid.field("results", f"has {len(results):,} results; send 1 to {_MAX_RESULTS:,}")
    bad: list[Violation] = []
    for index, result in enumerate(results):
        bad += _check(f"results[{index}]", result)
        if len(bad) >= _MOST_VIOLATIONS:
            break
    if bad:
        raise Invalid(bad)
    return list(map(_submitted, results))


def _check(path: str, result: rpc.SubmittedResult) -> list[Violation]:
    usage = result.usage if result.HasField("usage") else None
    found = _check_outcome(path, result)
    found += check_usage(f"{path}.usage", usage) + check_steps(f"{path}.steps", result.steps)
    if not result.item_id:
        found.append(Violation(f"{path}.item_id", "is required; name an item of the dataset"))
    if result.trial < 0:
        found.append(Violation(f"{path}.trial", f"{result.trial} is negative; trials begin at 1"))
    if result.attempts < 0:
        found.append(Violation(f"{path}.attempts", f"{result.attempts} is negative"))
    if read_duration(result.latency) < 0:
        found.append(Violation(f"{path}.latency", "is negative"))
    return found + _check_trajectory(path, result) + _check_scores(path, result)


def _check_trajectory(path: str, result: rpc.SubmittedResult) -> list[Violation]:
    trace = result.trace if result.HasField("trace") else None
    found = check_trace(f"{path}.trace", trace)
    if result.trace_id and not TRACE_ID.fullmatch(result.trace_id):
        found.append(Violation(f"{path}.trace_id", f"{TRACE_ID_RULE}, or be empty"))
    if trace is not None and not result.trace_id:
        found.append(Violation(f"{path}.trace_id", "is required beside `trace`"))
    if result.HasField("trajectory"):
        text = read_json(result.trajectory)
        if text is None:
            found.append(Violation(f"{path}.trajectory", "is empty; send JSON, or leave it out"))
        else:
            found += check_json(f"{path}.trajectory", text)
    return found


def _check_outcome(path: str, result: rpc.SubmittedResult) -> list[Violation]:
    kind = result.WhichOneof("outcome")
    if kind is None:
        return [Violation(path, "has no outcome; set an output or an error")]
    if kind == "error":
        if result.error.code in _CODES:
            return []
        return [Violation(f"{path}.error.code", "must be a code of this version, as attempts have")]
    output = read_json(result.output)
    if output is None:
        return [Violation(f"{path}.output", "is empty; send JSON, null for nothing")]
    return check_json(f"{path}.output", output)


def _check_scores(path: str, result: rpc.SubmittedResult) -> list[Violation]:
    found: list[Violation] = []
    known: set[str] = set()
    for index, score in enumerate(result.scores):
        found += check_judgement(f"{path}.scores[{index}]", score, tuple(ScoreStatus))
        if score.scorer in known:
            problem = f"{score.scorer[:80]!r} stands there twice; send one score of each"
            found.append(Violation(f"{path}.scores[{index}].scorer", problem))
        known.add(score.scorer)
    return found


def _submitted(result: rpc.SubmittedResult) -> Submitted:
    return Submitted(
        item_id=result.item_id,
        trial=result.trial or 1,
        outcome=_outcome(result),
        latency=read_duration(result.latency) if result.HasField("latency") else None,
        usage=read_usage(result.usage if result.HasField("usage") else None),
        steps=read_steps(result.steps),
        trace_id=result.trace_id,
        attempts=result.attempts or 1,
        trace=read_trace(result.trace if result.HasField("trace") else None),
        trajectory=read_json(result.trajectory) if result.HasField("trajectory") else None,
        scores={
            score.scorer: CallerScore(
                read_judgement(score),
                max(0, read_duration(score.duration)) if score.HasField("duration") else None,
            )
            for score in result.scores
        },
    )


def _outcome(result: rpc.SubmittedResult) -> str | TaskError:
    if result.WhichOneof("outcome") == "error":
        return read_error(result.error)
    return result.output.json
