"""numeric_range: the output is a number within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from trialbook.services.scoring.description import BuiltInScorer, Scorer, unit_interval
from trialbook.services.scoring.judgement import Judgement, Sample, verdict
from trialbook.services.scoring.number import from_parameter, plain_number
from trialbook.services.scoring.parameters import invalid

_IN_RANGE = verdict(True, "in_range", "The output lies within the range.")
_OUT_OF_RANGE = verdict(False, "out_of_range", "The output lies outside the range.")
_PARSE_ERROR = verdict(
    False, "parse_error", "The output is neither a number nor a text that is one."
)


@dataclass(frozen=True, slots=True)
class NumericRange:
    """A range that is open where a bound is ``None``."""

    minimum: Decimal | None
    maximum: Decimal | None
    inclusive: bool

    def __call__(self, sample: Sample) -> Judgement:
        """Score 1 inside the range, 0 outside it or where the output is no number."""
        number = number_of(sample)
        if number is None:
            return _PARSE_ERROR
        return _IN_RANGE if self._holds(number) else _OUT_OF_RANGE

    def _holds(self, number: Decimal) -> bool:
        if number in (self.minimum, self.maximum):
            return self.inclusive
        above = self.minimum is None or number > self.minimum
        below = self.maximum is None or number < self.maximum
        return above and below


def number_of(sample: Sample) -> Decimal | None:
    """Return the output as a number, if it is a JSON number or a text that is only a number."""
    document = sample.output_document()
    literal = document.number_literal()
    if literal is not None:
        return plain_number(literal)
    output = document.value()
    return plain_number(output.strip()) if isinstance(output, str) else None


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer. Raise `InvalidParameters` if no number can lie in the range."""
    minimum = _bound(parameters, "min")
    maximum = _bound(parameters, "max")
    inclusive = bool(parameters.get("inclusive", True))
    if minimum is None and maximum is None:
        raise invalid("", "numeric_range needs a bound: give `min`, `max` or both.")
    if minimum is not None and maximum is not None:
        if minimum > maximum:
            raise invalid("min", "`min` is greater than `max`; swap them.")
        if minimum == maximum and not inclusive:
            raise invalid("inclusive", "No number lies between equal bounds; set it to true.")
    return NumericRange(minimum, maximum, inclusive)


def _bound(parameters: Mapping[str, object], name: str) -> Decimal | None:
    value = cast("int | float | None", parameters.get(name))
    return None if value is None else from_parameter(value)


NUMERIC_RANGE = BuiltInScorer(
    unit_interval(
        "numeric_range",
        "The output is a number, or a text that is only a number, within bounds. Give at least "
        "one bound. Compared exactly, as decimals.",
        {
            "min": {"type": "number", "description": "The lower bound."},
            "max": {"type": "number", "description": "The upper bound."},
            "inclusive": {
                "type": "boolean",
                "default": True,
                "description": "Whether the bounds themselves are in the range.",
            },
        },
        constraints={"anyOf": [{"required": ["min"]}, {"required": ["max"]}]},
    ),
    configure,
)
