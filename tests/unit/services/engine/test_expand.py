from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.services.engine.run_view import run_view
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView, Page
from trialbook.services.application.work import WorkState
from trialbook.services.domain.experiment import RunSettings
from trialbook.services.engine.expand import expand
from trialbook.services.engine.plan import RunPlan


def plan(trials: int, items: int) -> RunPlan:
    view = run_view(
        settings=RunSettings(trials=trials),
        dataset_number=7,
        dataset_version=3,
        planned=items * trials,
    )
    return RunPlan(view, {})


@dataclass
class Items:
    """A dataset version whose pages end early, as large bodies make them."""

    ordinals: list[int]
    page_rows: int

    @property
    def datasets(self) -> Items:
        return self

    def items(
        self, number: int, version: int, after: int, limit: int, *, purged: bool = True
    ) -> Page[ItemView]:
        assert not purged, "a purged item has nothing to run"
        assert (number, version) == (7, 3)
        assert limit >= 1
        left = [ordinal for ordinal in self.ordinals if ordinal > after]
        rows = left[: min(limit, self.page_rows)]
        return Page([self._item(ordinal) for ordinal in rows], more=len(left) > len(rows))

    @staticmethod
    def _item(ordinal: int) -> ItemView:
        return ItemView(
            f"i{ordinal}", ordinal, "1", None, None, None, None, (), "", "", "", 1, 1, 0, 0
        )


@given(
    ordinals=st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=12).map(sorted),
    trials=st.integers(1, 7),
    page_rows=st.integers(1, 5),
    limits=st.lists(st.integers(1, 30), min_size=1, max_size=5),
)
def test_every_item_gets_every_trial_once_and_in_order(
    ordinals: list[int], trials: int, page_rows: int, limits: list[int]
) -> None:
    queries = cast("Queries", Items(ordinals, page_rows))
    state = WorkState(1, 0, 0, 0, exhausted=False, out=0, waiting=0)
    units: list[tuple[int, int, int]] = []
    step = 0
    while not state.exhausted:
        limit = limits[step % len(limits)]
        step += 1
        expansion = expand(queries, plan(trials, len(ordinals)), state, limit)
        assert len(expansion.units) <= limit
        assert expansion.units or expansion.exhausted, "an expansion makes progress"
        units += [(number, item.ordinal, trial) for number, item, trial in expansion.units]
        state = after(state, expansion)

    expected = [(ordinal, trial) for ordinal in ordinals for trial in range(1, trials + 1)]
    assert [unit[1:] for unit in units] == expected
    assert [unit[0] for unit in units] == list(range(1, len(expected) + 1))


def after(state: WorkState, expansion: Any) -> WorkState:
    place = expansion.upto
    return WorkState(
        state.run,
        place.ordinal,
        place.trial,
        place.number,
        exhausted=expansion.exhausted,
        out=0,
        waiting=0,
    )
