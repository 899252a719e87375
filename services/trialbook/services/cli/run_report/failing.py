"""What is wrong with a run and with its results, in words."""

from __future__ import annotations

from trialbook.client import Result, ResultScore, ResultStatus, Run, RunEndReason, ScoreStatus


def name_of(result: Result) -> str:
    """The item's id, with the trial from the second one on."""
    return f"{result.item_id} #{result.trial}" if result.trial > 1 else result.item_id


def objects(score: ResultScore) -> bool:
    """Whether a score speaks against its result."""
    return score.passed is False or score.status is ScoreStatus.FAILED


def objection(score: ResultScore) -> str:
    """What a score says against its result."""
    if score.status is ScoreStatus.FAILED:
        return f"{score.scorer} broke: {score.reason}"
    value = "" if score.value is None else f" ({score.value:g})"
    said = score.reason or score.label
    return f"{score.scorer} does not pass{value}" + (f": {said}" if said else "")


def error_sentence(result: Result) -> str:
    """The error of a failed result."""
    error = result.error
    if error is None:
        return "failed"
    return ": ".join(part for part in (str(error.code), error.kind, error.message) if part)


def problems(result: Result) -> list[str]:
    """Everything that is wrong with a result, one sentence each."""
    found = [error_sentence(result)] if result.status is ResultStatus.FAILED else []
    return found + [objection(score) for score in result.scores if objects(score)]


def standing(run: Run) -> str:
    """Where a run stands, with the reason if it did not just complete."""
    if run.completed_with_errors:
        return "completed with errors"
    if run.end_reason in (RunEndReason.UNSPECIFIED, RunEndReason.CANCELLED):
        return str(run.status)
    return f"{run.status}: {run.end_reason.replace('_', ' ')}"
