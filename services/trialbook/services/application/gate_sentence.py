"""What a gate found, in sentences that name the figures."""

from __future__ import annotations

from trialbook.services.application.gate_metric import Measured, quantile_of, scope_of
from trialbook.services.application.gate_regression import Regression
from trialbook.services.domain.gate import Condition, Metric, RegressionRule, Verdict

_SENTENCES = {
    Metric.PASS_RATE: "pass rate{of} is {value} over {results}",
    Metric.MEAN: "mean of {scorer} is {value} over {results}",
    Metric.QUANTILE: "quantile {quantile} of {scorer} is {value} over {results}",
    Metric.MINIMUM: "minimum of {scorer} is {value} over {results}",
    Metric.FAILED_RESULTS: "{value} of {results} failed",
    Metric.FAILED_SCORES: "scores{of} that broke are {value} over {results}",
    Metric.UNSCORED_RESULTS: "{value} of {results} that succeeded lack a value{of}",
    Metric.SKIPPED_RESULTS: "{value} of {results} were skipped",
    Metric.LATENCY: "quantile {quantile} of the latency is {value} s over {results}",
    Metric.TOKENS: "a result takes {value} tokens on average over {results}",
    Metric.COST: "a result costs {value} US dollars on average over {results}",
    Metric.RUN_SCORE: "{scorer} of the run is {value}",
}


def of_value(condition: Condition, measured: Measured) -> str:
    """Say what a run came to."""
    return _SENTENCES[condition.metric].format(
        value=figure(measured.value),
        results=_counted(measured.count, "result") + scope_of(condition),
        scorer=condition.scorer,
        of=f" of {condition.scorer}" if condition.scorer else "",
        quantile=figure(quantile_of(condition)),
    )


def of_bounds(condition: Condition) -> str:
    """Say what is asked of the value."""
    least, most = condition.at_least, condition.at_most
    if least is not None and most is not None:
        return f"{figure(least)} to {figure(most)} is asked"
    if least is not None:
        return f"at least {figure(least)} is asked"
    return f"at most {figure(most or 0.0)} is asked"


def of_regression(
    condition: Condition, confidence: float, told: Regression, verdict: Verdict
) -> str:
    """Say how a run stands beside its baseline, and what is asked of that."""
    pairs = _counted(told.count, "item")
    said = (
        f"over {pairs} the difference from the baseline's {figure(told.baseline_value)} is "
        f"{figure(told.difference)}"
    )
    by_interval = condition.rule is not RegressionRule.POINT
    if by_interval and told.lower is not None and told.upper is not None:
        interval = f"{figure(told.lower)} to {figure(told.upper)}"
        said += f" ({figure(100 * confidence)} % interval {interval})"
    elif by_interval:
        said += ", and one item gives no interval"
    worse = "more" if told.less_is_better else "less"
    said += f"; at most {figure(condition.max_regression or 0.0)} {worse} is allowed"
    if verdict is Verdict.INCONCLUSIVE and told.lower is not None:
        said += ", and the interval lies on both sides of that"
    if verdict is Verdict.PASSED and condition.rule is RegressionRule.UNLESS_SHOWN:
        said += ", and more than that is not shown"
    return said


def figure(value: float) -> str:
    """Write a number for people, with at most six digits that tell something."""
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return "0" if text == "-0" else text


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
