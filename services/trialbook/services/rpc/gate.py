"""Gates and their verdicts on the wire."""

from __future__ import annotations

from typing import TypeVar

from trialbook.services.application.views import VerdictView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.gate import (
    Condition,
    Finding,
    Gate,
    Metric,
    RegressionRule,
    Verdict,
)
from trialbook.services.rpc.payload import write_time
from trialbook.v1 import gate_pb2 as pb

_METRICS = {metric: pb.GateMetric.Value(f"GATE_METRIC_{metric.name}") for metric in Metric}
_RULES = {rule: pb.RegressionRule.Value(f"REGRESSION_RULE_{rule.name}") for rule in RegressionRule}
_VERDICTS = {verdict: pb.Verdict.Value(f"VERDICT_{verdict.name}") for verdict in Verdict}

K = TypeVar("K")


def read_gate(path: str, gate: pb.Gate) -> Gate:
    """Return a gate from the wire. Raises Invalid for what this version does not know."""
    conditions = tuple(
        _read_condition(f"{path}.conditions[{place}]", condition)
        for place, condition in enumerate(gate.conditions)
    )
    confidence = gate.confidence if gate.HasField("confidence") else 0.95
    return Gate(conditions, gate.baseline, confidence)


def to_gate(gate: Gate) -> pb.Gate:
    """Return a gate for the wire."""
    return pb.Gate(
        conditions=map(_to_condition, gate.conditions),
        baseline=gate.baseline,
        confidence=gate.confidence,
    )


def to_verdict(view: VerdictView) -> pb.GateVerdict:
    """Return a verdict for the wire."""
    return pb.GateVerdict(
        verdict=_VERDICTS[view.verdict],  # type: ignore[arg-type]
        findings=[
            _to_finding(condition, finding)
            for condition, finding in zip(view.gate.conditions, view.findings, strict=True)
        ],
        baseline=view.baseline,
        gate=to_gate(view.gate),
        evaluate_time=write_time(view.evaluated_at),
        author=view.author,
    )


def _read_condition(path: str, condition: pb.GateCondition) -> Condition:
    optional = {
        name: getattr(condition, name) if condition.HasField(name) else None
        for name in ("quantile", "at_least", "at_most", "max_regression")
    }
    rule = condition.regression_rule or pb.REGRESSION_RULE_INTERVAL
    return Condition(
        metric=_known(f"{path}.metric", _METRICS, condition.metric),
        scorer=condition.scorer,
        split=condition.split,
        tag=condition.tag,
        rule=_known(f"{path}.regression_rule", _RULES, rule),
        **optional,
    )


def _known(path: str, numbers: dict[K, int], number: int) -> K:
    for known, its_number in numbers.items():
        if its_number == number:
            return known
    problem = "is required" if not number else f"{number} is not known to this version"
    raise Invalid.field(path, problem)


def _to_condition(condition: Condition) -> pb.GateCondition:
    return pb.GateCondition(
        metric=_METRICS[condition.metric],  # type: ignore[arg-type]
        scorer=condition.scorer,
        quantile=condition.quantile,
        split=condition.split,
        tag=condition.tag,
        at_least=condition.at_least,
        at_most=condition.at_most,
        max_regression=condition.max_regression,
        regression_rule=None if condition.max_regression is None else _RULES[condition.rule],  # type: ignore[arg-type]
    )


def _to_finding(condition: Condition, finding: Finding) -> pb.GateFinding:
    return pb.GateFinding(
        condition=_to_condition(condition),
        verdict=_VERDICTS[finding.verdict],  # type: ignore[arg-type]
        value=finding.value,
        count=finding.count,
        baseline_value=finding.baseline_value,
        difference=finding.difference,
        lower=finding.lower,
        upper=finding.upper,
        explanation=finding.explanation,
    )
