"""Exports of results: all that is known of them, as rows of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application.ports import Queries
from trialbook.services.application.result_filter import ResultFilter, check_filter
from trialbook.services.application.score import score_id
from trialbook.services.application.views import ResultView, ReviewView, RunView, ScoreView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.naming import result_name
from trialbook.services.domain.run import ResultStatus, SkipReason, StepOutcome
from trialbook.services.formats.result_row import ResultRow, ReviewRow, ScoreRow, seconds_of
from trialbook.services.formats.result_writing import (
    ResultFormat,
    ResultWriter,
    open_result_writer,
)
from trialbook.services.formats.row import Unreadable

_encode = msgspec.json.Encoder().encode
_decode_steps = msgspec.json.Decoder(list[StepOutcome]).decode


class ResultExport(msgspec.Struct, frozen=True):
    """What is exported: results of a run, with the scores of the scorers that have a key here."""

    run: RunView
    wanted: ResultFilter
    keys: dict[int, str]


class ExportPage(msgspec.Struct, frozen=True):
    """Some results, with their reviews by number; `after` is where to go on, None at the end."""

    results: list[ResultView]
    reviews: Mapping[int, Sequence[ReviewView]]
    after: int | None


def begin(
    queries: Queries, project: str, run_id: str, wanted: ResultFilter, *, include_superseded: bool
) -> ResultExport:
    """Return what there is to export. Raises NotFound, Invalid."""
    run = runs.require(queries, project, run_id)
    check_filter("filter", run, wanted)
    keys = {
        place: score_id(run, place)
        for place, spec in enumerate(run.scorers)
        if spec.scope is not ScorerScope.RUN and (include_superseded or not spec.superseded)
    }
    return ResultExport(run, wanted, keys)


def open_export(path: str, form: ResultFormat | None, export: ResultExport) -> ResultWriter:
    """Return what writes a file of a format, given in the field `path`. Raises Invalid."""
    if form is None:
        raise Invalid.field(path, "is required: JSONL, CSV or PARQUET")
    try:
        return open_result_writer(form, list(export.keys.values()))
    except Unreadable as error:
        raise Invalid.field(path, error.message) from error


def page(queries: Queries, export: ResultExport, after: int, limit: int) -> ExportPage:
    """Return up to `limit` results with numbers above `after`, fewer if they are large."""
    run = export.run
    found = queries.runs.filtered(run, export.wanted, after, limit)
    results = runs.with_items(queries, run, found.rows)
    reviews = queries.reviews.reviews(run.number, [result.number for result in results])
    more = found.more or len(results) < len(found.rows)
    return ExportPage(results, reviews, results[-1].number if more else None)


def to_rows(export: ResultExport, found: ExportPage) -> Iterator[ResultRow]:
    """Yield the rows of a page."""
    return (_row(export, result, found.reviews.get(result.number, ())) for result in found.results)


def _row(export: ResultExport, view: ResultView, reviews: Sequence[ReviewView]) -> ResultRow:
    run = export.run
    skipped = view.status is ResultStatus.SKIPPED
    return ResultRow(
        result_name(run.project, run.run_id, view.number),
        view.number,
        view.item_id,
        view.trial,
        view.status.value,
        (view.skip_reason or SkipReason.RUN_CANCELLED).value if skipped else "",
        view.round,
        view.input,
        view.expected,
        view.output,
        view.error,
        view.attempts,
        view.latency,
        view.usage,
        None if view.steps is None else _steps(view.steps),
        view.trace_id,
        view.worker_id,
        view.recorded_at,
        # A scorer that came while the export goes on has no key, and no column.
        tuple(_score(export, score) for score in view.scores if score.scorer in export.keys),
        tuple(map(_review, reviews)),
    )


def _steps(text: str) -> str:
    return _encode([_step(step) for step in _decode_steps(text)]).decode()


def _step(step: StepOutcome) -> dict[str, Any]:
    """Return a step as files have it: its duration in seconds, its output byte for byte."""
    fields: dict[str, Any] = {"step_id": step.step_id}
    if len(step.output):
        fields["output"] = step.output
    if step.error:
        fields["error"] = step.error
    if step.duration is not None:
        fields["duration"] = seconds_of(step.duration)
    return fields


def _score(export: ResultExport, score: ScoreView) -> ScoreRow:
    return ScoreRow(
        export.keys[score.scorer],
        export.run.scorers[score.scorer].version,
        score.status.value,
        score.value,
        score.passed,
        score.label,
        score.reason,
        score.evidence,
    )


def _review(review: ReviewView) -> ReviewRow:
    return ReviewRow(
        review.reviewer,
        review.criterion,
        review.value,
        review.passed,
        review.label,
        review.comment,
        review.created_at,
    )
