"""The columns of results and scores, and what stands for their statuses."""

from __future__ import annotations

import msgspec

from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ResultStatus, TraceReport

# The places in these tuples are what the columns hold: append only.
RESULT_STATUSES = (ResultStatus.SUCCEEDED, ResultStatus.FAILED, ResultStatus.SKIPPED)
SCORE_STATUSES = (
    ScoreStatus.SCORED,
    ScoreStatus.FAILED,
    ScoreStatus.NOT_EVALUABLE,
    ScoreStatus.SKIPPED,
)
RESULT_COLUMNS = (
    "run",
    "number",
    "ordinal",
    "item_id",
    "trial",
    "status",
    "output",
    "output_blob",
    "error_code",
    "error_message",
    "error_kind",
    "error_stack",
    "attempts",
    "latency",
    "worker_id",
    "trace_id",
    "skip_reason",
    "steps",
    "steps_blob",
    "input_tokens",
    "output_tokens",
    "cost",
    "round",
    "recorded_at",
    "event",
    "trace_report",
)
TRAJECTORY_COLUMNS = ("trajectory", "trajectory_blob")
"""Beside RESULT_COLUMNS; read only where they are asked for."""
SCORE_COLUMNS = (
    "run",
    "number",
    "scorer",
    "status",
    "value",
    "passed",
    "label",
    "reason",
    "evidence",
    "evidence_blob",
    "duration",
    "recorded_at",
    "event",
)
RESULT_VIEW = f"SELECT {','.join(RESULT_COLUMNS)} FROM result "
SCORE_VIEW = f"SELECT {','.join(SCORE_COLUMNS[1:])} FROM score "
BODIES = (RESULT_COLUMNS.index("output"), RESULT_COLUMNS.index("steps"))
EVIDENCE = (SCORE_COLUMNS.index("evidence") - 1,)
_decode_trace_report = msgspec.json.Decoder(TraceReport).decode
_result_number = {status: place for place, status in enumerate(RESULT_STATUSES)}
_score_number = {status: place for place, status in enumerate(SCORE_STATUSES)}


def status_number(status: ResultStatus) -> int:
    """Return what stands for a status in a result's row."""
    return _result_number[status]


def status_of(number: int) -> ResultStatus:
    """Return the status that a number stands for in a result's row."""
    return RESULT_STATUSES[number]


def score_number(status: ScoreStatus) -> int:
    """Return what stands for a status in a score's row."""
    return _score_number[status]


def read_trace_report(text: str | None) -> TraceReport | None:
    """Return what a result's row knows of its trace."""
    return None if text is None else _decode_trace_report(text)
