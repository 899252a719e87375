"""The jobs that runs have: what of their work the service itself does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trialbook.services.application.hosting import is_built_in
from trialbook.services.application.rework_reads import RetryTerms
from trialbook.services.application.views import RunView
from trialbook.services.application.work import Job, JobName
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec, Target


def start_jobs(run: RunView) -> list[Job]:
    """Return the jobs that a run has from its start."""
    first = []
    if run.pins.caller_driven:
        first.append(Job(JobName.FINISH, held=True))
    elif is_built_in(run.target):
        first.append(Job(JobName.EXECUTE))
    return first + run_scope_jobs(enumerate(run.scorers))


def released(job: Job) -> Job:
    """Return a job of a caller-driven run once its caller has finished it."""
    return msgspec.structs.replace(job, held=False)


def retry_job(target: Target, terms: RetryTerms) -> Job:
    """Make tasks of the results that are run again; a target of the service runs them at once."""
    name = JobName.EXECUTE if is_built_in(target) else JobName.RETRY
    return Job(name, msgspec.json.encode(terms).decode())


def rescore_jobs(scorers: Sequence[ScorerSpec], first: int) -> list[Job]:
    """Judge recorded outputs by scorers that stand in a run's places from `first` on."""
    of_results = [
        place for place, spec in enumerate(scorers, first) if spec.scope is not ScorerScope.RUN
    ]
    jobs = [Job(JobName.RESCORE, _json(of_results))] if of_results else []
    return jobs + run_scope_jobs(enumerate(scorers, first))


def run_scope_jobs(scorers: Iterable[tuple[int, ScorerSpec]]) -> list[Job]:
    """Let those of these scorers that judge a run as a whole do so, once all else is done."""
    places = [
        place
        for place, spec in scorers
        if spec.scope is ScorerScope.RUN and not spec.superseded and not spec.by_caller
    ]
    return [Job(JobName.SCORE_RUN, _json(places), after_tasks=True)] if places else []


def with_places(job: Job, places: Sequence[int]) -> Job | None:
    """Return a job with what is left of its places; None if nothing is."""
    return msgspec.structs.replace(job, arguments=_json(places)) if places else None


def places_of(job: Job) -> tuple[int, ...]:
    """Return the places of the scorers that a job judges by."""
    return msgspec.json.decode(job.arguments, type=tuple[int, ...])


def terms_of(job: Job) -> RetryTerms:
    """Return what a job runs again."""
    return msgspec.json.decode(job.arguments, type=RetryTerms)


def _json(places: Sequence[int]) -> str:
    return msgspec.json.encode(places).decode()
