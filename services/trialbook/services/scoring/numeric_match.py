"""numeric_match: the final number of the output is the final number expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from trialbook.services.scoring.description import BuiltInScorer, Scorer, unit_interval
from trialbook.services.scoring.json_document import Document
from trialbook.services.scoring.judgement import Judgement, Sample, verdict
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.number import (
    final_number,
    from_parameter,
    is_near,
    leading_number,
    plain_number,
)

_AUTOMATIC_MARKERS = re.compile(
    r"^[ \t>*#]*(?:(?:final[ ])?answer|a)[ \t*]*:|^[ \t]*\#{4}|\banswer[ ]is\b",
    re.IGNORECASE | re.MULTILINE,
)
_BEFORE_A_NUMBER = " \t:*`~"
_SHOWN_DIGITS = 40
_NO_NUMBER = verdict(False, "no_number", "The output is neither a number nor a text with one.")
_NO_NUMBER_AFTER_MARKER = verdict(
    False, "no_number", "No number follows the marker on its line in the output."
)


@dataclass(frozen=True, slots=True)
class NumericMatch:
    """Compares final numbers; ``marker`` of ``None`` recognises the usual answer markers."""

    tolerance: Decimal
    relative_tolerance: Decimal
    marker: str | None

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 if the two numbers agree within the tolerances, else 0."""
        expected = self._number(sample.expected_document(), marker_required=False)
        if expected is None:
            raise NotEvaluable("no_number", "The expected value has no number to compare with.")
        output = self._number(sample.output_document(), marker_required=bool(self.marker))
        if output is None:
            return _NO_NUMBER_AFTER_MARKER if self.marker else _NO_NUMBER
        evidence = f'{{"output_number":"{output}","expected_number":"{expected}"}}'
        shown = f"{_shown(output)} against the expected {_shown(expected)}"
        if is_near(output, expected, self.tolerance, self.relative_tolerance):
            return verdict(True, "match", f"The numbers agree: {shown}.", evidence)
        return verdict(False, "mismatch", f"The numbers differ: {shown}.", evidence)

    def _number(self, document: Document, *, marker_required: bool) -> Decimal | None:
        literal = document.number_literal()
        if literal is not None:
            return plain_number(literal)
        text = document.value()
        if not isinstance(text, str):
            return None
        answer = self._answer(text)
        number = None if answer is None else answer_number(answer)
        return final_number(text) if number is None and not marker_required else number

    def _answer(self, text: str) -> str | None:
        """Return what stands behind the last marker, up to the end of its line."""
        if self.marker is None:
            ends = [match.end() for match in _AUTOMATIC_MARKERS.finditer(text)]
            start = ends[-1] if ends else -1
        else:
            found = text.rfind(self.marker) if self.marker else -1
            start = found + len(self.marker) if found >= 0 else -1
        return text[start:].partition("\n")[0] if start >= 0 else None


def answer_number(answer: str) -> Decimal | None:
    """Return the number that an answer line states.

    It is the number behind the last equals sign, if there is one; else the number that the line
    begins with (``18 dollars every 2 days`` is 18); else the line's final number.
    """
    _, _, result = answer.rpartition("=")
    for part in (result, answer):
        number = leading_number(part.lstrip(_BEFORE_A_NUMBER))
        number = final_number(part) if number is None else number
        if number is not None:
            return number
    return None


def _shown(number: Decimal) -> str:
    digits = str(number)
    return digits if len(digits) <= _SHOWN_DIGITS else digits[:_SHOWN_DIGITS] + "\u2026"


class _Parameters(msgspec.Struct, frozen=True):
    tolerance: int | float = 0
    relative_tolerance: int | float = 0
    marker: str | None = None


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer from parameters that fit the schema."""
    given = msgspec.convert(parameters, _Parameters)
    return NumericMatch(
        from_parameter(given.tolerance), from_parameter(given.relative_tolerance), given.marker
    )


NUMERIC_MATCH = BuiltInScorer(
    unit_interval(
        "numeric_match",
        "The final number of the output equals the final number of the expected value; both are "
        "texts or JSON numbers. The last line with an answer marker goes before the rest of the "
        "text. Reads 1,234.5, $, %, signs and scientific notation; calculates nothing. Compared "
        "exactly, as decimals.",
        {
            "tolerance": {
                "type": "number",
                "minimum": 0,
                "default": 0,
                "description": "The largest difference that still matches.",
            },
            "relative_tolerance": {
                "type": "number",
                "minimum": 0,
                "default": 0,
                "description": "The same, as a fraction of the expected number's size; "
                "the larger of the two tolerances counts.",
            },
            "marker": {
                "type": ["string", "null"],
                "maxLength": 200,
                "default": None,
                "description": "The text that the answer follows on its line, which the output "
                "then must have. By default `A:`, `Answer:`, `Final answer:` or `####` at the "
                "start of a line, or the words `answer is`, are recognised where they occur; "
                "the empty text recognises none.",
            },
        },
        needs_expected=True,
    ),
    configure,
)
