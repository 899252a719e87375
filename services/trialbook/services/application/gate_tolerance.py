"""Whether figures keep within bounds, but for what rounding adds to them or takes from them."""

from __future__ import annotations

import math

_RELATIVE = 1e-9
_ABSOLUTE = 1e-12


def is_within(value: float, at_least: float | None, at_most: float | None) -> bool:
    """Say whether a value lies between bounds; None is no bound."""
    return (at_least is None or not is_beyond(-value, -at_least)) and (
        at_most is None or not is_beyond(value, at_most)
    )


def is_beyond(value: float, bound: float) -> bool:
    """Say whether a value is above a bound by more than rounding."""
    return value > bound and not math.isclose(value, bound, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
