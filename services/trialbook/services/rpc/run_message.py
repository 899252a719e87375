"""Runs as wholes on the wire."""

from __future__ import annotations

import math

from trialbook.services.application.views import EndedFact, RunView, ScorerSummaryView
from trialbook.services.domain.naming import (
    dataset_version_name,
    experiment_version_name,
    run_name,
)
from trialbook.services.domain.run import RunStatus
from trialbook.services.rpc.experiment import to_scorer, to_settings, to_target
from trialbook.services.rpc.payload import write_duration, write_time
from trialbook.v1 import run_pb2 as pb

_STATUSES = {
    RunStatus.RUNNING: pb.RUN_STATUS_RUNNING,
    RunStatus.CANCELLING: pb.RUN_STATUS_CANCELLING,
    RunStatus.COMPLETED: pb.RUN_STATUS_COMPLETED,
    RunStatus.CANCELLED: pb.RUN_STATUS_CANCELLED,
}


def to_run(view: RunView) -> pb.Run:
    """Return a run for the wire."""
    broken = view.failed + sum(summary.failed for summary in view.summaries)
    return pb.Run(
        name=run_name(view.project, view.run_id),
        uid=view.uid,
        experiment=experiment_version_name(
            view.project, view.experiment_id, view.experiment_version
        ),
        dataset=dataset_version_name(view.project, view.dataset_id, view.dataset_version),
        target=to_target(view.target),
        scorers=map(to_scorer, view.scorers),
        settings=to_settings(view.settings),
        status=_STATUSES[view.status],
        completed_with_errors=view.status is RunStatus.COMPLETED and broken > 0,
        counts=pb.RunCounts(
            planned=view.planned,
            succeeded=view.succeeded,
            failed=view.failed,
            skipped=view.skipped,
        ),
        scorer_summaries=[
            _to_summary(spec.alias, summary)
            for spec, summary in zip(view.scorers, view.summaries, strict=True)
        ],
        latency=pb.LatencySummary(
            p50=write_duration(view.latency_p50), p95=write_duration(view.latency_p95)
        ),
        last_position=view.last_position,
        waiting_for=view.waiting_for,
        author=view.author,
        create_time=write_time(view.created_at),
        end_time=None if view.ended_at is None else write_time(view.ended_at),
    )


def _to_summary(alias: str, summary: ScorerSummaryView) -> pb.ScorerSummary:
    deviation = math.sqrt(summary.squares / (summary.scored - 1)) if summary.scored > 1 else None
    return pb.ScorerSummary(
        scorer=alias,
        scored=summary.scored,
        failed=summary.failed,
        not_evaluable=summary.not_evaluable,
        skipped=summary.skipped,
        passed=summary.passed,
        not_passed=summary.not_passed,
        mean=summary.mean if summary.scored else None,
        standard_deviation=deviation,
        minimum=summary.minimum,
        maximum=summary.maximum,
    )


def to_ended(fact: EndedFact) -> pb.RunEnded:
    """Return the end of a run for the wire."""
    return pb.RunEnded(
        status=_STATUSES[fact.status],
        counts=pb.RunCounts(
            planned=fact.succeeded + fact.failed + fact.skipped,
            succeeded=fact.succeeded,
            failed=fact.failed,
            skipped=fact.skipped,
        ),
    )
