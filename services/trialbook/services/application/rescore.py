"""More scorers over outputs that are recorded."""

from __future__ import annotations

import msgspec

from trialbook.services.application import hosting
from trialbook.services.application import scorer as catalogue
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.run import require
from trialbook.services.application.run_job import rescore_jobs
from trialbook.services.application.scorer import MAX_SCORERS, ScorerDraft
from trialbook.services.application.views import HostedScorer, RunView
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import ScorerSpec

_PATH = "scorers"


class Rescored(msgspec.Struct, frozen=True):
    """The run as it is now, and the aliases of the scorers that judge now."""

    run: RunView
    scorers: tuple[str, ...]


def rescore(
    uow: UnitOfWork,
    project: str,
    run_id: str,
    drafts: tuple[ScorerDraft, ...],
    *,
    force: bool,
    wait_for_worker: bool,
) -> Rescored:
    """Let these scorers judge what a run has recorded; or its own at their newest versions.

    Those that are the run's already, with the same version and parameters, are left out without
    `force`. Raises Invalid, NotFound, RunGoesOn, NotHosted.
    """
    view = require(uow, project, run_id)
    stream = domain.stream_of(view.uid)
    head, version = uow.head(stream, domain.Run, domain.evolve)
    domain.require_ended(head)
    wanted = _pinned(uow, project, drafts) if drafts else _newest(uow, view)
    added = tuple(spec for spec in wanted if force or spec not in view.scorers)
    _require_room(view, added)
    position = view.last_position + 1
    events = domain.rescore(head, position, added)
    if events:
        if not wait_for_worker:
            hosting.require_scorers(uow.workers.live(project, uow.now), added)
        uow.append(stream, events, expected_version=version)
        jobs = rescore_jobs(added, len(view.scorers))
        uow.work.open(view.number, jobs, exhausted=True, generation=position)
        view = require(uow, project, run_id)
    told = msgspec.structs.replace(view, waiting_for=hosting.waiting_for(uow, view))
    return Rescored(told, tuple(spec.alias for spec in added))


def _pinned(
    queries: Queries, project: str, drafts: tuple[ScorerDraft, ...]
) -> tuple[ScorerSpec, ...]:
    specs = catalogue.pin(queries, project, drafts, _PATH)
    for index, spec in enumerate(specs):
        if spec.by_caller:
            raise Invalid.field(
                f"{_PATH}[{index}].by_caller",
                "no caller judges what is recorded already; name a scorer of the service, or of "
                "a worker",
            )
    return specs


def _newest(queries: Queries, view: RunView) -> tuple[ScorerSpec, ...]:
    """Return the run's own scorers at their newest versions; those of callers have none."""
    own = [spec for spec in view.scorers if not spec.superseded and not spec.by_caller]
    newest = {
        (not isinstance(known, HostedScorer), catalogue.scorer_id(known)): known.version
        for known in catalogue.listing(queries, view.project)
    }
    versions = [newest.get((spec.built_in, spec.scorer), spec.version) for spec in own]
    return tuple(map(_at_version, own, versions))


def _at_version(spec: ScorerSpec, version: int) -> ScorerSpec:
    return msgspec.structs.replace(spec, version=version)


def _require_room(view: RunView, added: tuple[ScorerSpec, ...]) -> None:
    new = {spec.alias for spec in added}
    kept = [spec for spec in view.scorers if not spec.superseded and spec.alias not in new]
    if len(kept) + len(added) > MAX_SCORERS:
        raise Invalid.field(
            _PATH,
            f"{len(added)} more would make {len(kept) + len(added)} scorers of the run, which may "
            f"have {MAX_SCORERS}; use an alias that it has to supersede one",
        )
