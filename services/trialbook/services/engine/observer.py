"""Who is shown what the engine does by itself: nobody, unless the service traces itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Protocol

from trialbook.services.engine.plan import RunPlan


class Observer(Protocol):
    """Is shown a piece of work for as long as a context lasts."""

    def doing(
        self, work: str, plan: RunPlan | None = None, /, **counts: int
    ) -> AbstractContextManager[object]:
        """Observe some work, for a run if it is for one. `work` is one of a few words."""
        ...


class _Nobody:
    """Implements Observer."""

    def doing(
        self,
        work: str,  # noqa: ARG002 — nobody looks
        plan: RunPlan | None = None,  # noqa: ARG002
        /,
        **counts: int,  # noqa: ARG002
    ) -> AbstractContextManager[object]:
        return _NOTHING


_NOTHING = nullcontext()
UNOBSERVED = _Nobody()


def doing_for_each(
    observer: Observer, work: str, plans: Iterable[RunPlan]
) -> AbstractContextManager[object]:
    """Observe work on results of several runs at once: one piece for each run, not each result."""
    if observer is UNOBSERVED:
        return _NOTHING
    stack = ExitStack()
    by_number: dict[int, RunPlan] = {}
    counts = Counter(by_number.setdefault(plan.number, plan).number for plan in plans)
    for number, count in counts.items():
        stack.enter_context(observer.doing(work, by_number[number], results=count))
    return stack
