"""What stands for a score where nothing was judged."""

from __future__ import annotations

from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.run import SkipReason

ITEM_FAILED = Judgement(
    ScoreStatus.SKIPPED, None, None, "item_failed", "The item failed: there is no output.", None
)
SUPERSEDED = Judgement(
    ScoreStatus.SKIPPED, None, None, "superseded", "Another scorer judges in its place now.", None
)
SKIPPED = {
    reason: Judgement(ScoreStatus.SKIPPED, None, None, reason, sentence, None)
    for reason, sentence in (
        (SkipReason.RUN_CANCELLED, "The run was cancelled before."),
        (SkipReason.RUN_DEADLINE, "The time of the run was over before."),
        (SkipReason.TOO_MANY_FAILURES, "The run was stopped before: too many results failed."),
        (SkipReason.NOT_SUBMITTED, "The caller has not submitted it."),
    )
}
