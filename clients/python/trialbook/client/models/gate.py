"""Gates: what a run must come to, and what they say of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict, Unpack

from trialbook.client.errors import invalid_field
from trialbook.client.models.codec import EnumCodec, optional_number, time_of
from trialbook.v1 import experiment_pb2, gate_pb2, run_pb2


class GateMetric(StrEnum):
    """What a condition looks at."""

    UNSPECIFIED = "unspecified"
    PASS_RATE = "pass_rate"  # noqa: S105 - no password
    MEAN = "mean"
    QUANTILE = "quantile"
    MINIMUM = "minimum"
    FAILED_RESULTS = "failed_results"
    FAILED_SCORES = "failed_scores"
    UNSCORED_RESULTS = "unscored_results"
    SKIPPED_RESULTS = "skipped_results"
    LATENCY = "latency"
    TOKENS = "tokens"
    COST = "cost"
    RUN_SCORE = "run_score"


class RegressionRule(StrEnum):
    """How a difference from the baseline is judged; unspecified is by the interval."""

    UNSPECIFIED = "unspecified"
    INTERVAL = "interval"
    UNLESS_SHOWN = "unless_shown"
    POINT = "point"


class Verdict(StrEnum):
    """Whether a run, or one condition, is what it should be; unspecified if there is none."""

    UNSPECIFIED = "unspecified"
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


GATE_METRICS: Final = EnumCodec(GateMetric, gate_pb2.GateMetric, "GATE_METRIC")
REGRESSION_RULES: Final = EnumCodec(RegressionRule, gate_pb2.RegressionRule, "REGRESSION_RULE")
VERDICTS: Final = EnumCodec(Verdict, gate_pb2.Verdict, "VERDICT")


class Bounds(TypedDict, total=False):
    """The bounds of a condition, and the results that it looks at; see `Condition`."""

    at_least: float | None
    at_most: float | None
    max_regression: float | None
    regression_rule: RegressionRule | str
    split: str
    tag: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a gate: `Condition.mean("exact_match", at_least=0.8)`.

    It needs a bound: `at_least`, `at_most`, or `max_regression`, by how much the value may be worse
    than the baseline's, in the metric's own unit; 0: not at all. The last one is judged on the
    interval of the paired difference, as `regression_rule` says: "interval" (the condition is
    inconclusive if the interval spans the allowance), "unless_shown" (fails only if all of the
    interval is beyond it) or "point" (by the observed difference alone).

    `split` and `tag` restrict it to the results of such items.
    """

    metric: GateMetric
    scorer: str = ""
    quantile: float | None = None
    split: str = ""
    tag: str = ""
    at_least: float | None = None
    at_most: float | None = None
    max_regression: float | None = None
    regression_rule: RegressionRule = RegressionRule.UNSPECIFIED

    @classmethod
    def pass_rate(cls, scorer: str = "", **bounds: Unpack[Bounds]) -> Condition:
        """The share of results that pass, 0 to 1: by one scorer's verdict, or by all of them.

        Failed results, and broken or missing scores, count as not passed.
        """
        return _condition(GateMetric.PASS_RATE, scorer, bounds)

    @classmethod
    def mean(cls, scorer: str, **bounds: Unpack[Bounds]) -> Condition:
        """The mean of a scorer's values, over the results that it scored."""
        return _condition(GateMetric.MEAN, scorer, bounds)

    @classmethod
    def score_quantile(cls, scorer: str, quantile: float, **bounds: Unpack[Bounds]) -> Condition:
        """A quantile, 0 to 1, of a scorer's values, by linear interpolation."""
        return _condition(GateMetric.QUANTILE, scorer, bounds, quantile)

    @classmethod
    def minimum(cls, scorer: str, **bounds: Unpack[Bounds]) -> Condition:
        """The smallest of a scorer's values."""
        return _condition(GateMetric.MINIMUM, scorer, bounds)

    @classmethod
    def failed_results(cls, **bounds: Unpack[Bounds]) -> Condition:
        """How many results failed."""
        return _condition(GateMetric.FAILED_RESULTS, "", bounds)

    @classmethod
    def failed_scores(cls, scorer: str = "", **bounds: Unpack[Bounds]) -> Condition:
        """How many scores broke: of a scorer, or of all."""
        return _condition(GateMetric.FAILED_SCORES, scorer, bounds)

    @classmethod
    def unscored_results(cls, scorer: str = "", **bounds: Unpack[Bounds]) -> Condition:
        """How many succeeded results lack the value of a scorer, or of any."""
        return _condition(GateMetric.UNSCORED_RESULTS, scorer, bounds)

    @classmethod
    def skipped_results(cls, **bounds: Unpack[Bounds]) -> Condition:
        """How many results were skipped."""
        return _condition(GateMetric.SKIPPED_RESULTS, "", bounds)

    @classmethod
    def latency(cls, quantile: float | None = None, **bounds: Unpack[Bounds]) -> Condition:
        """A quantile of the latencies, in seconds. Default: the 0.95 one."""
        return _condition(GateMetric.LATENCY, "", bounds, quantile)

    @classmethod
    def tokens(cls, **bounds: Unpack[Bounds]) -> Condition:
        """Input and output tokens of a result, on average over those that tell."""
        return _condition(GateMetric.TOKENS, "", bounds)

    @classmethod
    def cost(cls, **bounds: Unpack[Bounds]) -> Condition:
        """The cost of a result in US dollars, on average over those that tell."""
        return _condition(GateMetric.COST, "", bounds)

    @classmethod
    def run_score(cls, scorer: str, **bounds: Unpack[Bounds]) -> Condition:
        """The value of a scorer that judges the run as a whole."""
        return _condition(GateMetric.RUN_SCORE, scorer, bounds)

    def to_message(self) -> gate_pb2.GateCondition:
        """Write it as the contract's message."""
        return gate_pb2.GateCondition(
            metric=GATE_METRICS.wire_name(GateMetric(self.metric)),
            scorer=self.scorer,
            quantile=self.quantile,
            split=self.split,
            tag=self.tag,
            at_least=self.at_least,
            at_most=self.at_most,
            max_regression=self.max_regression,
            regression_rule=REGRESSION_RULES.wire_name(RegressionRule(self.regression_rule)),
        )

    @classmethod
    def from_message(cls, message: gate_pb2.GateCondition) -> Condition:
        """Read it from the contract's message."""
        return cls(
            metric=GATE_METRICS.member(message.metric),
            scorer=message.scorer,
            quantile=optional_number(message, "quantile"),
            split=message.split,
            tag=message.tag,
            at_least=optional_number(message, "at_least"),
            at_most=optional_number(message, "at_most"),
            max_regression=optional_number(message, "max_regression"),
            regression_rule=REGRESSION_RULES.member(message.regression_rule),
        )


def _condition(
    metric: GateMetric, scorer: str, bounds: Bounds, quantile: float | None = None
) -> Condition:
    given = dict(bounds)
    rule = RegressionRule(bounds.get("regression_rule", RegressionRule.UNSPECIFIED))
    given["regression_rule"] = rule
    return Condition(metric, scorer, quantile, **given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a run must come to: all conditions must hold.

    `baseline` is the full name of a run, or of an experiment, which stands for the newest other run
    of it that has completed; conditions with `max_regression` compare with it. `confidence` is that
    of intervals, default 0.95.
    """

    conditions: Sequence[Condition]
    baseline: str = ""
    confidence: float | None = None

    def to_message(self) -> gate_pb2.Gate:
        """Write it as the contract's message."""
        if isinstance(self.conditions, Condition):
            raise invalid_field("gate.conditions", "give a list of conditions")
        return gate_pb2.Gate(
            conditions=[condition.to_message() for condition in self.conditions],
            baseline=self.baseline,
            confidence=self.confidence,
        )

    @classmethod
    def from_message(cls, message: gate_pb2.Gate) -> Gate:
        """Read it from the contract's message."""
        return cls(
            tuple(map(Condition.from_message, message.conditions)),
            message.baseline,
            optional_number(message, "confidence"),
        )

    @classmethod
    def of_field(cls, message: experiment_pb2.Experiment | run_pb2.Run) -> Gate | None:
        """Read the `gate` of a message; None if it is not set."""
        return cls.from_message(message.gate) if message.HasField("gate") else None


@dataclass(frozen=True, slots=True)
class GateFinding:
    """What came of one condition.

    `value` is the run's, over `count` results; None if there is none. Where it was compared with a
    baseline, `difference` is the run's value less the baseline's, paired by item, and `lower` and
    `upper` are the ends of its interval. `explanation` is one sentence for people.
    """

    condition: Condition
    verdict: Verdict
    value: float | None
    count: int
    baseline_value: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    explanation: str

    @classmethod
    def from_message(cls, message: gate_pb2.GateFinding) -> GateFinding:
        """Read it from the contract's message."""
        return cls(
            condition=Condition.from_message(message.condition),
            verdict=VERDICTS.member(message.verdict),
            value=optional_number(message, "value"),
            count=message.count,
            baseline_value=optional_number(message, "baseline_value"),
            difference=optional_number(message, "difference"),
            lower=optional_number(message, "lower"),
            upper=optional_number(message, "upper"),
            explanation=message.explanation,
        )


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What a gate said of a run: a finding for each condition, in their order.

    `baseline` is the run that it was compared with, empty if there was none; `author` who asked,
    "trialbook" when the run ended by itself.
    """

    verdict: Verdict
    findings: tuple[GateFinding, ...]
    baseline: str
    gate: Gate
    evaluate_time: datetime
    author: str

    @property
    def passed(self) -> bool:
        """Whether all conditions hold."""
        return self.verdict is Verdict.PASSED

    @classmethod
    def from_message(cls, message: gate_pb2.GateVerdict) -> GateVerdict:
        """Read it from the contract's message."""
        return cls(
            verdict=VERDICTS.member(message.verdict),
            findings=tuple(map(GateFinding.from_message, message.findings)),
            baseline=message.baseline,
            gate=Gate.from_message(message.gate),
            evaluate_time=time_of(message.evaluate_time),
            author=message.author,
        )
