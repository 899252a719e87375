"""Runs as wholes on the wire."""

from __future__ import annotations

import math

from trialbook.services.application.views import (
    EndedFact,
    RunView,
    ScorerSummaryView,
    UsageView,
)
from trialbook.services.domain.naming import (
    dataset_version_name,
    experiment_version_name,
    run_name,
)
from trialbook.services.domain.run import EndReason, RunStatus, ScorerSource
from trialbook.services.rpc.definition import to_scorer, to_settings, to_target
from trialbook.services.rpc.gate import to_gate, to_verdict
from trialbook.services.rpc.item_selection import to_terms
from trialbook.services.rpc.payload import write_duration, write_json, write_time
from trialbook.v1 import run_pb2 as pb

STATUSES = {
    RunStatus.PENDING: pb.RUN_STATUS_PENDING,
    RunStatus.RUNNING: pb.RUN_STATUS_RUNNING,
    RunStatus.CANCELLING: pb.RUN_STATUS_CANCELLING,
    RunStatus.COMPLETED: pb.RUN_STATUS_COMPLETED,
    RunStatus.CANCELLED: pb.RUN_STATUS_CANCELLED,
    RunStatus.FAILED: pb.RUN_STATUS_FAILED,
}
END_REASONS = {
    EndReason.NONE: pb.RUN_END_REASON_UNSPECIFIED,
    EndReason.CANCELLED: pb.RUN_END_REASON_CANCELLED,
    EndReason.DEADLINE_EXCEEDED: pb.RUN_END_REASON_DEADLINE_EXCEEDED,
    EndReason.TOO_MANY_FAILURES: pb.RUN_END_REASON_TOO_MANY_FAILURES,
    EndReason.ALL_FAILED: pb.RUN_END_REASON_ALL_FAILED,
}
_SOURCES = {
    ScorerSource.RUN: pb.SCORER_SOURCE_RUN,
    ScorerSource.EXPERIMENT: pb.SCORER_SOURCE_EXPERIMENT,
    ScorerSource.DATASET: pb.SCORER_SOURCE_DATASET,
}


def to_run(view: RunView) -> pb.Run:
    """Return a run for the wire."""
    pins = view.pins
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
        status=STATUSES[view.status],
        completed_with_errors=view.status is RunStatus.COMPLETED and _is_broken(view),
        counts=to_counts(view),
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
        display_name=view.display_name,
        metadata=write_json(pins.metadata or None),
        target_options=write_json(pins.target_options or None),
        context=write_json(pins.context or None),
        selection=to_terms(pins.selection),
        gate=None if pins.gate is None else to_gate(pins.gate),
        gate_verdict=None if view.verdict is None else to_verdict(view.verdict),
        end_reason=END_REASONS[view.end_reason] if view.status.ended else None,
        caller_driven=pins.caller_driven,
        usage=_to_usage(view.usage),
        scorer_source=_SOURCES[pins.scorer_source] if pins.scorers else None,
        retries=view.round,
    )


def to_counts(view: RunView) -> pb.RunCounts:
    """Return how many results a run has for the wire."""
    return pb.RunCounts(
        planned=view.planned,
        succeeded=view.succeeded,
        failed=view.failed,
        skipped=view.skipped,
    )


def _is_broken(view: RunView) -> bool:
    counted = [
        summary.failed
        for spec, summary in zip(view.scorers, view.summaries, strict=True)
        if not spec.superseded
    ]
    return bool(view.failed or any(counted))


def _to_usage(usage: UsageView) -> pb.UsageSummary | None:
    if not usage.told:
        return None
    return pb.UsageSummary(
        told=usage.told,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=usage.cost,
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
        status=STATUSES[fact.status],
        end_reason=END_REASONS[fact.end_reason],
        counts=pb.RunCounts(
            planned=fact.succeeded + fact.failed + fact.skipped,
            succeeded=fact.succeeded,
            failed=fact.failed,
            skipped=fact.skipped,
        ),
    )
