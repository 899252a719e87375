"""What a scorer is given, and what it gives back."""

from __future__ import annotations

from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.json_document import Document
from trialbook.services.scoring.not_evaluable import NotEvaluable

__all__ = ["Judgement", "Sample", "ScoreStatus", "verdict"]


class Sample:
    """One result as a scorer sees it; each field is RFC 8259 JSON text.

    ``expected`` is ``None`` when the item has none; an expected JSON ``null`` is the text
    ``"null"``. Each text is decoded at most once, at the first scorer that needs it.
    """

    __slots__ = ("_expected", "_output", "expected", "input", "output")

    def __init__(self, output: str, expected: str | None, input: str) -> None:  # noqa: A002
        """Prepare the documents; nothing is decoded yet."""
        self.output = output
        self.expected = expected
        self.input = input
        self._output = Document("output", output)
        self._expected = None if expected is None else Document("expected value", expected)

    def output_document(self) -> Document:
        """Return the output, to be decoded on demand."""
        return self._output

    def expected_document(self) -> Document:
        """Return the expected value, to be decoded on demand.

        Raise `NotEvaluable` if the item has none.
        """
        if self._expected is None:
            raise NotEvaluable(
                "no_expected", "The item has no expected value to compare the output with."
            )
        return self._expected


def verdict(passed: bool, label: str, reason: str, evidence: str | None = None) -> Judgement:
    """Return a judgement of 1 for a pass and 0 for a failure."""
    value = 1.0 if passed else 0.0
    return Judgement(ScoreStatus.SCORED, value, passed, label, reason, evidence)
