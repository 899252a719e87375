"""An alignment as the evidence of a judgement."""

from __future__ import annotations

import msgspec

from trialbook.services.scoring.trajectory.alignment import AlignedPair, Alignment
from trialbook.services.scoring.trajectory.arguments import Difference
from trialbook.services.scoring.trajectory.report import step_entry


def alignment_details(alignment: Alignment) -> dict[str, object]:
    """Return an alignment's lists and figures.

    `expected` numbers the expected steps and `step` all steps of the trajectory, both depth first,
    from 0. `differing` are pairs of a missing and an extra step of one name.
    """
    return {
        "expected_steps": len(alignment.expected),
        "actual_steps": len(alignment.steps),
        "matched": [_pair(alignment, pair) for pair in alignment.matched],
        "missing": [
            {"expected": number, "name": alignment.expected[number].name}
            for number in alignment.missing
        ],
        "extra": [
            step_entry(alignment.steps[number], alignment.positions[number])
            for number in alignment.extra
        ],
        "out_of_order": [_pair(alignment, pair) for pair in alignment.out_of_order],
        "differing": [_pair(alignment, pair) for pair in alignment.differing],
    }


def difference_entry(difference: Difference) -> dict[str, object]:
    """Return one difference; a side that has nothing there is left out."""
    entry: dict[str, object] = {"path": difference.path}
    if difference.expected is not msgspec.UNSET:
        entry["expected"] = difference.expected
    if difference.actual is not msgspec.UNSET:
        entry["actual"] = difference.actual
    if difference.message:
        entry["message"] = difference.message
    return entry


def _pair(alignment: Alignment, pair: AlignedPair) -> dict[str, object]:
    entry: dict[str, object] = {
        "expected": pair.expected,
        **step_entry(alignment.steps[pair.step], alignment.positions[pair.step]),
        "args_score": pair.score,
    }
    if pair.differences:
        entry["args_diff"] = [difference_entry(each) for each in pair.differences]
    return entry
