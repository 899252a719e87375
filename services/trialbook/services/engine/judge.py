"""Lets the built-in scorers judge outputs, without keeping the event loop for long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

import msgspec

from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.judgement import Judgement
from trialbook.services.engine.observer import UNOBSERVED, Observer, doing_for_each
from trialbook.services.engine.place import NOT_APPLICABLE, Place, Steps, read_steps
from trialbook.services.engine.plan import RunPlan, configured
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable

_CHARACTERS_ON_THE_LOOP = 65_536
# Edit distance grows with the product of the lengths: this much takes a tenth of a millisecond.
_CHARACTERS_OF_A_CASE = 4_096
_QUICK = frozenset({"exact_match", "contains", "json_valid", "numeric_range", "levenshtein"})


class Case(msgspec.Struct, frozen=True):
    """An output to be judged, with the run that says by which scorers.

    `steps` is the result's JSON array of StepOutcome, `extras` is the item's; None where there
    are none. `places` are the scorers to judge by; None for all. `steps_may_follow` says that a
    trace may tell of steps that are not among these.
    """

    plan: RunPlan
    sample: Sample
    steps: str | None = None
    extras: str | None = None
    places: frozenset[int] | None = None
    steps_may_follow: bool = False


async def judge(
    cases: Sequence[Case], executor: Executor, observer: Observer = UNOBSERVED
) -> list[dict[int, Judgement]]:
    """Return what is said of each case here, by the scorer's place in its run.

    That is what the built-in scorers judge, and of all others why they have nothing to judge: no
    such step or part, or an item that does not ask for them. Places without a judgement are left
    to workers, to the caller, or until the trace has settled. Short texts and quick scorers are
    judged on the spot, which is cheaper than a change of thread; anything else on a thread, so that
    other calls are answered meanwhile.
    """
    with doing_for_each(observer, "judge", (case.plan for case in cases)):
        if _is_quick(cases):
            return judge_all(cases)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor, judge_all, cases)


def _is_quick(cases: Sequence[Case]) -> bool:
    characters = 0
    for case in cases:
        size = len(case.sample.output) + len(case.sample.expected or "") + len(case.steps or "")
        characters += size
        if size > _CHARACTERS_OF_A_CASE:
            return False
        if not all(spec.scorer in _QUICK for spec in case.plan.scorers if _judges_here(spec)):
            return False
    return characters <= _CHARACTERS_ON_THE_LOOP


def _judges_here(spec: ScorerSpec) -> bool:
    return spec.built_in and spec.scope is not ScorerScope.TRAJECTORY


def judge_all(cases: Sequence[Case]) -> list[dict[int, Judgement]]:
    """Do what `judge` does, on the caller's thread."""
    return [_judge(case) for case in cases]


def _judge(case: Case) -> dict[int, Judgement]:
    plan, sample, wanted = case.plan, case.sample, case.places
    if wanted is None and not plan.places:
        return {place: scorer(sample) for place, scorer in plan.built_in.items()}
    found = {
        number: scorer(sample)
        for number, scorer in plan.built_in.items()
        if wanted is None or number in wanted
    }
    return found | _judge_places(case) if plan.places else found


def _judge_places(case: Case) -> dict[int, Judgement]:
    """Return what is said of the parts of a case, and of what its item does not ask for."""
    plan, wanted = case.plan, case.places
    asked, steps = plan.asked_by(case.extras), read_steps(case.steps)
    found: dict[int, Judgement] = {}
    for number, place in plan.places.items():
        if wanted is not None and number not in wanted:
            continue
        spec = asked.get(number) if place.spec.per_item else place.spec
        said = NOT_APPLICABLE if spec is None else _judge_part(case, steps, place, spec)
        if said is not None:
            found[number] = said
    return found


def _judge_part(case: Case, steps: Steps, place: Place, spec: ScorerSpec) -> Judgement | None:
    """Return what a built-in scorer says; of others, why there is nothing to judge, or None."""
    if place.awaits_trace(steps) and (
        case.steps_may_follow or spec.scope is ScorerScope.TRAJECTORY
    ):
        return None
    try:
        part = place.parts_of(case.sample, steps)
    except NotEvaluable as error:
        return error.judgement()
    return configured(spec.scorer, spec.params)(part) if spec.built_in else None
