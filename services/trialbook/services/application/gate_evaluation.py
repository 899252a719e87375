"""Asks a gate about a run: each condition's figures, what they say, and the verdict on all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.services.application.gate_metric import Evidence, Unanswerable, measure
from trialbook.services.application.gate_regression import Baseline, regress
from trialbook.services.application.gate_sentence import of_bounds, of_regression, of_value
from trialbook.services.application.gate_tolerance import is_within
from trialbook.services.domain.gate import Condition, Finding, Gate, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate says: the verdict, and a finding for each condition."""

    verdict: Verdict
    findings: tuple[Finding, ...]


def evaluate(gate: Gate, evidence: Evidence, baseline: Baseline | str) -> Judged:
    """Ask a gate about a run. In place of a baseline, a sentence may say why there is none."""
    findings = tuple(
        _find(condition, gate.confidence, evidence, baseline) for condition in gate.conditions
    )
    return Judged(verdict_of([finding.verdict for finding in findings]), findings)


def verdict_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what verdicts come to: failed if one is, else inconclusive if one is."""
    for worst in (Verdict.FAILED, Verdict.INCONCLUSIVE):
        if worst in verdicts:
            return worst
    return Verdict.PASSED


def _find(
    condition: Condition, confidence: float, evidence: Evidence, baseline: Baseline | str
) -> Finding:
    try:
        measured = measure(evidence, condition)
    except Unanswerable as why:
        return Finding(Verdict.INCONCLUSIVE, why.sentence)
    parts: list[Finding] = []
    if condition.at_least is not None or condition.at_most is not None:
        holds = is_within(measured.value, condition.at_least, condition.at_most)
        parts.append(Finding(Verdict.PASSED if holds else Verdict.FAILED, of_bounds(condition)))
    if condition.max_regression is not None:
        parts.append(_find_regression(condition, confidence, evidence, baseline))
    said = [of_value(condition, measured), *(part.explanation for part in parts)]
    compared = parts[-1]
    return Finding(
        verdict_of([part.verdict for part in parts]),
        "; ".join(said),
        measured.count,
        measured.value,
        compared.baseline_value,
        compared.difference,
        compared.lower,
        compared.upper,
    )


def _find_regression(
    condition: Condition, confidence: float, evidence: Evidence, baseline: Baseline | str
) -> Finding:
    if isinstance(baseline, str):
        return Finding(Verdict.INCONCLUSIVE, baseline)
    try:
        told = regress(condition, confidence, evidence, baseline)
    except Unanswerable as why:
        return Finding(Verdict.INCONCLUSIVE, why.sentence)
    verdict = told.verdict(condition.max_regression or 0.0, condition.rule)
    return Finding(
        verdict,
        of_regression(condition, confidence, told, verdict),
        baseline_value=told.baseline_value,
        difference=told.difference,
        lower=told.lower,
        upper=told.upper,
    )
