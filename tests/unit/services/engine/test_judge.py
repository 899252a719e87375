from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.unit.services.engine.run_view import run_view
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.engine.judge import Case, judge
from trialbook.services.engine.plan import make_plan
from trialbook.services.scoring.judgement import Sample


class CountingExecutor(ThreadPoolExecutor):
    """Counts what is given to its threads."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.given += 1
        return super().submit(*args, **kwargs)


@pytest.fixture
def executor() -> Iterator[CountingExecutor]:
    with CountingExecutor() as threads:
        yield threads


def case(output: str, scorer: str = "exact_match", params: str = "") -> Case:
    spec = ScorerSpec(scorer, scorer, params, 1, built_in=True)
    plan = make_plan(run_view(spec))
    return Case(plan, Sample(output, output, "1"))


async def test_short_texts_are_judged_on_the_spot(executor: CountingExecutor) -> None:
    judgements = await judge([case('"yes"'), case('"no"')], executor)

    assert [one[0].passed for one in judgements] == [True, True]
    assert executor.given == 0


@pytest.mark.parametrize(
    "cases",
    [
        [case('"' + "x" * 5_000 + '"')],
        [case('"' + "x" * 1_500 + '"') for _ in range(40)],
        [case("1", "regex_match", '{"pattern": "1"}')],
    ],
    ids=["a long text", "much text together", "a scorer that may take long"],
)
async def test_what_may_take_long_is_judged_on_a_thread(
    executor: CountingExecutor, cases: list[Case]
) -> None:
    judgements = await judge(cases, executor)

    assert all(one[0].passed for one in judgements)
    assert executor.given == 1


async def test_nothing_to_judge_gives_nothing(executor: CountingExecutor) -> None:
    assert await judge([], executor) == []
