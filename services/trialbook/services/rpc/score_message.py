"""Scores on the wire."""

from __future__ import annotations

from trialbook.services.application.score import score_id
from trialbook.services.application.views import RunView, ScoreView
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.naming import score_name
from trialbook.services.rpc.payload import write_duration, write_json
from trialbook.v1 import score_pb2 as pb

STATUSES = {
    ScoreStatus.SCORED: pb.SCORE_STATUS_SCORED,
    ScoreStatus.FAILED: pb.SCORE_STATUS_FAILED,
    ScoreStatus.NOT_EVALUABLE: pb.SCORE_STATUS_NOT_EVALUABLE,
    ScoreStatus.SKIPPED: pb.SCORE_STATUS_SKIPPED,
}


def to_score(run: RunView, number: int, view: ScoreView, *, stale: bool = False) -> pb.Score:
    """Return a score of a result, by number, for the wire; 0 stands for the run as a whole.

    One that is `stale` judged less of a trace than there is now.
    """
    spec = run.scorers[view.scorer]
    return pb.Score(
        scorer=spec.alias,
        status=STATUSES[view.status],
        value=view.value,
        passed=view.passed,
        label=view.label,
        reason=view.reason,
        evidence=write_json(view.evidence),
        duration=write_duration(view.duration),
        name=score_name(run.project, run.run_id, number, score_id(run, view.scorer)),
        scorer_version=spec.version,
        stale=stale,
    )
