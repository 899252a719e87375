"""What an experiment demands of a run, and what came of that."""

from __future__ import annotations

import enum

import msgspec


class Metric(enum.StrEnum):
    """What a condition looks at."""

    PASS_RATE = "pass_rate"  # noqa: S105 — a rate, not a password
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


class RegressionRule(enum.StrEnum):
    """How a difference from the baseline is judged."""

    INTERVAL = "interval"
    UNLESS_SHOWN = "unless_shown"
    POINT = "point"


class Verdict(enum.StrEnum):
    """Whether a run, or one condition, is what it should be."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition. Latencies are in seconds. Empty and None restrict and demand nothing."""

    metric: Metric
    scorer: str = ""
    quantile: float | None = None
    split: str = ""
    tag: str = ""
    at_least: float | None = None
    at_most: float | None = None
    max_regression: float | None = None
    rule: RegressionRule = RegressionRule.INTERVAL


class Gate(msgspec.Struct, frozen=True, omit_defaults=True):
    """All conditions must hold. `baseline` names a run or an experiment."""

    conditions: tuple[Condition, ...]
    baseline: str = ""
    confidence: float = 0.95


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one condition: its figures, and one sentence."""

    verdict: Verdict
    explanation: str
    count: int = 0
    value: float | None = None
    baseline_value: float | None = None
    difference: float | None = None
    lower: float | None = None
    upper: float | None = None


class GateEvaluated(msgspec.Struct, frozen=True):
    """A gate was asked about a run that had ended. `findings` follow the gate's conditions."""

    uid: str
    position: int
    verdict: Verdict
    gate: Gate
    findings: tuple[Finding, ...]
    baseline: str = ""
