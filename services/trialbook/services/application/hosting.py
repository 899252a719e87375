"""Who executes what a run needs: live workers, or the service itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView, Session
from trialbook.services.application.work import TARGET, JobName
from trialbook.services.domain.errors import NotHosted
from trialbook.services.domain.experiment import ScorerSpec, Target, TargetKind
from trialbook.services.scoring import catalogue


def is_built_in(target: Target) -> bool:
    """Say whether a target is a scorer of the service, which needs no worker."""
    return target.kind is TargetKind.SCORER and catalogue.describe(target.name) is not None


def hosted_as(session: Session, target: Target) -> Target | None:
    """Return what a session registered last of those that can run a target; None for none."""
    return next((one for one in reversed(session.targets) if target.served_by(one)), None)


def is_hosted(sessions: Iterable[Session], target: Target) -> bool:
    """Say whether something executes a target: one of these sessions, or the service."""
    return is_built_in(target) or any(hosted_as(session, target) for session in sessions)


def pin_target(sessions: Sequence[Session], target: Target) -> Target:
    """Return a target at an exact revision: its own, or that which was registered last.

    The sessions come newest first. Without any that hosts it, it is returned as it is.
    """
    if is_built_in(target):
        description = catalogue.describe(target.name)
        revision = "" if description is None else str(description.version)
        return msgspec.structs.replace(target, revision=revision)
    hosted = (hosted_as(session, target) for session in sessions)
    return next((one for one in hosted if one is not None), target)


def missing_scorer(sessions: Iterable[Session], scorers: Iterable[ScorerSpec]) -> str:
    """Return a scorer that a worker must host and no session has; empty if there is none."""
    hosted = {name for session in sessions for name in session.scorers}
    return next((spec.scorer for spec in scorers if _needs(spec) and spec.scorer not in hosted), "")


def _needs(spec: ScorerSpec) -> bool:
    return not (spec.built_in or spec.by_caller or spec.superseded)


def require_hosted(sessions: Sequence[Session], target: Target) -> None:
    """Refuse a target that nothing executes. Raises NotHosted."""
    if not is_hosted(sessions, target):
        hosted = {f"{one.kind} {one.name}" for session in sessions for one in session.targets}
        raise NotHosted("target", target.name, hosted)


def require_scorers(sessions: Sequence[Session], scorers: Iterable[ScorerSpec]) -> None:
    """Refuse scorers of workers that none of these hosts. Raises NotHosted."""
    missing = missing_scorer(sessions, scorers)
    if missing:
        raise NotHosted("scorer", missing, {one for session in sessions for one in session.scorers})


def waiting_for(queries: Queries, view: RunView) -> str:
    """Say what a run waits for; empty if it does not wait."""
    if not view.status.open:
        return ""
    if view.pins.caller_driven and not view.finishing:
        return "results from its caller" if _is_incomplete(view) else "its caller to finish it"
    sessions = queries.workers.live(view.project, queries.now)
    if _needs_target(queries, view) and not is_hosted(sessions, view.target):
        revision = f" at revision {view.target.revision!r}" if view.target.revision else ""
        return f"a worker that hosts the {view.target.kind} {view.target.name!r}{revision}"
    missing = missing_scorer(sessions, view.scorers)
    return f"a worker that hosts the scorer {missing!r}" if missing else _traces(queries, view)


def _traces(queries: Queries, view: RunView) -> str:
    """Say that a run waits for traces if it waits for nothing else."""
    state = queries.work.state(view.number)
    if state is None or not state.unsettled or state.out or state.leasable or not state.exhausted:
        return ""
    return f"spans, for {state.unsettled:,} score{'' if state.unsettled == 1 else 's'}"


def _is_incomplete(view: RunView) -> bool:
    return view.succeeded + view.failed + view.skipped < view.planned


def _needs_target(queries: Queries, view: RunView) -> bool:
    """Say whether workers still have to run items: for the first time, or again."""
    if view.pins.caller_driven:
        return False
    if _is_incomplete(view):
        return True
    state = queries.work.state(view.number)
    if state is not None and any(job.kind == JobName.RETRY for job in state.jobs):
        return True
    return bool(queries.work.ready(view.number, (TARGET,), queries.now, 1))
