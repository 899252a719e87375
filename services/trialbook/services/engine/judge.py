"""Lets the built-in scorers judge outputs, without keeping the event loop for long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

import msgspec

from trialbook.services.domain.judgement import Judgement
from trialbook.services.engine.plan import RunPlan
from trialbook.services.scoring.judgement import Sample

_CHARACTERS_ON_THE_LOOP = 65_536
# Edit distance grows with the product of the lengths: this much takes a tenth of a millisecond.
_CHARACTERS_OF_A_CASE = 4_096
_QUICK = frozenset({"exact_match", "contains", "json_valid", "numeric_range", "levenshtein"})


class Case(msgspec.Struct, frozen=True):
    """An output to be judged, with the run that says by which scorers."""

    plan: RunPlan
    sample: Sample


async def judge(cases: Sequence[Case], executor: Executor) -> list[dict[int, Judgement]]:
    """Return the judgements of each case, by the scorer's place in its run.

    Short texts and quick scorers are judged on the spot, which is cheaper than a change of
    thread; anything else on a thread, so that other calls are answered meanwhile.
    """
    if _is_quick(cases):
        return [_judge(case) for case in cases]
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, lambda: [_judge(case) for case in cases])


def _is_quick(cases: Sequence[Case]) -> bool:
    characters = 0
    for case in cases:
        size = len(case.sample.output) + len(case.sample.expected or "")
        characters += size
        if size > _CHARACTERS_OF_A_CASE:
            return False
        if not all(spec.scorer in _QUICK for spec in case.plan.scorers if spec.built_in):
            return False
    return characters <= _CHARACTERS_ON_THE_LOOP


def _judge(case: Case) -> dict[int, Judgement]:
    return {place: scorer(case.sample) for place, scorer in case.plan.built_in.items()}
