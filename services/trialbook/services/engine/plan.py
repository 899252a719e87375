"""What the engine needs to know of an open run at every step, none of which ever changes."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView, Session
from trialbook.services.application.work import TARGET
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target
from trialbook.services.domain.naming import run_name
from trialbook.services.scoring.catalogue import Scorer, configure


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run's pins. `built_in` are the scorers that run here, by their place among `scorers`."""

    view: RunView
    built_in: dict[int, Scorer]

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
        return self.view.target

    @property
    def settings(self) -> RunSettings:
        """How the run behaves."""
        return self.view.settings

    @property
    def scorers(self) -> tuple[ScorerSpec, ...]:
        """All scorers, in their order."""
        return self.view.scorers

    def served_by(self, session: Session) -> tuple[int, ...]:
        """Return which tasks a session can execute: places of scorers, and TARGET."""
        if session.project != self.view.project:
            return ()
        hosted = [
            place
            for place, spec in enumerate(self.scorers)
            if not spec.built_in and spec.scorer in session.scorers
        ]
        if any(self.target.served_by(target) for target in session.targets):
            hosted.append(TARGET)
        return tuple(hosted)


def make_plan(view: RunView) -> RunPlan:
    """Make the plan of a run."""
    built_in = {
        place: configure(spec.scorer, spec.params)
        for place, spec in enumerate(view.scorers)
        if spec.built_in
    }
    return RunPlan(view, built_in)


class PlanBook:
    """The plans of open runs, made when they are first asked for.

    A plan is kept only when its run is durable: a number that was given in vain is given again.
    """

    def __init__(self) -> None:
        self._by_number: dict[int, RunPlan] = {}
        self._by_uid: dict[str, RunPlan] = {}

    def by_number(self, queries: Queries, number: int) -> RunPlan:
        """Return the plan of a run that is known to exist."""
        plan = self._by_number.get(number)
        return plan or self._keep(queries, make_plan(queries.runs.by_number(number)))

    def numbers(self) -> list[int]:
        """Return the runs whose plans are kept."""
        return list(self._by_number)

    def known(self, uid: str) -> RunPlan | None:
        """Return a plan that was made before."""
        return self._by_uid.get(uid)

    def by_uid(self, queries: Queries, uid: str) -> RunPlan | None:
        """Return the plan of a run, if there is such a run."""
        plan = self._by_uid.get(uid)
        if plan is not None:
            return plan
        view = queries.runs.by_uid(uid)
        if view is None:
            return None
        # A late report must not bring the plan of an ended run back for good.
        return make_plan(view) if view.status.ended else self._keep(queries, make_plan(view))

    def forget(self, number: int) -> None:
        """Drop the plan of a run that has ended."""
        plan = self._by_number.pop(number, None)
        if plan is not None:
            self._by_uid.pop(plan.uid, None)

    def _keep(self, queries: Queries, plan: RunPlan) -> RunPlan:
        def keep() -> None:
            self._by_number[plan.number] = plan
            self._by_uid[plan.uid] = plan

        queries.after_commit(keep)
        return plan
