"""Agreement of raters, against published figures and by its properties."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trialbook.services.statistics.agreement import (
    Level,
    cohen_kappa,
    krippendorff_alpha,
    observed_agreement,
    weighted_kappa,
)

# K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), the example of four
# observers and twelve units with missing data: alpha is .743 nominal and .849 interval.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
UNITS = [
    [int(rating) for rating in unit if rating != "."]
    for unit in zip(*(row.split() for row in OBSERVERS), strict=True)
]
# J. Cohen (1960): two judges sort 200 cases into three categories; they agree on .70 of them,
# chance would give .41, and kappa is .492.
JUDGES = ((88, 14, 18), (10, 40, 10), (2, 6, 12))

LABELS = st.sampled_from("abc")
NUMBERS = st.floats(-1e100, 1e100) | st.integers(-3, 3).map(float)
NOMINAL_UNITS = st.lists(st.lists(LABELS, max_size=4), max_size=12)
INTERVAL_UNITS = st.lists(st.lists(st.integers(-9, 9), max_size=4), max_size=12)


def pairs_of(table: tuple[tuple[int, ...], ...]) -> tuple[list[int], list[int]]:
    """The ratings that a table of counts was made of."""
    cells = [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    return [row for row, _ in cells], [column for _, column in cells]


def weighted_by_table(first: list[int], second: list[int]) -> float | None:
    """Weighted kappa as its definition says it: a table of weights, counts and margins."""
    places, count = range(10), len(first)
    observed = expected = 0.0
    for row in places:
        for column in places:
            weight = (row - column) ** 2
            both = sum(a == row and b == column for a, b in zip(first, second, strict=True))
            observed += weight * both / count
            expected += weight * first.count(row) * second.count(column) / count**2
    return None if expected == 0 else 1 - observed / expected


def test_alpha_is_as_published() -> None:
    assert krippendorff_alpha(UNITS, Level.NOMINAL) == pytest.approx(0.743, abs=0.0005)
    assert krippendorff_alpha(UNITS, Level.INTERVAL) == pytest.approx(0.849, abs=0.0005)


def test_kappa_is_as_published() -> None:
    first, second = pairs_of(JUDGES)

    assert observed_agreement(first, second) == pytest.approx(0.70)
    assert cohen_kappa(first, second) == pytest.approx(0.492, abs=0.0005)


def test_two_raters_who_say_the_opposite_agree_less_than_by_chance() -> None:
    assert cohen_kappa("ab", "ba") == -1
    assert weighted_kappa([0, 1], [1, 0]) == -1
    assert krippendorff_alpha(["ab", "ba"], Level.NOMINAL) == pytest.approx(-0.5)


@pytest.mark.parametrize("ratings", [[], ["x"], ["x", "x", "x"]])
def test_what_chance_alone_gives_is_not_defined(ratings: list[str]) -> None:
    numbers = [1.5 for _ in ratings]

    assert cohen_kappa(ratings, ratings) is None
    assert weighted_kappa(numbers, numbers) is None
    assert krippendorff_alpha([ratings, ratings], Level.NOMINAL) is None
    assert krippendorff_alpha([numbers, numbers], Level.INTERVAL) is None


def test_ratings_that_stand_alone_do_not_count() -> None:
    assert krippendorff_alpha([*UNITS, [9], []], Level.NOMINAL) == krippendorff_alpha(
        UNITS, Level.NOMINAL
    )
    assert krippendorff_alpha([["a"], ["b"]], Level.NOMINAL) is None


def test_ratings_of_different_cases_are_refused() -> None:
    for measure in (cohen_kappa, weighted_kappa, observed_agreement):
        with pytest.raises(ValueError, match="cannot be paired"):
            measure([1, 2], [1])


@given(st.lists(LABELS, min_size=2), st.lists(NUMBERS, min_size=2))
def test_full_agreement_is_1(labels: list[str], numbers: list[float]) -> None:
    if len(set(labels)) > 1:
        assert cohen_kappa(labels, labels) == 1
        assert krippendorff_alpha([[label] * 3 for label in labels], Level.NOMINAL) == 1
    if max(numbers) - min(numbers) > 1e-9 * max(map(abs, numbers)):
        assert weighted_kappa(numbers, numbers) == 1
        doubled = [[number] * 2 for number in numbers]
        assert krippendorff_alpha(doubled, Level.INTERVAL) == pytest.approx(1)


@given(st.lists(st.tuples(LABELS, LABELS)))
def test_kappa_asks_neither_for_the_names_of_labels_nor_for_the_order_of_raters(
    pairs: list[tuple[str, str]],
) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    renamed = {"a": 7, "b": "a", "c": None}

    kappa = cohen_kappa(first, second)

    assert kappa == cohen_kappa(second, first)
    assert kappa == cohen_kappa([renamed[a] for a in first], [renamed[b] for b in second])
    assert kappa is None or -1 <= kappa <= 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_weighted_kappa_is_that_of_the_table(pairs: list[tuple[int, int]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]

    found = weighted_kappa(first, second)

    assert found == pytest.approx(weighted_by_table(first, second))
    assert found == pytest.approx(weighted_kappa(second, first))


@given(NOMINAL_UNITS, st.randoms())
def test_alpha_asks_neither_for_the_names_of_labels_nor_for_any_order(
    units: list[list[str]], random: Random
) -> None:
    alpha = krippendorff_alpha(units, Level.NOMINAL)
    renamed = [[{"a": 1, "b": "x", "c": "a"}[label] for label in unit] for unit in units]
    for unit in renamed:
        random.shuffle(unit)
    random.shuffle(renamed)

    other = krippendorff_alpha(renamed, Level.NOMINAL)

    assert other is None if alpha is None else other == pytest.approx(alpha)


@given(INTERVAL_UNITS, st.integers(-100, 100), st.sampled_from([-1e90, -3, 0.01, 1e-80]))
def test_alpha_of_numbers_asks_for_neither_origin_nor_unit(
    units: list[list[int]], origin: int, scale: float
) -> None:
    alpha = krippendorff_alpha(units, Level.INTERVAL)
    assume(alpha is not None)

    other = krippendorff_alpha(
        [[(value + origin) * scale for value in unit] for unit in units], Level.INTERVAL
    )

    assert other == pytest.approx(alpha, abs=1e-9)
