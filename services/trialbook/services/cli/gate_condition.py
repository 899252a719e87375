"""Conditions of gates as they stand on the command line: `mean(exact_match)>=0.8`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from trialbook.client import Condition, GateMetric, RegressionRule
from trialbook.services.cli.arguments import time_span

FORMS = """\
METRIC[(SCORER)][[split=NAME]|[tag=NAME]] >= or <= VALUE, where VALUE is a number or baseline±NUMBER

\b
  pass_rate>=0.9                          all scorers that give a verdict
  pass_rate(exact_match)>=0.9             one of them
  mean(similarity)[split=test]>=0.8
  p10(similarity)>=0.5                    a quantile; min(x), max is p100(x)
  run_score(agreement)>=0.8
  failed_results<=3     failed_scores<=0     unscored_results(x)<=5     skipped_results<=0
  latency_p95<=2s       tokens<=1500         cost<=0.02
  mean(exact_match)>=baseline-0.01        paired with the baseline, by the interval
  mean(exact_match)>=baseline unless-shown     fails only if a regression is shown
  latency_p95<=baseline+200ms point       by the observed difference alone
"""

_CONDITION = re.compile(
    r"""
    \s* (?P<metric>[a-z][a-z0-9_.]*) \s*
    (?: \( \s* (?P<scorer>[A-Za-z0-9._-]+) \s* \) \s* )?
    (?: \[ \s* (?P<part>split|tag) \s* = \s* (?P<part_name>[^\]\s][^\]]*?) \s* \] \s* )?
    (?P<relation>>=|<=) \s*
    (?P<value> baseline \s* (?: [+-] \s* [\d.]+ (?:e[+-]?\d+)? [a-z]* )?
      | -? [\d.]+ (?:e[+-]?\d+)? [a-z]*
    )
    (?: \s+ (?P<rule>interval|unless-shown|point) )?
    \s*
    """,
    re.VERBOSE | re.ASCII,
)
_QUANTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)", re.ASCII)
_LATENCY = re.compile(r"latency(?:_p(\d{1,3}(?:\.\d+)?))?", re.ASCII)
_METRICS: Mapping[str, GateMetric] = {
    "pass_rate": GateMetric.PASS_RATE,
    "mean": GateMetric.MEAN,
    "min": GateMetric.MINIMUM,
    "failed_results": GateMetric.FAILED_RESULTS,
    "failed_scores": GateMetric.FAILED_SCORES,
    "unscored_results": GateMetric.UNSCORED_RESULTS,
    "skipped_results": GateMetric.SKIPPED_RESULTS,
    "tokens": GateMetric.TOKENS,
    "cost": GateMetric.COST,
    "run_score": GateMetric.RUN_SCORE,
}
_RULES: Mapping[str, RegressionRule] = {
    "interval": RegressionRule.INTERVAL,
    "unless-shown": RegressionRule.UNLESS_SHOWN,
    "point": RegressionRule.POINT,
}
_LESS_IS_BETTER = (GateMetric.LATENCY, GateMetric.TOKENS, GateMetric.COST)


@dataclass(frozen=True, slots=True)
class _Value:
    """A bound: a number, or a distance from the baseline."""

    number: float
    relative: bool


def gate_condition(text: str) -> Condition:
    """Return a condition from its form on the command line. Raises BadParameter."""
    parts = _CONDITION.fullmatch(text)
    if parts is None:
        raise click.BadParameter(_where_it_breaks(text))
    condition = _metric(parts["metric"], parts["scorer"] or "")
    if parts["part"]:
        part: dict[str, Any] = {parts["part"]: parts["part_name"]}
        condition = replace(condition, **part)
    value = _value(parts["value"], in_time=condition.metric is GateMetric.LATENCY)
    if value.relative:
        return _against_baseline(condition, parts["relation"], value, parts["rule"] or "interval")
    if parts["rule"]:
        raise click.BadParameter(f"{parts['rule']!r} belongs to a comparison with the baseline")
    if parts["relation"] == ">=":
        return replace(condition, at_least=value.number)
    return replace(condition, at_most=value.number)


def condition_text(condition: Condition) -> str:
    """Return a condition in the form that `gate_condition` reads."""
    subject = _subject(condition)
    bounds = []
    if condition.at_least is not None:
        bounds.append(f"{subject}>={_number_text(condition, condition.at_least)}")
    if condition.at_most is not None:
        bounds.append(f"{subject}<={_number_text(condition, condition.at_most)}")
    if condition.max_regression is not None:
        bounds.append(f"{subject}{_relative_text(condition, condition.max_regression)}")
    return ", ".join(bounds)


def _metric(name: str, scorer: str) -> Condition:
    quantile, latency = _QUANTILE.fullmatch(name), _LATENCY.fullmatch(name)
    if quantile:
        return Condition(GateMetric.QUANTILE, scorer, _share(name, quantile[1]))
    if latency:
        share = None if latency[1] is None else _share(name, latency[1])
        return Condition(GateMetric.LATENCY, scorer, share)
    metric = _METRICS.get(name)
    if metric is None:
        known = ", ".join([*_METRICS, "latency_p95", "p10"])
        raise click.BadParameter(f"{name!r} is no metric; there are {known} and their like")
    return Condition(metric, scorer)


def _share(name: str, percent: str) -> float:
    share = float(percent) / 100
    if share > 1:
        raise click.BadParameter(f"{name!r} is no quantile; p0 to p100 are")
    return share


def _value(text: str, *, in_time: bool) -> _Value:
    compact = text.replace(" ", "")
    relative = compact.startswith("baseline")
    amount = compact.removeprefix("baseline")
    if relative and not amount:
        return _Value(0.0, relative=True)
    sign = -1.0 if amount.startswith("-") else 1.0
    return _Value(sign * _amount(amount.lstrip("+-"), in_time=in_time), relative)


def _amount(text: str, *, in_time: bool) -> float:
    if in_time:
        return time_span(text)
    try:
        return float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a number") from error


def _against_baseline(condition: Condition, relation: str, value: _Value, rule: str) -> Condition:
    """Read `>=baseline-x` of what should be high, and `<=baseline+x` of what should be low.

    A scorer whose lower values are better is compared with `<=`; the server knows its direction.
    """
    if condition.metric in _LESS_IS_BETTER and relation != "<=":
        raise click.BadParameter(f"less of {condition.metric} is better: write <=baseline")
    allowance = -value.number if relation == ">=" else value.number
    if allowance < 0:
        raise click.BadParameter(
            "asks for more than no regression; use a bound, or baseline with an allowance: "
            ">=baseline-0.01 or <=baseline+0.01"
        )
    return replace(condition, max_regression=allowance, regression_rule=_RULES[rule])


def _where_it_breaks(text: str) -> str:
    """Say up to which column a text looks like a condition."""
    reached = 0
    for end in range(len(text), 0, -1):
        if _CONDITION.fullmatch(text[:end]) or _is_beginning(text[:end]):
            reached = end
            break
    return (
        f"{text!r} is not understood from column {reached + 1} on; "
        "write, for example, mean(exact_match)>=0.8 or pass_rate>=baseline-0.01"
    )


_BEGINNING = re.compile(
    r"""
    \s* [a-z][a-z0-9_.]* \s*
    (?: \( \s* [A-Za-z0-9._-]* \s*
      | (?: \( \s* [A-Za-z0-9._-]+ \s* \) \s* )?
        (?: \[ [^\]]* | (?: \[ [^\]=]* = \s* [^\]\s] [^\]]* \] \s* )? (?: [><] | [><]= \s* )? )
    )
    """,
    re.VERBOSE | re.ASCII,
)


def _is_beginning(text: str) -> bool:
    return _BEGINNING.fullmatch(text) is not None


def _subject(condition: Condition) -> str:
    name = condition.metric.value
    if condition.metric is GateMetric.QUANTILE:
        name = f"p{(condition.quantile or 0) * 100:g}"
    elif condition.metric is GateMetric.LATENCY:
        share = 0.95 if condition.quantile is None else condition.quantile
        name = f"latency_p{share * 100:g}"
    elif condition.metric is GateMetric.MINIMUM:
        name = "min"
    scorer = f"({condition.scorer})" if condition.scorer else ""
    part = f"[split={condition.split}]" if condition.split else ""
    part += f"[tag={condition.tag}]" if condition.tag else ""
    return f"{name}{scorer}{part}"


def _number_text(condition: Condition, number: float) -> str:
    # As many digits as it takes to read the same number again.
    text = repr(number).removesuffix(".0")
    return f"{text}s" if condition.metric is GateMetric.LATENCY else text


def _relative_text(condition: Condition, allowance: float) -> str:
    lower = condition.metric in _LESS_IS_BETTER
    relation, sign = ("<=", "+") if lower else (">=", "-")
    distance = f"{sign}{_number_text(condition, allowance)}" if allowance else ""
    rule = {RegressionRule.UNLESS_SHOWN: " unless-shown", RegressionRule.POINT: " point"}
    return f"{relation}baseline{distance}{rule.get(condition.regression_rule, '')}"
