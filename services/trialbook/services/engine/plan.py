"""What the engine needs to know of an open run at every step, and hardly ever changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from trialbook.services.application.hosting import hosted_as, is_built_in
from trialbook.services.application.item_extras import scorers_of
from trialbook.services.application.item_selection import (
    EVERYTHING,
    ItemSelection,
    selection_of,
)
from trialbook.services.application.ports import Queries
from trialbook.services.application.scorer_choice import PlaceBook
from trialbook.services.application.views import RunView, Session
from trialbook.services.application.work import TARGET, WorkState
from trialbook.services.domain.experiment import RunSettings, ScorerScope, ScorerSpec, Target
from trialbook.services.domain.naming import run_name
from trialbook.services.engine.place import Place, read_steps
from trialbook.services.scoring.catalogue import Scorer, configure, configure_trajectory


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run's pins, and what follows from its scorers, by their place among `scorers`.

    `built_in` are those that run here and simply judge the output of every item; `places` are
    those that look at a part or judge only some items, wherever they run. `asked` are what the
    dataset's default scorers ask for of items without scorers of their own; `of_results` are the
    places that every result has a score of. `generation` is WorkState.generation, 0 if the run has
    no work: of another one, the plan is old. `selection` says which items are run.
    """

    view: RunView
    built_in: dict[int, Scorer]
    generation: int = 0
    of_results: tuple[int, ...] = ()
    selection: ItemSelection = EVERYTHING
    places: dict[int, Place] = field(default_factory=dict)
    asked: dict[int, ScorerSpec] = field(default_factory=dict)
    book: PlaceBook = field(default_factory=lambda: PlaceBook(()))

    @property
    def number(self) -> int:
        """The run's short key."""
        return self.view.number

    @property
    def uid(self) -> str:
        """The run's uid."""
        return self.view.uid

    @property
    def name(self) -> str:
        """The run's resource name."""
        return run_name(self.view.project, self.view.run_id)

    @property
    def target(self) -> Target:
        """What is evaluated."""
        return self.view.pins.target

    @property
    def settings(self) -> RunSettings:
        """How the run behaves."""
        return self.view.pins.settings

    @property
    def scorers(self) -> tuple[ScorerSpec, ...]:
        """All scorers, in their order."""
        return self.view.pins.scorers

    @property
    def judges_here(self) -> bool:
        """Whether outputs are judged, or looked at for others to judge, when they arrive."""
        return bool(self.built_in or self.places)

    @property
    def has_target_tasks(self) -> bool:
        """Whether workers run the items: not the service itself, nor the caller."""
        return not (self.view.pins.caller_driven or is_built_in(self.target))

    @property
    def has_hosted_scorers(self) -> bool:
        """Whether an outcome may make work for workers."""
        return any(map(self.hosts, range(len(self.scorers))))

    def hosts(self, place: int) -> bool:
        """Say whether a scorer runs in workers."""
        spec = self.scorers[place]
        return not (spec.built_in or spec.by_caller or spec.superseded)

    def awaiting(self, places: Iterable[int], steps: str | None) -> set[int]:
        """Return those of these scorers that only a trace gives something to judge.

        `steps` is the result's JSON array of StepOutcome; None if there is none.
        """
        of_parts = [number for number in places if number in self.places]
        if not of_parts:
            return set()
        reported = read_steps(steps)
        return {number for number in of_parts if self.places[number].awaits_trace(reported)}

    def asked_by(self, extras: str | None) -> dict[int, ScorerSpec]:
        """Return what an item asks for of the scorers that are `per_item`, with its parameters."""
        own = scorers_of(extras)
        return self.book.places(own) if own else self.asked

    def served_by(self, session: Session) -> tuple[int, ...]:
        """Return which tasks a session can execute: places of scorers, and TARGET."""
        if session.project != self.view.project:
            return ()
        hosted = [
            place
            for place, spec in enumerate(self.scorers)
            if self.hosts(place) and spec.scorer in session.scorers
        ]
        if self.has_target_tasks and hosted_as(session, self.target) is not None:
            hosted.append(TARGET)
        return tuple(hosted)


configured = lru_cache(maxsize=1024)(configure)
"""Makes a built-in scorer, or returns the one that was made of these parameters before."""
configured_trajectory = lru_cache(maxsize=1024)(configure_trajectory)
"""The same of scorers of trajectories."""


def make_plan(view: RunView, generation: int = 0, defaults: tuple[ScorerSpec, ...] = ()) -> RunPlan:
    """Make the plan of a run; `defaults` are the dataset's scorers, if any are `per_item`."""
    results = tuple(n for n, spec in enumerate(view.scorers) if spec.scope is not ScorerScope.RUN)
    of_results = {
        number: Place.of(spec)
        for number in results
        if not ((spec := view.scorers[number]).superseded or spec.by_caller)
    }
    built_in = {
        number: configured(place.spec.scorer, place.spec.params)
        for number, place in of_results.items()
        if place.spec.built_in and place.is_plain
    }
    places = {number: place for number, place in of_results.items() if not place.is_plain}
    book = PlaceBook(view.scorers)
    selection = selection_of(view.pins.selection)
    asked = book.places(defaults)
    return RunPlan(view, built_in, generation, results, selection, places, asked, book)


def _defaults(queries: Queries, view: RunView) -> tuple[ScorerSpec, ...]:
    if not any(spec.per_item for spec in view.scorers):
        return ()
    return queries.datasets.settings(view.dataset_number, view.dataset_version).scorers


class PlanBook:
    """The plans of open runs, made when they are first asked for.

    A plan is kept only when its run is durable: a number that was given in vain is given again.
    """

    def __init__(self) -> None:
        self._by_number: dict[int, RunPlan] = {}
        self._by_uid: dict[str, RunPlan] = {}

    def by_number(self, queries: Queries, number: int) -> RunPlan:
        """Return the plan of a run that is known to exist."""
        return self._current(queries, number, queries.work.state(number))

    def by_state(self, queries: Queries, state: WorkState) -> RunPlan:
        """Return the plan of the run of a state that was just read."""
        return self._current(queries, state.run, state)

    def known(self, uid: str) -> RunPlan | None:
        """Return a plan that was made before, and may be old."""
        return self._by_uid.get(uid)

    def numbers(self) -> list[int]:
        """Return the runs whose plans are kept."""
        return list(self._by_number)

    def by_uid(self, queries: Queries, uid: str) -> RunPlan | None:
        """Return the plan of a run, if there is such a run."""
        plan = self._by_uid.get(uid)
        if plan is not None:
            return self.by_number(queries, plan.number)
        view = queries.runs.by_uid(uid)
        return None if view is None else self.by_number(queries, view.number)

    def forget(self, number: int) -> None:
        """Drop the plan of a run that has ended."""
        plan = self._by_number.pop(number, None)
        if plan is not None:
            self._by_uid.pop(plan.uid, None)

    def _current(self, queries: Queries, number: int, state: WorkState | None) -> RunPlan:
        """Return a plan as it is after this state. Another server may have changed the run."""
        generation = 0 if state is None else state.generation
        plan = self._by_number.get(number)
        if plan is not None and plan.generation == generation:
            return plan
        view = queries.runs.by_number(number)
        plan = make_plan(view, generation, _defaults(queries, view))
        # A late report must not bring the plan of an ended run back for good.
        return plan if state is None else self._keep(queries, plan)

    def _keep(self, queries: Queries, plan: RunPlan) -> RunPlan:
        def keep() -> None:
            self._by_number[plan.number] = plan
            self._by_uid[plan.uid] = plan

        queries.after_commit(keep)
        return plan
