"""exact_match: the output is the expected value, compared as texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trialbook.services.scoring.description import (
    CASE_SENSITIVE,
    BuiltInScorer,
    Scorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement, Sample, verdict

# Judgements are immutable, so the two outcomes are made once.
_MATCH = verdict(True, "match", "The output equals the expected value.")
_MISMATCH = verdict(False, "mismatch", "The output differs from the expected value.")


@dataclass(frozen=True, slots=True)
class ExactMatch:
    """Compares the texts of output and expected value."""

    case_sensitive: bool = True

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 if the texts are equal, else 0."""
        expected = sample.expected_document().text()
        output = sample.output_document().text()
        if not self.case_sensitive:
            expected, output = expected.casefold(), output.casefold()
        return _MATCH if output == expected else _MISMATCH


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer from parameters that fit the schema."""
    return msgspec.convert(parameters, ExactMatch)


EXACT_MATCH = BuiltInScorer(
    unit_interval(
        "exact_match",
        "The output equals the expected value. Texts are compared as they are, null as the empty "
        "text, and any other value as compact JSON with sorted keys.",
        {"case_sensitive": CASE_SENSITIVE},
        needs_expected=True,
    ),
    configure,
)
