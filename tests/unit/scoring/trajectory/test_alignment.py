from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scoring.trajectory.trajectories import (
    PARTIAL,
    call,
    calls,
    evidence_of,
    expected,
    judge,
    outcome,
    parallel,
    trajectory,
)
from trialbook.services.scoring.expectation.reading import expectation_of
from trialbook.services.scoring.trajectory.alignment import align

NAMES = st.lists(st.sampled_from("abc"), max_size=7).map(" ".join)


def figures(wanted: object, done: str, **parameters: object) -> tuple[float, ...]:
    evidence = evidence_of(
        judge("trajectory_alignment", trajectory(*calls(done)), wanted, **parameters)
    )
    return tuple(round(evidence[name], 3) for name in ("precision", "recall", "f1"))


@pytest.mark.parametrize(
    ("wanted", "done", "ordered", "unordered"),
    [
        ("", "", (1, 1, 1), (1, 1, 1)),
        ("", "a", (0, 0, 0), (0, 0, 0)),
        ("a", "", (0, 0, 0), (0, 0, 0)),
        ("a", "a a", (0.5, 1, 0.667), (0.5, 1, 0.667)),
        ("a a", "a", (1, 0.5, 0.667), (1, 0.5, 0.667)),
        ("a b", "b a", (0.5, 0.5, 0.5), (1, 1, 1)),
        ("a b", "a x b", (0.667, 1, 0.8), (0.667, 1, 0.8)),
        ("a b c", "b c a", (0.667, 0.667, 0.667), (1, 1, 1)),
    ],
)
def test_precision_recall_and_f1_of_the_edge_cases(
    wanted: str, done: str, ordered: tuple[float, ...], unordered: tuple[float, ...]
) -> None:
    assert figures(expected(wanted), done) == ordered
    assert figures(expected(wanted), done, ordered=False) == unordered
    assert figures(expected(wanted, ordering="unordered"), done) == unordered


def test_the_value_is_the_figure_that_is_asked_for_and_a_threshold_gives_a_verdict() -> None:
    found = trajectory(*calls("a x b"))
    precision = judge(
        "trajectory_alignment", found, expected("a b"), figure="precision", threshold=0.7
    )
    recall = judge("trajectory_alignment", found, expected("a b"), figure="recall", threshold=0.7)

    assert precision.value == pytest.approx(2 / 3)
    assert precision.passed is False
    assert (recall.value, recall.passed) == (1.0, True)
    assert judge("trajectory_alignment", found, expected("a b")).passed is None


def test_partly_equal_arguments_count_in_part() -> None:
    steps = [{"name": "a", "args": {"x": 1, "y": 2}, "args_mode": "partial"}]
    found = trajectory(call("a", args={"x": 1, "y": 3}))

    judgement = judge("trajectory_alignment", found, steps)

    assert judgement.value == 0.5
    assert evidence_of(judgement)["matched"][0]["args_diff"] == [
        {"path": "/y", "expected": 2, "actual": 3}
    ]


def test_a_step_of_the_same_name_with_other_arguments_is_shown_beside_the_missing_one() -> None:
    found = trajectory(call("a", args={"x": 2, "y": {"z": 1}}))

    evidence = evidence_of(
        judge("trajectory_alignment", found, [{"name": "a", "args": {"x": 1, "y": {"w": 1}}}])
    )

    assert [entry["name"] for entry in evidence["missing"]] == ["a"]
    assert [entry["name"] for entry in evidence["extra"]] == ["a"]
    assert evidence["differing"][0]["args_diff"] == [
        {"path": "/x", "expected": 1, "actual": 2},
        {"path": "/y/w", "expected": 1},
    ]


def test_what_fits_elsewhere_is_out_of_order_and_neither_missing_nor_extra() -> None:
    alignment = align(expectation_of(expected("a b c")), trajectory(*calls("b c a")))

    assert [(pair.expected, pair.step) for pair in alignment.matched] == [(1, 0), (2, 1)]
    assert [(pair.expected, pair.step) for pair in alignment.out_of_order] == [(0, 2)]
    assert (alignment.missing, alignment.extra) == ((), ())


def test_missing_evidence_leaves_no_figures() -> None:
    unknown = trajectory(call("a", args=msgspec.UNSET))
    steps = [{"name": "a", "args": {"x": 1}}]

    assert outcome(judge("trajectory_alignment", unknown, steps)) == "args_not_captured"
    assert outcome(judge("trajectory_alignment", unknown, expected("a"))) == 1
    partial = judge("trajectory_alignment", trajectory(evidence=PARTIAL), expected("a"))
    assert (partial.label, partial.reason) == (
        "trace_partial",
        "The trace is not complete: 3 of 5 spans came.",
    )


def test_too_many_orders_of_parallel_steps_are_refused() -> None:
    steps = [{"parallel": [{"name": name} for name in "abcdefg"]}, {"name": "h"}]
    found = trajectory(*parallel(*calls("b a c d e f g")), call("h"))

    assert outcome(judge("trajectory_alignment", found, steps)) == "too_long"
    assert outcome(judge("trajectory_alignment", found, expected("a b c d e f g h"))) == 1


def test_steps_that_each_fit_their_own_place_need_no_search() -> None:
    steps = [{"parallel": [{"name": name} for name in "abcdefg"]}, {"name": "h"}]
    found = trajectory(*parallel(*calls("a b c d e f g")), call("h"))

    assert outcome(judge("trajectory_alignment", found, steps)) == 1


def matched(wanted: str, done: str, *, ordered: bool) -> float:
    expectation = expectation_of(expected(wanted))
    return align(expectation, trajectory(*calls(done)), ordered=ordered).least


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    return max(
        size
        for size in range(len(one) + 1)
        if any(is_subsequence(chosen, other) for chosen in itertools.combinations(one, size))
    )


def is_subsequence(names: Sequence[str], of: Sequence[str]) -> bool:
    rest = iter(of)
    return all(name in rest for name in names)


def greedy(wanted: Sequence[str], done: Sequence[str]) -> int:
    count, start = 0, 0
    for name in wanted:
        if name in done[start:]:
            start = done.index(name, start) + 1
            count += 1
    return count


@given(NAMES, NAMES)
@settings(deadline=None, max_examples=60)
def test_a_matching_is_never_less_than_a_common_sequence_and_that_never_less_than_greedy(
    wanted: str, done: str
) -> None:
    ordered = matched(wanted, done, ordered=True)

    assert ordered == longest_common(wanted.split(), done.split())
    assert matched(wanted, done, ordered=False) >= ordered >= greedy(wanted.split(), done.split())


@given(NAMES, NAMES, st.booleans())
@settings(deadline=None, max_examples=60)
def test_f1_is_the_same_either_way_round(wanted: str, done: str, ordered: bool) -> None:
    one = figures(expected(wanted), done, ordered=ordered)
    other = figures(expected(done), wanted, ordered=ordered)

    assert one == (other[1], other[0], other[2])


@given(NAMES, st.data())
@settings(deadline=None, max_examples=60)
def test_without_order_a_permutation_changes_nothing(wanted: str, data: st.DataObject) -> None:
    done = data.draw(NAMES)
    shuffled = " ".join(data.draw(st.permutations(done.split())))

    assert matched(wanted, done, ordered=False) == matched(wanted, shuffled, ordered=False)
    for mode in ("any_order", "subset", "unordered"):
        one, other = (
            judge("trajectory_match", trajectory(*calls(each)), expected(wanted), mode=mode)
            for each in (done, shuffled)
        )
        assert one.passed == other.passed


@given(NAMES, st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=3))
@settings(deadline=None, max_examples=60)
def test_side_by_side_is_as_good_as_the_best_of_the_orders(
    wanted: str, groups: list[list[str]]
) -> None:
    steps = [
        step
        for number, names in enumerate(groups, 1)
        for step in parallel(*(call(name) for name in names), group=number)
    ]
    orders = itertools.product(*(itertools.permutations(names) for names in groups))
    best = max(
        longest_common(wanted.split(), list(itertools.chain.from_iterable(order)))
        for order in orders
    )

    assert align(expectation_of(expected(wanted)), trajectory(*steps)).least == best
