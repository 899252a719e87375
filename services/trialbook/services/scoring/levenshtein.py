"""levenshtein: how near the output's text comes to the expected text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from rapidfuzz.distance import Levenshtein as EditDistance

from trialbook.services.scoring.description import (
    CASE_SENSITIVE,
    BuiltInScorer,
    Scorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_TEXT_LENGTH = 50_000
"""How many code points each text may have: the work grows with the product of both lengths."""


@dataclass(frozen=True, slots=True)
class Levenshtein:
    """Similarity by edit distance, with a verdict where a threshold is given."""

    threshold: float | None = None
    case_sensitive: bool = True

    def __call__(self, sample: Sample) -> Judgement:
        """Score ``1 - distance / longer length``, both in code points; two empty texts score 1."""
        expected = sample.expected_document().text()
        output = sample.output_document().text()
        if not self.case_sensitive:
            expected, output = expected.casefold(), output.casefold()
        longest = max(len(expected), len(output))
        if longest > MAXIMUM_TEXT_LENGTH:
            raise _too_long(longest)
        distance = EditDistance.distance(output, expected)
        # One division of integers: exact up to the last bit, so that 4/5 is 0.8.
        value = (longest - distance) / longest if longest else 1.0
        passed = None if self.threshold is None else value >= self.threshold
        reason = f"Distance {distance} over {longest} characters: similarity {value:.2%}."
        evidence = f'{{"distance":{distance},"length":{longest}}}'
        return Judgement(ScoreStatus.SCORED, value, passed, "", reason, evidence)


def _too_long(length: int) -> NotEvaluable:
    return NotEvaluable(
        "too_large",
        f"A text of {length:,} characters is over the limit of {MAXIMUM_TEXT_LENGTH:,}.",
    )


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer from parameters that fit the schema."""
    return msgspec.convert(parameters, Levenshtein)


LEVENSHTEIN = BuiltInScorer(
    unit_interval(
        "levenshtein",
        "Similarity of output and expected value: 1 minus the edit distance over the longer "
        "length, in code points. It passes or fails only where a threshold is given.",
        {
            "threshold": {
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": 1,
                "default": None,
                "description": "The least similarity that passes; without it there is no verdict.",
            },
            "case_sensitive": CASE_SENSITIVE,
        },
        needs_expected=True,
    ),
    configure,
)
