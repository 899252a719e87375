"""Results that the caller of a run submits, and the end of that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from trialbook.services.application.hosting import waiting_for
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.rework_reads import RecordedOutcome, Unit
from trialbook.services.application.run import require
from trialbook.services.application.run_job import released
from trialbook.services.application.views import RunView
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import Invalid, NotCallerDriven, RunEnded, Violation
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.naming import dataset_version_name, run_name
from trialbook.services.domain.run import ResultStatus, TaskError, TraceReport, Usage


@dataclass(frozen=True, slots=True)
class CallerScore:
    """What a caller says of its result by one scorer. `duration` is in microseconds."""

    judgement: Judgement
    duration: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a caller made of an (item, trial): an output (JSON text), or an error.

    `latency` is in microseconds; `steps` is JSON text, an array of StepOutcome; `trajectory` is
    JSON text that tells what was done; `scores` are by alias, in the order in which they came.
    """

    item_id: str
    trial: int
    outcome: str | TaskError
    latency: int | None = None
    usage: Usage | None = None
    steps: str | None = None
    trace_id: str = ""
    attempts: int = 1
    scores: dict[str, CallerScore] = field(default_factory=dict)
    trace: TraceReport | None = None
    trajectory: str | None = None

    @property
    def recorded(self) -> RecordedOutcome:
        """What is recorded of it: two results that have this alike say the same."""
        if isinstance(self.outcome, str):
            return RecordedOutcome(ResultStatus.SUCCEEDED, self.outcome, None)
        return RecordedOutcome(ResultStatus.FAILED, None, self.outcome)


def number_of(ordinal: int, trial: int, trials: int) -> int:
    """Return the number of a submitted result, which follows from the item's place alone."""
    return (ordinal - 1) * trials + trial


def require_submitting(view: RunView) -> None:
    """Refuse results for a run that a caller does not drive, or drives no more.

    Raises NotCallerDriven, RunEnded.
    """
    name = run_name(view.project, view.run_id)
    if not view.pins.caller_driven:
        raise NotCallerDriven(name)
    if view.finishing or not view.status.open:
        raise RunEnded(name, "finished" if view.status.open else view.status)


def resolve(queries: Queries, view: RunView, results: Sequence[Submitted]) -> list[Unit]:
    """Return what each result stands for. Raises Invalid for those that the run does not have."""
    trials = view.settings.trials
    marks = {
        mark.item_id: mark
        for mark in queries.datasets.marks_of(
            view.dataset_number,
            view.dataset_version,
            sorted({result.item_id for result in results}),
        )
    }
    places = {name: mark.ordinal for name, mark in marks.items() if not mark.purged}
    units: list[Unit] = []
    bad: list[Violation] = []
    for index, result in enumerate(results):
        path = f"results[{index}]"
        ordinal = places.get(result.item_id)
        if ordinal is None:
            bad.append(_unknown(view, f"{path}.item_id", result, purged=result.item_id in marks))
            continue
        if not 1 <= result.trial <= trials:
            problem = f"{result.trial} is no trial of this run, which has {trials}"
            bad.append(Violation(f"{path}.trial", problem))
        bad += _check_scores(view, path, result)
        number = number_of(ordinal, result.trial, trials)
        units.append(Unit(number, ordinal, result.item_id, result.trial))
    if bad:
        raise Invalid(bad)
    return units


def require_selected(
    view: RunView, results: Sequence[Submitted], selected: Collection[int]
) -> None:
    """Refuse results of items that the run leaves out, by their index. Raises Invalid."""
    bad = [
        Violation(
            f"results[{index}].item_id",
            f"{result.item_id[:80]!r} is not among the items that {view.run_id} has selected",
        )
        for index, result in enumerate(results)
        if index not in selected
    ]
    if bad:
        raise Invalid(bad)


def _unknown(view: RunView, path: str, result: Submitted, *, purged: bool) -> Violation:
    name = dataset_version_name(view.project, view.dataset_id, view.dataset_version)
    told = f"{result.item_id[:80]!r}"
    return Violation(path, f"{told} was purged" if purged else f"{told} is no item of {name}")


def _check_scores(view: RunView, path: str, result: Submitted) -> list[Violation]:
    wanted = {spec.alias for spec in view.scorers if spec.by_caller and not spec.superseded}
    bad = [
        Violation(
            f"{path}.scores[{index}].scorer",
            f"{alias[:80]!r} is no scorer of this run that its caller stands for"
            + (f"; there are: {', '.join(sorted(wanted))}" if wanted else ""),
        )
        for index, alias in enumerate(result.scores)
        if alias not in wanted
    ]
    if result.scores and not isinstance(result.outcome, str):
        bad.append(Violation(f"{path}.scores", "must be empty: what failed has no scores"))
    return bad


def finish(uow: UnitOfWork, project: str, run_id: str) -> RunView:
    """Let a caller-driven run end with what was submitted. Raises NotFound, NotCallerDriven."""
    view = require(uow, project, run_id)
    stream = domain.stream_of(view.uid)
    head, version = uow.head(stream, domain.Run, domain.evolve)
    events = domain.request_finish(head)
    if events:
        uow.append(stream, events, expected_version=version)
        _release(uow, view.number)
        view = require(uow, project, run_id)
    return msgspec.structs.replace(view, waiting_for=waiting_for(uow, view))


def _release(uow: UnitOfWork, run: int) -> None:
    state = uow.work.state(run)
    jobs = () if state is None else state.jobs
    uow.work.set_jobs(run, list(map(released, jobs)))
