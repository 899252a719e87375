"""Verdicts on runs: what is read to give one, and the fact that one was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from trialbook.services.application.compared_run import lower_is_better
from trialbook.services.application.gate import parse_baseline
from trialbook.services.application.gate_evaluation import Judged, evaluate
from trialbook.services.application.gate_metric import Evidence, places_of
from trialbook.services.application.gate_regression import Baseline
from trialbook.services.application.item_group import marked_items
from trialbook.services.application.item_match import match_items
from trialbook.services.application.pairing import paired_items
from trialbook.services.application.ports import CommandContext, Queries, Store, UnitOfWork
from trialbook.services.application.views import RunView, VerdictView
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import NoGate, RunGoesOn, Stale
from trialbook.services.domain.gate import Finding, Gate, GateEvaluated, Verdict
from trialbook.services.domain.naming import parse_experiment, run_name
from trialbook.services.domain.run import RunStatus

_RUNS = 20
_TRIES = 5
_LAST_RUN = 2**62


@dataclass(frozen=True, slots=True)
class GateCase:
    """A run, the gate that it is asked, and what the answer rests on.

    `baseline_name` is empty if no run is compared with; `baseline` is a sentence then.
    """

    gate: Gate
    evidence: Evidence
    baseline_name: str
    baseline: Baseline | str

    @property
    def run(self) -> RunView:
        """The run."""
        return self.evidence.run

    def judge(self) -> Judged:
        """Ask the gate. Takes its time for large runs."""
        return evaluate(self.gate, self.evidence, self.baseline)


def require_ended(view: RunView) -> None:
    """Refuse a run that goes on. Raises RunGoesOn."""
    if not view.status.ended:
        raise RunGoesOn(run_name(view.project, view.run_id), view.status)


def prepare(
    queries: Queries, view: RunView, gate: Gate | None = None, baseline: str = ""
) -> GateCase:
    """Read what a verdict on a run rests on.

    Without a gate the run's own is asked. The baseline is the one given, else the given gate's,
    else the one that the run was started with, else that of its gate. Raises RunGoesOn, NoGate.
    """
    require_ended(view)
    asked = gate or view.pins.gate
    if asked is None:
        raise NoGate(run_name(view.project, view.run_id))
    own = "" if gate is None else gate.baseline
    wanted = baseline or own or view.pins.baseline or asked.baseline
    evidence = _evidence(queries, view, asked)
    if all(condition.max_regression is None for condition in asked.conditions):
        return GateCase(asked, evidence, "", "nothing is compared")
    found = _baseline_run(queries, view, wanted)
    if isinstance(found, str):
        return GateCase(asked, evidence, "", found)
    compared = _baseline(queries, evidence, found, asked)
    return GateCase(asked, evidence, run_name(found.project, found.run_id), compared)


async def give(
    store: Store, context: CommandContext, prepared: Callable[[Queries], GateCase]
) -> VerdictView:
    """Ask a gate and record what it says, unless the verdict before said the same.

    Raises what `prepared` does, RunGoesOn, and Stale if the run changes again and again.
    """
    tries = 0
    while True:
        case = await store.read(prepared)
        judged = await asyncio.to_thread(case.judge)
        try:
            return await store.execute(context, partial(_record, case, judged), VerdictView)
        except Stale:
            # The run was changed, or has another verdict by now.
            tries += 1
            if tries == _TRIES:
                raise


async def give_due(store: Store, context: CommandContext, run: int) -> None:
    """Ask the gate of a run, by number, that has ended and whose gate was not asked since.

    Raises RunGoesOn if the run was made to go on meanwhile.
    """
    case = await store.read(lambda queries: prepare(queries, queries.runs.by_number(run)))
    judged = await asyncio.to_thread(case.judge)

    def work(uow: UnitOfWork) -> None:
        # Another server may have been faster.
        if uow.runs.by_number(run).verdict_due:
            _record(case, judged, uow)

    await store.transact(context, work)


def give_up(uow: UnitOfWork, run: int) -> None:
    """Record that a run's gate cannot be asked, so that nobody waits for its verdict for ever."""
    view = uow.runs.by_number(run)
    gate = view.pins.gate
    if not view.verdict_due or gate is None:
        return
    finding = Finding(
        Verdict.INCONCLUSIVE,
        "the figures could not be computed; the service's log says why; ask the gate again",
    )
    judged = Judged(Verdict.INCONCLUSIVE, (finding,) * len(gate.conditions))
    _append(uow, view, gate, judged, "")


def told(case: GateCase, judged: Judged, at: int, author: str) -> VerdictView:
    """Return a verdict as it is told."""
    return VerdictView(judged.verdict, case.gate, judged.findings, case.baseline_name, at, author)


def _record(case: GateCase, judged: Judged, uow: UnitOfWork) -> VerdictView:
    """Record a verdict. Raises RunGoesOn, and Stale if the run is not as it was."""
    view = uow.runs.by_number(case.run.number)
    require_ended(view)
    before = view.verdict
    if before is not None and before == told(case, judged, before.evaluated_at, before.author):
        return before
    if view.last_position != case.run.last_position:
        raise Stale(
            run_name(view.project, view.run_id),
            f"position {case.run.last_position}",
            f"position {view.last_position}",
        )
    _append(uow, view, case.gate, judged, case.baseline_name)
    return told(case, judged, uow.now, uow.actor)


def _append(uow: UnitOfWork, view: RunView, gate: Gate, judged: Judged, baseline: str) -> None:
    stream, position = domain.stream_of(view.uid), view.last_position + 1
    head, version = uow.head(stream, domain.Run, domain.evolve)
    domain.require_ended(head)
    event = GateEvaluated(view.uid, position, judged.verdict, gate, judged.findings, baseline)
    uow.append(stream, [event], expected_version=version)


def _evidence(queries: Queries, view: RunView, gate: Gate) -> Evidence:
    columns = queries.runs.columns(view, _places(view, gate))
    wanted = {(one.split, one.tag) for one in gate.conditions if one.split or one.tag}
    chosen = {
        (split, tag): np.isin(
            columns.ordinal,
            marked_items(queries, view, [split] if split else [], [tag] if tag else []),
        )
        for split, tag in wanted
    }
    return Evidence(view, columns, chosen, lower_is_better(queries, view))


def _places(view: RunView, gate: Gate) -> list[int]:
    return sorted({place for one in gate.conditions for place in places_of(view, one)})


def _baseline_run(queries: Queries, view: RunView, name: str) -> RunView | str:
    """Return the run that a baseline stands for, or a sentence that says why there is none."""
    if not name:
        return "there is no baseline to compare with; name one"
    _, run_id = parse_baseline("baseline", name)
    if run_id:
        found = queries.runs.find(view.project, run_id)
        if found is None:
            return f"the baseline {name} does not exist"
        return found if found.status.ended else f"the baseline {name} goes on still"
    newest = _newest_other(queries, view, parse_experiment("baseline", name)[1])
    return newest or f"no other run of the baseline {name} has completed"


def _newest_other(queries: Queries, view: RunView, experiment_id: str) -> RunView | None:
    """Return the newest completed run of an experiment that began before this one ended."""
    before, ended_at = _LAST_RUN, view.ended_at or queries.now
    while page := queries.runs.page(
        view.project, before, _RUNS, experiment_id, RunStatus.COMPLETED
    ):
        for found in page:
            if found.number != view.number and found.created_at < ended_at:
                return found
        before = page[-1].number
    return None


def _baseline(queries: Queries, evidence: Evidence, found: RunView, gate: Gate) -> Baseline:
    view, columns = evidence.run, evidence.columns
    its_columns = queries.runs.columns(found, _places(found, gate))
    matches = match_items(queries, found, its_columns.ordinal, view, columns.ordinal)
    return Baseline(Evidence(found, its_columns), paired_items(its_columns, columns, matches))
