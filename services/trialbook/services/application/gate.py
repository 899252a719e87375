"""What a gate may demand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from trialbook.services.application.item import check_text
from trialbook.services.application.ports import Queries
from trialbook.services.domain.errors import Invalid, NotFound, Violation
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.gate import Condition, Gate, Metric, RegressionRule
from trialbook.services.domain.naming import (
    ALIAS,
    ALIAS_RULE,
    check_id,
    parse_experiment,
    parse_run,
    run_name,
)

MAX_CONDITIONS = 64
MAX_LABEL = 64
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.999

VALUES = frozenset({Metric.MEAN, Metric.QUANTILE, Metric.MINIMUM, Metric.RUN_SCORE})
"""The metrics that look at a scorer's values, and so need a scorer."""
COMPARED = frozenset({Metric.PASS_RATE, Metric.MEAN, Metric.LATENCY, Metric.TOKENS, Metric.COST})
"""The metrics that can be compared with a baseline."""
_OF_SCORERS = VALUES | {Metric.PASS_RATE, Metric.FAILED_SCORES, Metric.UNSCORED_RESULTS}
_BOUNDS = ("at_least", "at_most", "max_regression")


def check_gate(path: str, gate: Gate) -> list[Violation]:
    """Return what is wrong with a gate, as far as it can be told from the gate alone."""
    if not 1 <= len(gate.conditions) <= MAX_CONDITIONS:
        return [Violation(f"{path}.conditions", f"must be 1 to {MAX_CONDITIONS}")]
    found = [
        bad
        for place, condition in enumerate(gate.conditions)
        for bad in _check_condition(f"{path}.conditions[{place}]", condition)
    ]
    if gate.baseline:
        found += _check_baseline(f"{path}.baseline", gate.baseline)
    if not LEAST_CONFIDENCE <= gate.confidence <= MOST_CONFIDENCE:
        found.append(
            Violation(
                f"{path}.confidence",
                f"{gate.confidence} is not from {LEAST_CONFIDENCE} to {MOST_CONFIDENCE}",
            )
        )
    return found


def require_gate_fits(
    queries: Queries, path: str, project: str, gate: Gate, scorers: Sequence[ScorerSpec]
) -> None:
    """Refuse a well-formed gate that cannot be asked about runs of a project.

    `scorers` are those that the runs will have; without any, they are the items' and the dataset's
    own ones, which are not known before. Raises Invalid, and NotFound for a baseline run.
    """
    violations = [
        bad
        for place, condition in enumerate(gate.conditions)
        for bad in _unknown_scorer(f"{path}.conditions[{place}].scorer", condition, scorers)
    ]
    if violations:
        raise Invalid(violations)
    if gate.baseline:
        require_baseline(queries, f"{path}.baseline", project, gate.baseline)


def require_baseline(queries: Queries, path: str, project: str, baseline: str) -> None:
    """Refuse a baseline of another project, or a run that does not exist. Raises as said."""
    its_project, run = parse_baseline(path, baseline)
    if its_project != project:
        raise Invalid.field(path, f"lies in another project; name one of projects/{project}")
    if run and queries.runs.find(project, run) is None:
        raise NotFound(run_name(project, run))


def parse_baseline(path: str, baseline: str) -> tuple[str, str]:
    """Return the project, and the id of a run; empty for an experiment. Raises Invalid."""
    if baseline.split("/")[2:3] == ["experiments"]:
        return parse_experiment(path, baseline)[0], ""
    try:
        return parse_run(path, baseline)
    except Invalid as error:
        raise Invalid.field(
            path,
            f"{baseline[:120]!r} is no baseline; write projects/{{project}}/runs/{{run}} or "
            "projects/{project}/experiments/{experiment}",
        ) from error


def _check_baseline(path: str, baseline: str) -> tuple[Violation, ...]:
    try:
        parse_baseline(path, baseline)
    except Invalid as error:
        return error.violations
    return ()


def _check_condition(path: str, condition: Condition) -> Iterator[Violation]:
    yield from _check_scorer(f"{path}.scorer", condition)
    yield from _check_quantile(f"{path}.quantile", condition)
    yield from _check_bounds(path, condition)
    yield from _check_regression(path, condition)
    for name in ("split", "tag"):
        label: str = getattr(condition, name)
        if label and condition.metric is Metric.RUN_SCORE:
            yield Violation(f"{path}.{name}", "has no place here: a run score is of the whole run")
        yield from check_text(f"{path}.{name}", label, MAX_LABEL)


def _check_scorer(path: str, condition: Condition) -> Iterator[Violation]:
    if condition.scorer and condition.metric not in _OF_SCORERS:
        yield Violation(path, f"has no place here: {condition.metric} is not a scorer's")
    elif condition.scorer or condition.metric in VALUES:
        yield from check_id(path, condition.scorer, ALIAS, ALIAS_RULE)


def _check_quantile(path: str, condition: Condition) -> Iterator[Violation]:
    quantile = condition.quantile
    if quantile is None:
        if condition.metric is Metric.QUANTILE:
            yield Violation(path, "is required; 0.5 is the median")
    elif condition.metric not in (Metric.QUANTILE, Metric.LATENCY):
        yield Violation(path, f"has no place here: {condition.metric} looks at no quantile")
    elif not 0 <= quantile <= 1:
        yield Violation(path, f"{quantile} is not from 0 to 1")


def _check_bounds(path: str, condition: Condition) -> Iterator[Violation]:
    bounds = {name: getattr(condition, name) for name in _BOUNDS}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    if not given:
        yield Violation(path, "demands nothing; set at_least, at_most or max_regression")
    infinite = [name for name, bound in given.items() if not math.isfinite(bound)]
    for name in infinite:
        yield Violation(f"{path}.{name}", f"{given[name]} is no finite number")
    if infinite:
        return
    for name in ("at_least", "at_most"):
        if name in given and (problem := _out_of_range(condition.metric, given[name])):
            yield Violation(f"{path}.{name}", f"{given[name]} {problem}")
    if "at_least" in given and "at_most" in given and given["at_least"] > given["at_most"]:
        yield Violation(
            f"{path}.at_least", f"{given['at_least']} is above at_most, {given['at_most']}"
        )


def _out_of_range(metric: Metric, bound: float) -> str:
    """Say why no value of a metric can be at a bound; a scorer's values may lie anywhere."""
    if metric is Metric.PASS_RATE:
        return "" if 0 <= bound <= 1 else "is not from 0 to 1"
    return "" if metric in VALUES or bound >= 0 else "is negative"


def _check_regression(path: str, condition: Condition) -> Iterator[Violation]:
    allowed = condition.max_regression
    if allowed is None:
        if condition.rule is not RegressionRule.INTERVAL:
            yield Violation(f"{path}.regression_rule", "says nothing without max_regression")
    elif condition.metric not in COMPARED:
        known = ", ".join(sorted(COMPARED))
        yield Violation(
            f"{path}.max_regression",
            f"has no place here: {condition.metric} is not compared; {known} are",
        )
    elif allowed < 0:
        yield Violation(f"{path}.max_regression", f"{allowed} is negative; 0 allows no regression")


def _unknown_scorer(
    path: str, condition: Condition, scorers: Sequence[ScorerSpec]
) -> Iterator[Violation]:
    if not condition.scorer or not scorers:
        return
    known = {spec.alias: spec for spec in scorers if not spec.superseded}
    spec = known.get(condition.scorer)
    if spec is None:
        yield Violation(
            path, f"{condition.scorer!r} is none of the scorers; there are: {', '.join(known)}"
        )
    elif condition.metric is not Metric.FAILED_SCORES and (
        (condition.metric is Metric.RUN_SCORE) != (spec.scope is ScorerScope.RUN)
    ):
        judged = "the run as a whole" if spec.scope is ScorerScope.RUN else "results"
        yield Violation(
            path, f"{condition.scorer!r} judges {judged}, which {condition.metric} is not about"
        )
