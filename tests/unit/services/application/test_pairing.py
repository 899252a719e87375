from __future__ import annotations

import numpy as np

from trialbook.services.application.item_match import ItemMatches
from trialbook.services.application.pairing import paired_items
from trialbook.services.application.run_columns import RunColumns
from trialbook.services.statistics.cluster import Labels, Vector

NAN = np.nan


def columns(*ordinals: int) -> RunColumns:
    count = len(ordinals)
    nothing: Vector = np.full(count, NAN)
    return RunColumns(
        number=np.arange(1, count + 1),
        ordinal=np.array(ordinals, np.int64),
        trial=np.ones(count, np.int32),
        status=np.zeros(count, np.int8),
        latency=nothing,
        tokens=nothing,
        cost=nothing,
        scores={},
    )


def ordinals(*some: int) -> Labels:
    return np.array(some, np.int64)


MATCHES = ItemMatches(
    baseline=ordinals(2, 3, 5),
    candidate=ordinals(12, 13, 11),
    changed=np.array([False, True, False]),
    added=ordinals(14),
    removed=ordinals(1),
)
BASELINE, CANDIDATE = columns(1, 2, 2, 3, 5), columns(11, 12, 13, 14, 12)


def test_trials_of_an_item_are_averaged_before_items_are_paired() -> None:
    pairs = paired_items(BASELINE, CANDIDATE, MATCHES)
    before, after = pairs.means(
        np.array([9.0, 1.0, 2.0, 9.0, 4.0]), np.array([5.0, 1.0, 9.0, 9.0, NAN])
    )
    assert pairs.ordinals.tolist() == [2, 5]
    assert before.tolist() == [1.5, 4.0]
    assert after.tolist() == [1.0, 5.0]


def test_items_without_a_value_have_none_in_their_pair() -> None:
    pairs = paired_items(BASELINE, CANDIDATE, MATCHES)
    before, _ = pairs.means(np.array([9.0, NAN, NAN, 9.0, 4.0]), np.zeros(5))
    np.testing.assert_array_equal(before, [NAN, 4.0])


def test_changed_items_are_paired_when_they_are_asked_for() -> None:
    pairs = paired_items(BASELINE, CANDIDATE, MATCHES, include_changed=True)
    assert pairs.ordinals.tolist() == [2, 3, 5]


def test_an_item_passes_if_all_its_verdicts_do() -> None:
    pairs = paired_items(BASELINE, CANDIDATE, MATCHES)
    before, after = pairs.verdicts(
        np.array([1, 1, 0, 1, -1], np.int8), np.array([0, 1, 1, 1, -1], np.int8)
    )
    assert before.tolist() == [0, -1]
    assert after.tolist() == [1, 0]


def test_what_the_baseline_has_is_restricted_by_the_baseline() -> None:
    within = MATCHES.within(ordinals(1, 5), ordinals(12, 13, 14))
    assert within.baseline.tolist() == [5]
    assert within.candidate.tolist() == [11]
    assert (within.added.tolist(), within.removed.tolist()) == ([14], [1])
