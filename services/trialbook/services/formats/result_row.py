"""A result on its way into a file, and its JSON fields."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec

from trialbook.services.domain.run import TaskError, Usage

_SECOND = 1_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ScoreRow(NamedTuple):
    """A score of a result. `key` is what it is called in the file; evidence is JSON text."""

    key: str
    scorer_version: int
    status: str
    value: float | None
    passed: bool | None
    label: str
    reason: str
    evidence: str | None


class ReviewRow(NamedTuple):
    """What a person says of a result. The time is in microseconds since the epoch."""

    reviewer: str
    criterion: str
    value: float | None
    passed: bool | None
    label: str
    comment: str
    created_at: int


class ResultRow(NamedTuple):
    """A result with all that is known of it.

    Payloads and `steps` are JSON texts; the latency and the time are in microseconds.
    """

    name: str
    number: int
    item_id: str
    trial: int
    status: str
    skip_reason: str
    round: int
    input: str | None
    expected: str | None
    output: str | None
    error: TaskError | None
    attempts: int
    latency: int | None
    usage: Usage | None
    steps: str | None
    trace_id: str
    worker_id: str
    recorded_at: int
    scores: tuple[ScoreRow, ...]
    reviews: tuple[ReviewRow, ...]


def time_of(microseconds: int) -> dt.datetime:
    """Return a time since the epoch, in UTC."""
    return _EPOCH + dt.timedelta(microseconds=microseconds)


def seconds_of(microseconds: int | None) -> float | None:
    """Return a duration in seconds; None for an unknown one."""
    return None if microseconds is None else microseconds / _SECOND


def result_fields(row: ResultRow) -> dict[str, Any]:
    """Return the fields of a row in a fixed order, absent ones left out.

    Payloads are `msgspec.Raw`, and so stay byte for byte; durations are seconds.
    """
    fields = {
        "name": row.name,
        "number": row.number,
        "item_id": row.item_id,
        "trial": row.trial,
        "status": row.status,
        "skip_reason": row.skip_reason,
        "round": row.round,
        "input": _raw(row.input),
        "expected": _raw(row.expected),
        "output": _raw(row.output),
        "error": None if row.error is None else msgspec.structs.asdict(row.error),
        "attempts": row.attempts,
        "latency": seconds_of(row.latency),
        "usage": None if row.usage is None else msgspec.structs.asdict(row.usage),
        "steps": _raw(row.steps),
        "trace_id": row.trace_id,
        "worker_id": row.worker_id,
        "record_time": time_of(row.recorded_at),
        "scores": {score.key: _present(_score(score)) for score in row.scores},
        "reviews": review_fields(row),
    }
    return _present(fields)


def review_fields(row: ResultRow) -> list[dict[str, Any]]:
    """Return the reviews of a row as the file has them, the oldest first."""
    return [
        _present(
            {
                "reviewer": review.reviewer,
                "criterion": review.criterion,
                "value": review.value,
                "passed": review.passed,
                "label": review.label,
                "comment": review.comment,
                "create_time": time_of(review.created_at),
            }
        )
        for review in row.reviews
    ]


def _score(score: ScoreRow) -> dict[str, Any]:
    return {
        "scorer_version": score.scorer_version,
        "status": score.status,
        "value": score.value,
        "passed": score.passed,
        "label": score.label,
        "reason": score.reason,
        "evidence": _raw(score.evidence),
    }


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in fields.items() if value is not None and value not in ("", [])
    }
