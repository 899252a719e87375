"""regex_match: a regular expression matches somewhere in the text of the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trialbook.services.scoring.description import (
    CASE_SENSITIVE,
    BuiltInScorer,
    Scorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement, Sample, verdict
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.pattern import (
    MAXIMUM_PATTERN_LENGTH,
    InvalidPattern,
    Pattern,
    compile_pattern,
)

_MATCH = verdict(True, "match", "The pattern matches the output.")
_NO_MATCH = verdict(False, "no_match", "The pattern matches nowhere in the output.")


@dataclass(frozen=True, slots=True)
class RegexMatch:
    """Searches the output for a compiled pattern."""

    pattern: Pattern

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 if the pattern matches anywhere in the output, else 0."""
        return _MATCH if self.pattern.search(sample.output_document().text()) else _NO_MATCH


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer. Raise `InvalidParameters` if the pattern cannot be compiled."""
    case_sensitive = bool(parameters.get("case_sensitive", True))
    try:
        pattern = compile_pattern(str(parameters["pattern"]), case_sensitive=case_sensitive)
    except InvalidPattern as error:
        raise invalid(
            "pattern", f"`pattern` is not a usable regular expression: {error}."
        ) from error
    return RegexMatch(pattern)


REGEX_MATCH = BuiltInScorer(
    unit_interval(
        "regex_match",
        "A regular expression matches somewhere in the output; anchor it with ^ and $ to match "
        "the whole. The syntax is RE2's: linear time, no look-around, no back-references.",
        {
            "pattern": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAXIMUM_PATTERN_LENGTH,
                "description": "The regular expression, in RE2 syntax; \\d, \\w and \\s are ASCII.",
            },
            "case_sensitive": {
                **CASE_SENSITIVE,
                "description": "Whether upper and lower case differ in the pattern.",
            },
        },
        required=("pattern",),
    ),
    configure,
)
