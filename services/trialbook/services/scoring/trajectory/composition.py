"""Several findings as one: a weighted mean that says what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.finding import Finding


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composed score. Where a `veto` fails, the whole is 0."""

    name: str
    finding: Finding
    veto: bool = False


def compose(parts: Sequence[Part], weights: Mapping[str, float]) -> Finding:
    """Return the mean of the parts, by their weights over the sum of the weights.

    It passes if all parts do. A part whose evidence is missing leaves the whole without a verdict,
    unless another has failed already: then it is left out of the mean. Raise `NotEvaluable` if no
    part that can be told has a weight.
    """
    known = [part for part in parts if part.finding.gap is None]
    failed = [part.name for part in known if part.finding.passed is False]
    total = sum(weights[part.name] for part in known)
    shares = {part.name: weights[part.name] / total for part in known} if total else {}
    details: dict[str, object] = {"parts": [_entry(part, weights, shares) for part in parts]}
    gaps = [part.finding.gap for part in parts if part.finding.gap is not None]
    if gaps and not failed:
        return Finding(details=details, gap=gaps[0])
    if not total:
        raise NotEvaluable("no_weight", "All parts that the expectation states have a weight of 0.")
    vetoed = any(part.veto and part.name in failed for part in known)
    value = sum(share * _value(parts, name) for name, share in shares.items())
    return Finding(
        0.0 if vetoed else value,
        not failed,
        "mismatch" if failed else "match",
        f"Not as expected: {', '.join(failed)}." if failed else "All is as expected.",
        details,
        vetoed=vetoed,
    )


def _value(parts: Sequence[Part], name: str) -> float:
    return next(part.finding.value for part in parts if part.name == name)


def _entry(
    part: Part, weights: Mapping[str, float], shares: Mapping[str, float]
) -> dict[str, object]:
    finding = part.finding
    known = finding.gap is None
    return {
        "part": part.name,
        "weight": weights[part.name],
        "share": shares.get(part.name, 0.0),
        "value": round(finding.value, 12) if known else None,
        "passed": finding.passed if known else None,
        "label": finding.gap.label if finding.gap else finding.label,
        **finding.details,
    }
