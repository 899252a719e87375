from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.services.engine.run_view import run_view
from trialbook.services.application.item_extras import StoredExtras, encode_extras
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.judgement import Judgement
from trialbook.services.engine.judge import Case, judge_all
from trialbook.services.engine.plan import make_plan
from trialbook.services.scoring.judgement import Sample

STEPS = json.dumps(
    [
        {"step_id": "find", "output": {"answer": 1}},
        {"step_id": "broken", "error": "no"},
        {"step_id": "nothing", "output": None},
    ]
)


def spec(scorer: str = "exact_match", params: str = "", **more: Any) -> ScorerSpec:
    built_in = more.pop("built_in", True)
    return ScorerSpec(scorer, more.pop("alias", scorer), params, 1, built_in, **more)


def judgement(scorer: ScorerSpec, output: str, expected: str | None = "1") -> Judgement | None:
    (said,) = judge_all([Case(make_plan(run_view(scorer)), Sample(output, expected, "0"), STEPS)])
    return said.get(0)


def label(scorer: ScorerSpec, output: str, expected: str | None = "1") -> str:
    said = judgement(scorer, output, expected)
    assert said is not None
    return said.label


def test_the_parts_that_pointers_name_are_compared() -> None:
    both = spec(output_pointer="/a", expected_pointer="/b")

    assert label(both, '{"a": "x"}', '{"b": "x"}') == "match"
    assert label(both, '{"a": "x"}', '{"b": "y"}') == "mismatch"


@pytest.mark.parametrize("hosted", [False, True])
@pytest.mark.parametrize(
    ("output", "expected", "said"),
    [
        ("{}", '{"b": 1}', "no_such_part"),
        ('{"a": 1}', "1", "no_such_part"),
        ('{"a": 1}', None, "no_expected"),
    ],
)
def test_where_there_is_no_such_part_nothing_is_judged_wherever_the_scorer_runs(
    hosted: bool, output: str, expected: str | None, said: str
) -> None:
    both = spec(output_pointer="/a", expected_pointer="/b", built_in=not hosted)

    assert label(both, output, expected) == said


def test_a_hosted_scorer_whose_parts_are_there_is_left_to_its_worker() -> None:
    assert judgement(spec(output_pointer="/a", built_in=False), '{"a": 1}') is None


@pytest.mark.parametrize(
    ("step_id", "pointer", "said"),
    [
        ("find", "/answer", "match"),
        ("find", "", "mismatch"),
        ("find", "/other", "no_such_part"),
        ("broken", "", "step_failed"),
        ("nothing", "", "mismatch"),
        ("missing", "", "step_not_run"),
    ],
)
def test_a_step_is_judged_by_its_output(step_id: str, pointer: str, said: str) -> None:
    of_step = spec(scope=ScorerScope.STEP, step_id=step_id, output_pointer=pointer)

    assert label(of_step, '"the end"') == said


def per_item(*asked: ScorerSpec, own: tuple[ScorerSpec, ...] = ()) -> dict[int, str]:
    """Return what a run with the places of `RANGES` says of an output of 5."""
    places = tuple(
        spec("numeric_range", alias=alias, per_item=True, built_in=built_in)
        for alias, built_in in (("small", True), ("large", True), ("tone", False))
    )
    plan = make_plan(run_view(*places, spec("exact_match")), defaults=asked)
    extras = encode_extras(StoredExtras(scorers=own)) if own else None
    (said,) = judge_all([Case(plan, Sample("5", "5", "0"), None, extras)])
    return {place: one.label for place, one in said.items()}


def in_range(alias: str, params: str) -> ScorerSpec:
    return spec("numeric_range", params, alias=alias)


def test_an_item_is_judged_by_what_it_asks_for_with_its_own_parameters() -> None:
    default = in_range("small", '{"max": 9}')
    own = (in_range("large", '{"min": 1}'), in_range("small", '{"max": 2}'))

    assert per_item(default, own=own) == {
        0: "out_of_range",
        1: "in_range",
        2: "not_applicable",
        3: "match",
    }


def test_an_item_without_its_own_is_judged_by_the_default_ones() -> None:
    assert per_item(in_range("small", '{"max": 9}')) == {
        0: "in_range",
        1: "not_applicable",
        2: "not_applicable",
        3: "match",
    }


def test_a_hosted_scorer_that_an_item_asks_for_is_left_to_its_worker() -> None:
    assert 2 not in per_item(own=(spec("numeric_range", alias="tone", built_in=False),))


def test_only_the_wanted_places_are_judged() -> None:
    plan = make_plan(run_view(spec(), spec("json_valid"), spec(alias="b", output_pointer="/a")))
    case = Case(plan, Sample("1", "1", "0"), places=frozenset({1, 2}))

    assert [*judge_all([case])[0]] == [1, 2]


def test_what_is_superseded_or_the_callers_or_of_the_run_is_not_judged_here() -> None:
    plan = make_plan(
        run_view(
            spec(superseded=True),
            spec(by_caller=True, built_in=False),
            spec("agreement", scope=ScorerScope.RUN),
        )
    )

    assert not plan.judges_here
    assert not plan.has_hosted_scorers
    assert plan.of_results == (0, 1)
