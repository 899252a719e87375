"""What workers report of attempts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trialbook.services.application.json_text import check_json
from trialbook.services.application.task_identity import read_task_id
from trialbook.services.application.work import TARGET
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.completion import TaskReport
from trialbook.services.engine.report import Judged, Measured
from trialbook.services.rpc.attempt import (
    MAX_MESSAGE,
    check_steps,
    check_trace,
    check_usage,
    read_error,
    read_steps,
    read_trace,
    read_usage,
)
from trialbook.services.rpc.judgement import check_judgement, read_judgement
from trialbook.services.rpc.payload import read_duration, read_json
from trialbook.v1 import worker_pb2 as pb

_MAX_REPORTS = 1000
_REPORTED = (ScoreStatus.SCORED, ScoreStatus.NOT_EVALUABLE)


def read_reports(reports: Sequence[pb.TaskReport]) -> list[TaskReport]:
    """Return what a worker reports. Raises Invalid for what tells of no task at all."""
    if not 1 <= len(reports) <= _MAX_REPORTS:
        raise Invalid.field("reports", f"has {len(reports):,} reports; send 1 to {_MAX_REPORTS:,}")
    return [_report(f"reports[{index}]", report) for index, report in enumerate(reports)]


def _report(path: str, report: pb.TaskReport) -> TaskReport:
    named = read_task_id(report.task_id)
    if named is None:
        raise Invalid.field(f"{path}.task_id", f"{report.task_id[:80]!r} is no task id")
    uid, key = named
    kind = report.WhichOneof("outcome")
    # An outcome of the wrong kind, or a body that is no JSON, is the fault of this one attempt:
    # the other reports of the call are recorded all the same.
    read = _OUTCOMES.get((kind, key.scorer == TARGET))
    outcome = _wrong_kind(kind) if read is None else read(report)
    measured, found = _measured(report)
    if found and not isinstance(outcome, TaskError):
        outcome = _invalid(found)
    return TaskReport(uid, key, report.lease_token, outcome, measured)


def _measured(report: pb.TaskReport) -> tuple[Measured, list[Violation]]:
    """Return what an attempt tells beside its outcome, and what is wrong with that."""
    duration = max(0, read_duration(report.duration))
    usage = report.usage if report.HasField("usage") else None
    steps = report.steps
    trace = report.trace if report.HasField("trace") else None
    trajectory = read_json(report.trajectory) if report.HasField("trajectory") else None
    # Most attempts tell nothing.
    if usage is None and not steps and trace is None and trajectory is None:
        return Measured(duration), []
    found = check_usage("usage", usage) + check_steps("steps", steps)
    found += check_trace("trace", trace)
    if trajectory is not None:
        found += check_json("trajectory", trajectory)
    if found:
        return Measured(duration), found
    measured = Measured(
        duration,
        read_usage(usage),
        read_steps(steps),
        trace=read_trace(trace),
        trajectory=trajectory,
    )
    return measured, []


def _output(report: pb.TaskReport) -> str | TaskError:
    text = read_json(report.output)
    if text is None:
        return _invalid([Violation("output", "is empty; send JSON, null for nothing")])
    found = check_json("output", text)
    return _invalid(found) if found else text


def _score(report: pb.TaskReport) -> Judged | TaskError:
    found = check_judgement("score", report.score, _REPORTED)
    return _invalid(found) if found else Judged(read_judgement(report.score))


def _broke(report: pb.TaskReport) -> TaskError:
    return read_error(report.error)


_OUTCOMES: dict[tuple[str | None, bool], Callable[[pb.TaskReport], str | Judged | TaskError]] = {
    ("output", True): _output,
    ("score", False): _score,
    ("error", True): _broke,
    ("error", False): _broke,
}


def _wrong_kind(kind: str | None) -> TaskError:
    reported = f"the worker reported {kind!r}" if kind else "the worker reported nothing"
    return TaskError(
        ErrorCode.INVALID, f"{reported}, which is no outcome of such a task; update the worker"
    )


def _invalid(violations: Sequence[Violation]) -> TaskError:
    sentences = "; ".join(f"the {bad.path} {bad.message}" for bad in violations)
    return TaskError(ErrorCode.INVALID, sentences[:MAX_MESSAGE])
