"""json_valid: the output is JSON."""

from __future__ import annotations

from collections.abc import Mapping

from trialbook.services.scoring.description import BuiltInScorer, Scorer, unit_interval
from trialbook.services.scoring.json_document import is_json
from trialbook.services.scoring.judgement import Judgement, Sample, verdict

_VALUE = verdict(True, "valid", "The output is a JSON value, not a text.")
_VALID = verdict(True, "valid", "The output's text is valid JSON.")
_INVALID = verdict(False, "invalid", "The output's text is not valid JSON.")


def judge(sample: Sample) -> Judgement:
    """Score 1 if the output is a structured value, or a text that is itself valid JSON."""
    output = sample.output_document().value()
    if not isinstance(output, str):
        return _VALUE
    return _VALID if is_json(output, "output's text") else _INVALID


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer, which has no parameters."""
    del parameters
    return judge


JSON_VALID = BuiltInScorer(
    unit_interval(
        "json_valid",
        "The output is JSON: any value that is not a text, or a text that is valid JSON "
        "(RFC 8259).",
        {},
    ),
    configure,
)
