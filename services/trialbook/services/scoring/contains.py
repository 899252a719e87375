"""contains: the text of the output has a given part."""

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

_FOUND = verdict(True, "found", "The output contains the pattern.")
_NOT_FOUND = verdict(False, "not_found", "The output does not contain the pattern.")


@dataclass(frozen=True, slots=True)
class Contains:
    """Looks for a literal text in the output."""

    pattern: str
    case_sensitive: bool = True

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 if the pattern occurs in the output, else 0."""
        output = sample.output_document().text()
        if self.case_sensitive:
            return _FOUND if self.pattern in output else _NOT_FOUND
        return _FOUND if self.pattern.casefold() in output.casefold() else _NOT_FOUND


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer from parameters that fit the schema."""
    return msgspec.convert(parameters, Contains)


CONTAINS = BuiltInScorer(
    unit_interval(
        "contains",
        "The output contains a literal text. An output that is no text is searched as compact "
        "JSON with sorted keys.",
        {
            "pattern": {
                "type": "string",
                "minLength": 1,
                "maxLength": 65536,
                "description": "The text to look for, taken literally.",
            },
            "case_sensitive": CASE_SENSITIVE,
        },
        required=("pattern",),
    ),
    configure,
)
