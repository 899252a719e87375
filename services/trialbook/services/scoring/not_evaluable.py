"""The way out of a scorer that can give no score."""

from __future__ import annotations

from trialbook.services.domain.judgement import Judgement, ScoreStatus


class NotEvaluable(Exception):
    """A sample that a scorer can say nothing about: neither a pass nor a score of 0."""

    def __init__(self, label: str, reason: str) -> None:
        """Take a short machine word and a sentence for people."""
        super().__init__(reason)
        self.label = label
        self.reason = reason

    def judgement(self) -> Judgement:
        """Return the judgement that records this."""
        return Judgement(ScoreStatus.NOT_EVALUABLE, None, None, self.label, self.reason, None)
