"""agreement: how far the outputs of a whole run agree with what was expected."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.scoring.description import (
    BuiltInRunScorer,
    Direction,
    RunJudge,
    RunScorer,
    ScorerDescription,
)
from trialbook.services.scoring.json_document import Document
from trialbook.services.scoring.judgement import Judgement, Sample
from trialbook.services.scoring.labels import Labels
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.number import plain_number
from trialbook.services.statistics.agreement import cohen_kappa
from trialbook.services.statistics.correlation import pearson, spearman

Codes = NDArray[np.int64]
_FEWEST = 2


class _Classes:
    """Compares labels: the texts of outputs and of expected values."""

    def __init__(self, metric: Callable[[Codes, Codes], float | None], said: _Said) -> None:
        self._metric = metric
        self._said = said
        self._labels = Labels()
        self._outputs = array("q")
        self._expected = array("q")
        self._left_out = 0

    def add(self, sample: Sample) -> None:
        """Take in one result; one that cannot be read, or has nothing expected, is left out."""
        try:
            expected = sample.expected_document().text()
            output = sample.output_document().text()
        except NotEvaluable:
            self._left_out += 1
            return
        self._expected.append(self._labels.code(expected))
        self._outputs.append(self._labels.code(output))

    def judgement(self) -> Judgement:
        """Return the metric over all pairs."""
        outputs = np.array(self._outputs, np.int64)
        expected = np.array(self._expected, np.int64)
        value = self._metric(outputs, expected) if len(outputs) else None
        evidence = self._labels.confusion(outputs, expected)
        return self._said.judgement(value, len(outputs), self._left_out, evidence)


class _Numbers:
    """Correlates numbers: JSON numbers, and texts that are only a number."""

    def __init__(self, metric: Callable[..., float | None], said: _Said) -> None:
        self._metric = metric
        self._said = said
        self._outputs = array("d")
        self._expected = array("d")
        self._left_out = 0

    def add(self, sample: Sample) -> None:
        """Take in one result; one that is no pair of numbers is left out."""
        try:
            expected = _number(sample.expected_document())
            output = _number(sample.output_document())
        except NotEvaluable:
            expected = output = None
        if expected is None or output is None:
            self._left_out += 1
            return
        self._expected.append(expected)
        self._outputs.append(output)

    def judgement(self) -> Judgement:
        """Return the correlation over all pairs."""
        outputs = np.array(self._outputs, np.float64)
        expected = np.array(self._expected, np.float64)
        value = self._metric(outputs, expected) if len(outputs) >= _FEWEST else None
        return self._said.judgement(value, len(outputs), self._left_out, {})


@dataclass(frozen=True, slots=True)
class _Said:
    """Puts a figure into words."""

    metric: str
    threshold: float | None

    def judgement(
        self, value: float | None, compared: int, left_out: int, evidence: Mapping[str, object]
    ) -> Judgement:
        """Return the judgement that tells a figure; None is one that is not defined."""
        told = {"metric": self.metric, "compared": compared, "left_out": left_out, **evidence}
        over = f"{compared:,} results" + (f", {left_out:,} left out" if left_out else "")
        text = msgspec.json.encode(told).decode()
        name = self.metric.replace("_", " ")
        if value is None:
            reason = f"The {name} is not defined over {over}."
            return Judgement(ScoreStatus.NOT_EVALUABLE, None, None, "undefined", reason, text)
        passed = None if self.threshold is None else value >= self.threshold
        reason = f"The {name} of output and expected value is {value:.4g} over {over}."
        return Judgement(ScoreStatus.SCORED, value, passed, self.metric, reason, text)


def _accuracy(outputs: Codes, expected: Codes) -> float:
    return float(np.mean(outputs == expected))


def _macro_f1(outputs: Codes, expected: Codes) -> float:
    """Return the mean over all labels of 2 TP / (2 TP + FP + FN).

    A label counts if it is an output or expected anywhere (Opitz and Burst, "Macro F1 and Macro
    F1", 2019: the averaged form).
    """
    size = int(max(outputs.max(), expected.max())) + 1
    hits = np.bincount(outputs[outputs == expected], minlength=size)
    total = np.bincount(outputs, minlength=size) + np.bincount(expected, minlength=size)
    return float(np.mean(2.0 * hits[total > 0] / total[total > 0]))


def _kappa(outputs: Codes, expected: Codes) -> float | None:
    return cohen_kappa(outputs.tolist(), expected.tolist())


def _number(document: Document) -> float | None:
    """Return a number, if there is one within the range of floats."""
    value = document.value()
    if isinstance(value, str):
        value = plain_number(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


_OF_LABELS: dict[str, Callable[[Codes, Codes], float | None]] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "cohen_kappa": _kappa,
}
_OF_NUMBERS = {"pearson": pearson, "spearman": spearman}


def configure(parameters: Mapping[str, object]) -> RunScorer:
    """Make the scorer from parameters that fit the schema."""
    metric = cast("str", parameters.get("metric", "accuracy"))
    threshold = cast("float | None", parameters.get("threshold"))
    said = _Said(metric, threshold)

    def judge() -> RunJudge:
        if metric in _OF_LABELS:
            return _Classes(_OF_LABELS[metric], said)
        return _Numbers(_OF_NUMBERS[metric], said)

    return judge


AGREEMENT = BuiltInRunScorer(
    ScorerDescription(
        name="agreement",
        version=1,
        summary="How far the outputs of a whole run agree with the expected values: over labels "
        "(accuracy, macro_f1, cohen_kappa) or over numbers (pearson, spearman). Failed results "
        "are left out.",
        params_schema={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "metric": {
                    "type": "string",
                    "enum": [*_OF_LABELS, *_OF_NUMBERS],
                    "default": "accuracy",
                    "description": "What is computed.",
                },
                "threshold": {
                    "type": "number",
                    "minimum": -1,
                    "maximum": 1,
                    "description": "The run passes at this value or above.",
                },
            },
            "required": [],
            "additionalProperties": False,
        },
        direction=Direction.HIGHER_IS_BETTER,
        minimum=-1.0,
        maximum=1.0,
        needs_expected=True,
        scope=ScorerScope.RUN,
    ),
    configure,
)
