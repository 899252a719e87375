"""Another chance for results that failed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.services.application import hosting
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.rework_reads import RetryTerms
from trialbook.services.application.run import require
from trialbook.services.application.run_job import retry_job, run_scope_jobs
from trialbook.services.application.views import RunView
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import Invalid, Violation

MAX_NUMBERS = 10_000


class Retried(msgspec.Struct, frozen=True):
    """The run as it is now, and how many of its results are run again."""

    run: RunView
    count: int


def check_numbers(numbers: Sequence[int]) -> None:
    """Refuse numbers that no result can have, and too many. Raises Invalid."""
    if len(numbers) > MAX_NUMBERS:
        raise Invalid.field("numbers", f"has {len(numbers):,} numbers; name up to {MAX_NUMBERS:,}")
    bad = [
        Violation(f"numbers[{index}]", f"{number} is no result's number; they begin at 1")
        for index, number in enumerate(numbers)
        if not 1 <= number < 2**63
    ]
    if bad:
        raise Invalid(bad)


def retry(
    uow: UnitOfWork,
    project: str,
    run_id: str,
    numbers: Sequence[int],
    *,
    include_skipped: bool,
    wait_for_worker: bool,
) -> Retried:
    """Let failed results of a run be run again, or those of them that have these numbers.

    Raises Invalid, NotFound, RunGoesOn, CallerDriven, NotHosted.
    """
    check_numbers(numbers)
    view = require(uow, project, run_id)
    stream = domain.stream_of(view.uid)
    head, version = uow.head(stream, domain.Run, domain.evolve)
    _require_known(uow, view, numbers)
    chosen = tuple(sorted(set(numbers)))
    terms = RetryTerms(head.round + 1, include_skipped, chosen)
    count = _count(uow, view, terms)
    position = view.last_position + 1
    events = domain.retry(head, position, count, chosen, include_skipped=include_skipped)
    if events:
        if not wait_for_worker:
            _require_hosted(uow, view)
        uow.append(stream, events, expected_version=version)
        jobs = [retry_job(view.target, terms), *run_scope_jobs(enumerate(view.scorers))]
        uow.work.open(view.number, jobs, exhausted=True, generation=position)
        view = require(uow, project, run_id)
    told = msgspec.structs.replace(view, waiting_for=hosting.waiting_for(uow, view))
    return Retried(told, count)


def _count(queries: Queries, view: RunView, terms: RetryTerms) -> int:
    purged = queries.datasets.purged_count(view.dataset_number, view.dataset_version)
    if terms.numbers or purged:
        return queries.rework.count_retryable(view, terms)
    return view.failed + (view.skipped if terms.include_skipped else 0)


def _require_known(queries: Queries, view: RunView, numbers: Sequence[int]) -> None:
    known = queries.rework.known_numbers(view, numbers)
    bad = [
        Violation(f"numbers[{index}]", f"the run has no result {number}")
        for index, number in enumerate(numbers)
        if number not in known
    ]
    if bad:
        raise Invalid(bad)


def _require_hosted(queries: Queries, view: RunView) -> None:
    sessions = queries.workers.live(view.project, queries.now)
    hosting.require_hosted(sessions, view.target)
    hosting.require_scorers(sessions, view.scorers)
