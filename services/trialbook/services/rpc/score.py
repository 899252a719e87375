"""Scores on the wire."""

from __future__ import annotations

from trialbook.services.application.views import ScoreView
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.rpc.payload import write_duration, write_json
from trialbook.v1 import score_pb2 as pb

_STATUSES = {
    ScoreStatus.SCORED: pb.SCORE_STATUS_SCORED,
    ScoreStatus.FAILED: pb.SCORE_STATUS_FAILED,
    ScoreStatus.NOT_EVALUABLE: pb.SCORE_STATUS_NOT_EVALUABLE,
    ScoreStatus.SKIPPED: pb.SCORE_STATUS_SKIPPED,
}


def to_score(scorers: tuple[ScorerSpec, ...], view: ScoreView) -> pb.Score:
    """Return a score for the wire."""
    return pb.Score(
        scorer=scorers[view.scorer].alias,
        status=_STATUSES[view.status],
        value=view.value,
        passed=view.passed,
        label=view.label,
        reason=view.reason,
        evidence=write_json(view.evidence),
        duration=write_duration(view.duration),
    )
