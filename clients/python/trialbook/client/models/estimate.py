"""Means with their intervals, and differences of them."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.codec import optional_number
from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `count` values. `lower` and `upper` are the ends of its interval (Student's t).

    What cannot be said is None: the mean without values, what needs two values or clusters below
    two.
    """

    count: int
    mean: float | None
    standard_deviation: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    median: float | None
    p95: float | None

    @classmethod
    def from_message(cls, message: comparison_pb2.Estimate) -> Estimate:
        """Read it from the contract's message."""
        return cls(
            count=message.count,
            mean=optional_number(message, "mean"),
            standard_deviation=optional_number(message, "standard_deviation"),
            standard_error=optional_number(message, "standard_error"),
            lower=optional_number(message, "lower"),
            upper=optional_number(message, "upper"),
            median=optional_number(message, "median"),
            p95=optional_number(message, "p95"),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of means, and whether it can be chance.

    `lower` and `upper` are by Student's t, `bootstrap_lower` and `bootstrap_upper` by bootstrap
    over clusters. `p_value` is two-sided, by `test` ("wilcoxon" or "permutation"), and
    `adjusted_p_value` is that for the number of scorers (Benjamini and Hochberg, 1995).
    `minimum_detectable_effect` is the smallest true difference that would show with a chance of
    80 %. What cannot be said is None.
    """

    count: int
    clusters: int
    mean: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    bootstrap_lower: float | None
    bootstrap_upper: float | None
    p_value: float | None
    test: str
    adjusted_p_value: float | None
    minimum_detectable_effect: float | None

    @classmethod
    def from_message(cls, message: comparison_pb2.Difference) -> Difference:
        """Read it from the contract's message."""
        return cls(
            count=message.count,
            clusters=message.clusters,
            mean=optional_number(message, "mean"),
            standard_error=optional_number(message, "standard_error"),
            lower=optional_number(message, "lower"),
            upper=optional_number(message, "upper"),
            bootstrap_lower=optional_number(message, "bootstrap_lower"),
            bootstrap_upper=optional_number(message, "bootstrap_upper"),
            p_value=optional_number(message, "p_value"),
            test=message.test,
            adjusted_p_value=optional_number(message, "adjusted_p_value"),
            minimum_detectable_effect=optional_number(message, "minimum_detectable_effect"),
        )
