from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pytest

from trialbook.services.application.item_extras import StoredExtras, encode_extras
from trialbook.services.application.ports import Queries
from trialbook.services.application.scorer_choice import PlaceBook, choose_scorers
from trialbook.services.application.views import Page
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import (
    Definition,
    RunSettings,
    ScorerScope,
    ScorerSpec,
    Target,
    TargetKind,
)
from trialbook.services.domain.run import ScorerSource


def spec(scorer: str, alias: str = "", params: str = "", **more: Any) -> ScorerSpec:
    return ScorerSpec(scorer, alias or scorer, params, more.pop("version", 1), True, **more)


class Dataset:
    """Holds default scorers, and items with their own, two a page."""

    def __init__(self, defaults: tuple[ScorerSpec, ...], items: Sequence[tuple[ScorerSpec, ...]]):
        self._defaults = defaults
        self._texts = [encode_extras(StoredExtras(scorers=scorers)) for scorers in items]
        self.datasets = self

    def settings(self, number: int, version: int) -> DatasetSettings:
        return DatasetSettings(scorers=self._defaults)

    def extras_with_scorers(
        self, number: int, version: int, after: int, limit: int
    ) -> Page[tuple[int, str]]:
        rows = [(place, text or "") for place, text in enumerate(self._texts, 1) if place > after]
        return Page(rows[:2], len(rows) > 2)


def choose(
    *defaults: ScorerSpec,
    items: Sequence[tuple[ScorerSpec, ...]] = (),
    experiment: tuple[ScorerSpec, ...] = (),
    override: tuple[ScorerSpec, ...] | None = None,
) -> tuple[tuple[ScorerSpec, ...], ScorerSource]:
    target = Target(TargetKind.AGENT, "t")
    definition = Definition("", "", "", "", 0, target, experiment, RunSettings())
    queries = cast("Queries", Dataset(defaults, items))
    return choose_scorers(queries, 1, 1, definition, override)


ONE, TWO = spec("exact_match"), spec("contains", params='{"pattern": "a"}')


def test_the_runs_own_scorers_come_first_even_if_there_are_none() -> None:
    assert choose(ONE, experiment=(ONE,), override=(TWO,)) == ((TWO,), ScorerSource.RUN)
    assert choose(ONE, experiment=(ONE,), override=()) == ((), ScorerSource.RUN)


def test_then_the_experiments_then_the_datasets() -> None:
    assert choose(ONE, experiment=(TWO,)) == ((TWO,), ScorerSource.EXPERIMENT)
    assert choose(ONE, TWO) == ((ONE, TWO), ScorerSource.DATASET)
    assert choose() == ((), ScorerSource.DATASET)


def test_items_scorers_that_differ_in_parameters_alone_share_a_place() -> None:
    own = [(spec("contains", params=f'{{"pattern": "{n}"}}'),) for n in range(5)]

    places, _ = choose(ONE, items=own)

    assert [(one.alias, one.params, one.per_item) for one in places] == [
        ("exact_match", "", True),
        ("contains", "", True),
    ]


@pytest.mark.parametrize(
    "other",
    [
        spec("contains", "s"),
        spec("exact_match", "s", version=2),
        spec("exact_match", "s", scope=ScorerScope.STEP, step_id="a"),
        spec("exact_match", "s", output_pointer="/a"),
        spec("exact_match", "s", expected_pointer="/a"),
    ],
)
def test_different_scorers_of_one_alias_get_places_of_their_own(other: ScorerSpec) -> None:
    first = spec("exact_match", "s")
    taken = spec("json_valid", "s-2")

    places, _ = choose(items=[(first,), (taken, other)])

    assert [one.alias for one in places] == ["s", "s-2", "s-3"]
    book = PlaceBook(places)
    assert [*book.places((first,))] == [0]
    assert book.places((other, taken)) == {2: other, 1: taken}


def test_a_long_alias_makes_room_for_its_suffix() -> None:
    places, _ = choose(
        items=[(spec("contains", "s" * 64), spec("json_valid", "t" * 64))] * 2
        + [(spec("exact_match", "s" * 64),)]
    )

    assert [one.alias for one in places] == ["s" * 64, "t" * 64, "s" * 61 + "-2"]
    assert [*PlaceBook(places).places((spec("exact_match", "s" * 64),))] == [2]


def test_the_datasets_scorers_of_runs_stay_as_they_are_beside_those_of_items() -> None:
    whole = spec("agreement", params='{"threshold": 1}', scope=ScorerScope.RUN)

    places, _ = choose(whole, items=[(ONE,)])

    assert places[0] == whole
    assert places[1].per_item


def test_more_than_32_places_are_refused() -> None:
    with pytest.raises(Invalid, match="32"):
        choose(items=[(spec("json_valid", f"s{number}"),) for number in range(33)])


def test_a_rescored_place_stands_for_the_one_that_it_supersedes() -> None:
    (old,), _ = choose(items=[(ONE,)])
    places = (
        msgspec.structs.replace(old, superseded=True),
        msgspec.structs.replace(old, version=2),
    )

    assert [*PlaceBook(places).places((ONE,))] == [1]
