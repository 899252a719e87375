"""P-values of several tests together."""

from __future__ import annotations

from collections.abc import Sequence

import scipy


def adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted for how many there are (Benjamini and Hochberg, 1995).

    None stays None and is not counted.
    """
    known = [p_value for p_value in p_values if p_value is not None]
    if not known:
        return list(p_values)
    found = iter(scipy.stats.false_discovery_control(known, method="bh"))
    return [None if p_value is None else float(next(found)) for p_value in p_values]
