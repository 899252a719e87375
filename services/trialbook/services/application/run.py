"""Commands and queries about runs."""

from __future__ import annotations

from itertools import takewhile

import msgspec

from trialbook.services.application.hosting import waiting_for
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import ItemView, ResultView, RunView
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import Invalid, NotFound, PositionOutOfRange
from trialbook.services.domain.naming import result_name, run_name

MAX_REASON = 1000
QUANTILES = (0.5, 0.95)


def require(queries: Queries, project: str, run_id: str) -> RunView:
    """Return a run without latency and what it waits for. Raises NotFound."""
    view = queries.runs.find(project, run_id)
    if view is None:
        raise NotFound(run_name(project, run_id))
    return view


def get(queries: Queries, project: str, run_id: str) -> RunView:
    """Return a run, complete. Raises NotFound."""
    view = require(queries, project, run_id)
    p50, p95 = queries.runs.latency_ranks(view.number, QUANTILES)
    return msgspec.structs.replace(
        view, latency_p50=p50, latency_p95=p95, waiting_for=waiting_for(queries, view)
    )


def result(queries: Queries, project: str, run_id: str, number: int) -> ResultView:
    """Return one result with its item. Raises NotFound."""
    view = require(queries, project, run_id)
    found = queries.runs.result(view, number)
    if found is None:
        raise NotFound(result_name(project, run_id, number))
    return with_items(queries, view, [found])[0]


def with_items(queries: Queries, view: RunView, results: list[ResultView]) -> list[ResultView]:
    """Return results with the input and expected value of their items, unless these are purged.

    As many of the first as a page may hold.
    """
    items = queries.datasets.items_at(
        view.dataset_number, view.dataset_version, [found.ordinal for found in results]
    )
    return [
        _with_item(found, items[found.ordinal])
        for found in takewhile(lambda found: found.ordinal in items, results)
    ]


def _with_item(found: ResultView, item: ItemView) -> ResultView:
    if item.purged_at is not None:
        return found
    return msgspec.structs.replace(found, input=item.input, expected=item.expected)


def require_position(view: RunView, after_position: int) -> None:
    """Refuse a watch that begins before the first or beyond the last fact."""
    if after_position < 0:
        raise Invalid.field("after_position", f"{after_position} is negative; use 0 for all")
    if after_position > view.last_position:
        raise PositionOutOfRange(
            run_name(view.project, view.run_id), after_position, view.last_position
        )


def cancel(uow: UnitOfWork, project: str, run_id: str, reason: str) -> RunView:
    """Cancel a run. Raises Invalid, NotFound, RunEnded."""
    if len(reason) > MAX_REASON:
        raise Invalid.field("reason", f"has more than {MAX_REASON:,} characters; shorten it")
    view = require(uow, project, run_id)
    stream = domain.stream_of(view.uid)
    head, version = uow.head(stream, domain.Run, domain.evolve)
    events = domain.request_cancel(head, view.last_position + 1, reason)
    uow.append(stream, events, expected_version=version)
    return require(uow, project, run_id)
