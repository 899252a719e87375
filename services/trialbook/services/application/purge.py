"""Erases items for good: what they hold, and what results and scores tell of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.purge_reads import PurgeCandidate, PurgeScope, Traces
from trialbook.services.application.result_trace import TraceSubject
from trialbook.services.application.trace_set import attempt_traces, trace_sets
from trialbook.services.application.trajectory import load
from trialbook.services.application.views import DatasetView, RunView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.errors import Invalid, NotFound, RunInProgress
from trialbook.services.domain.naming import (
    ITEM_ID,
    ITEM_ID_RULE,
    check_id,
    dataset_name,
    item_name,
)

MOST_ITEMS = 1_000
MOST_VIOLATIONS = 100


class PurgedItems(msgspec.Struct, frozen=True):
    """The dataset after a purge, and how many items, results and events lost their content."""

    dataset: DatasetView
    purged_count: int = 0
    result_count: int = 0
    event_count: int = 0


def check_item_ids(item_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids, each once. Raises Invalid."""
    if not 1 <= len(item_ids) <= MOST_ITEMS:
        raise Invalid.field("item_ids", f"has {len(item_ids):,} ids; name 1 to {MOST_ITEMS:,}")
    violations = [
        bad
        for place, item_id in enumerate(item_ids)
        for bad in check_id(f"item_ids[{place}]", item_id, ITEM_ID, ITEM_ID_RULE)
    ]
    if violations:
        raise Invalid(violations[:MOST_VIOLATIONS])
    return tuple(dict.fromkeys(item_ids))


def search(
    queries: Queries, project: str, dataset_id: str, item_ids: Sequence[str]
) -> Traces | None:
    """Return where the content of items lies; None if there is nothing left to erase.

    Reads the whole history of the dataset and of its runs: not for the writer's thread.
    Raises NotFound, RunInProgress.
    """
    view = _require(queries, project, dataset_id)
    candidates = _candidates(queries, view, item_ids)
    if not candidates:
        return None
    return queries.purge.traces(_scope(view, candidates))


def purge(
    uow: UnitOfWork,
    project: str,
    dataset_id: str,
    item_ids: Sequence[str],
    *,
    traces: Traces | None,
    message: str,
) -> PurgedItems:
    """Erase items, given where their content was found. Items that are purged stay so.

    Raises NotFound, ImportInProgress, RunInProgress.
    """
    view = _require(uow, project, dataset_id)
    head, stream_version = uow.head(domain.stream_of(view.uid), domain.Dataset, domain.evolve)
    if not head.deleted:
        domain.require_writable(head)
    candidates = _candidates(uow, view, item_ids)
    if not candidates:
        return PurgedItems(view)
    scope = _scope(view, candidates)
    erased = uow.purge.erase(scope, traces or uow.purge.traces(scope))
    # A deleted dataset makes no versions: what was erased of it stays where it was.
    live = tuple(one.key for one in candidates if one.live and not head.deleted)
    keys = tuple(candidate.key for candidate in candidates)
    if live:
        made = domain.make_version(head, domain.ItemCounts(removed=len(live)), message=message)
        uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    uow.append(
        domain.items_stream_of(head.uid), _events(head, live, keys, message), expected_version=None
    )
    uow.purge.drop_blobs(erased.blobs)
    _erase_traces(uow, erased.results)
    view = _require(uow, project, dataset_id)
    return PurgedItems(view, len(keys), len(erased.results), erased.events)


def _erase_traces(uow: UnitOfWork, results: Collection[tuple[int, int]]) -> None:
    """Erase the spans of results: of all attempts, and of what is linked with them."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for run, number in results:
        numbers[run].add(number)
    for run, some in numbers.items():
        view, left = uow.runs.by_number(run), some
        while subjects := uow.result_traces.subjects(run, left):
            uow.traces.erase(_traces_of(uow, view, subjects))
            # One read brings only what a page may hold.
            left = left - {subject.number for subject in subjects}


def _traces_of(queries: Queries, run: RunView, subjects: Sequence[TraceSubject]) -> set[str]:
    sets = trace_sets(queries, run, subjects)
    linked = [one for one in subjects if sets[one.number].trace_ids != sets[one.number].own]
    found = load(queries, run, linked, sets, settled_only=True) if linked else {}
    return {one for each in found.values() for one in each.state.trace_ids}.union(
        *(attempt_traces(run, subject) for subject in subjects)
    )


def _require(queries: Queries, project: str, dataset: str) -> DatasetView:
    """Return a dataset by its id, or by its uid even if it was deleted. Raises NotFound."""
    view = queries.datasets.find(project, dataset) or queries.datasets.by_uid(dataset)
    if view is None or view.project != project:
        raise NotFound(dataset_name(project, dataset))
    return view


def _events(
    head: domain.Dataset,
    live: tuple[domain.ItemKey, ...],
    keys: tuple[domain.ItemKey, ...],
    message: str,
) -> list[msgspec.Struct]:
    removed = [
        domain.ItemsRemoved(head.uid, head.version + 1, some) for some in domain.chunks(live)
    ]
    return [
        *removed,
        *(domain.ItemsPurged(head.uid, some, message) for some in domain.chunks(keys)),
    ]


def _candidates(
    queries: Queries, view: DatasetView, item_ids: Sequence[str]
) -> list[PurgeCandidate]:
    """Return the items that are not purged yet. Raises NotFound, RunInProgress."""
    found = queries.purge.candidates(view.number, item_ids)
    missing = set(item_ids) - {candidate.key.item_id for candidate in found}
    if missing:
        raise NotFound(item_name(view.project, view.dataset_id, min(missing)))
    candidates = [candidate for candidate in found if not candidate.purged]
    run = queries.purge.run_in_progress(view.number) if candidates else None
    if run is not None:
        raise RunInProgress(run)
    return candidates


def _scope(view: DatasetView, candidates: Sequence[PurgeCandidate]) -> PurgeScope:
    ids = frozenset(candidate.key.item_id for candidate in candidates)
    return PurgeScope(view.number, view.uid, ids)
