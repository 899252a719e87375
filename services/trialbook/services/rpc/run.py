"""RunService on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from trialbook.services.application import run as application
from trialbook.services.application import trajectory
from trialbook.services.application.paging import cut_page, page_size, read_token, write_token
from trialbook.services.application.ports import Store
from trialbook.services.application.result_filter import ResultFilter, check_filter
from trialbook.services.application.staleness import stale_scores
from trialbook.services.application.views import Page, ResultView, RunView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import (
    parse_experiment,
    parse_project,
    parse_result,
    parse_run,
)
from trialbook.services.domain.run import RunStatus
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.comparison import ComparisonCalls
from trialbook.services.rpc.gate_evaluation import GateEvaluationCalls
from trialbook.services.rpc.regression_dataset import RegressionDatasetCalls
from trialbook.services.rpc.rescore import RescoreCalls
from trialbook.services.rpc.result import to_result
from trialbook.services.rpc.result_export import ResultExportCalls
from trialbook.services.rpc.result_filter import read_status
from trialbook.services.rpc.retry import RetryCalls
from trialbook.services.rpc.run_message import STATUSES as RUN_STATUSES
from trialbook.services.rpc.run_message import to_run
from trialbook.services.rpc.run_start import StartCalls
from trialbook.services.rpc.submission import SubmissionCalls
from trialbook.services.rpc.trend import TrendCalls
from trialbook.services.rpc.watch import Watch
from trialbook.v1 import run_pb2 as pb
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

_LAST_RUN = 2**62
_NEVER_RUN = -1


class RunServicer(
    StartCalls,
    GateEvaluationCalls,
    RegressionDatasetCalls,
    ResultExportCalls,
    ComparisonCalls,
    TrendCalls,
    RetryCalls,
    RescoreCalls,
    SubmissionCalls,
    RunServiceServicer,
):
    """Answers RunService."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine

    async def GetRun(self, request: rpc.GetRunRequest, context: Any) -> rpc.GetRunResponse:
        """Return a run."""
        project, run = parse_run("name", request.name)
        view = await self._store.read(lambda q: application.get(q, project, run))
        return rpc.GetRunResponse(run=to_run(view))

    async def ListRuns(self, request: rpc.ListRunsRequest, context: Any) -> rpc.ListRunsResponse:
        """List runs, newest first."""
        project = parse_project("parent", request.parent)
        experiment = _experiment_id(project, request.experiment)
        status = _run_status(request.status)
        listing = f"runs {project} {request.experiment} {request.status}"
        limit = page_size(request.page_size)
        before = read_token(listing, request.page_token, int, _LAST_RUN)
        views = await self._store.read(
            lambda q: q.runs.page(project, before, limit + 1, experiment, status)
        )
        page, token = cut_page(listing, views, limit, lambda view: view.number)
        return rpc.ListRunsResponse(runs=map(to_run, page), next_page_token=token)

    async def CancelRun(self, request: rpc.CancelRunRequest, context: Any) -> rpc.CancelRunResponse:
        """Cancel a run."""
        project, run = parse_run("name", request.name)
        view = await self._store.execute(
            command(context, "CancelRun", request),
            lambda uow: application.cancel(uow, project, run, request.reason),
            RunView,
        )
        self._engine.run_cancelled(view.number)
        return rpc.CancelRunResponse(run=to_run(view))

    async def ListResults(
        self, request: rpc.ListResultsRequest, context: Any
    ) -> rpc.ListResultsResponse:
        """List results."""
        project, run = parse_run("parent", request.parent)
        view, page = await self._store.read(_listing(request, project, run))
        token = ""
        if page.more:
            last = page.rows[-1]
            latency = _NEVER_RUN if last.latency is None else last.latency
            token = write_token(_listing_name(request), (latency, last.number))
        return rpc.ListResultsResponse(
            results=[to_result(view, found) for found in page.rows], next_page_token=token
        )

    async def GetResult(self, request: rpc.GetResultRequest, context: Any) -> rpc.GetResultResponse:
        """Return one result."""
        project, run, number = parse_result("name", request.name)
        patience = self._engine.patience

        def query(q: Any) -> pb.Result:
            view = application.require(q, project, run)
            result = application.result(q, project, run, number)
            traced = trajectory.find(q, view, result, patience) if result.attempts else None
            stale = stale_scores(q, view, ((number, score) for score in result.scores))
            return to_result(view, result, found=traced, stale=stale)

        return rpc.GetResultResponse(result=await self._store.read(query))

    async def WatchRun(
        self, request: rpc.WatchRunRequest, context: Any
    ) -> AsyncIterator[rpc.WatchRunResponse]:
        """Stream a run's facts."""
        project, run = parse_run("name", request.name)
        view = await self._store.read(lambda q: application.require(q, project, run))
        application.require_position(view, request.after_position)
        async for response in Watch(self._store, self._engine, view).after(request.after_position):
            yield response


def _experiment_id(project: str, name: str) -> str | None:
    if not name:
        return None
    found, experiment = parse_experiment("experiment", name)
    if found != project:
        raise Invalid.field("experiment", f"lies in another project than projects/{project}")
    return experiment


def _listing_name(request: rpc.ListResultsRequest) -> str:
    return (
        f"results {request.parent} {request.status} {request.order} "
        f"{request.failing} {request.scorer}"
    )


def _listing(request: rpc.ListResultsRequest, project: str, run: str) -> Any:
    """Return the query of a page of results. Raises Invalid."""
    limit = page_size(request.page_size)
    after = read_token(_listing_name(request), request.page_token, tuple[int, int], (0, 0))
    status = read_status("status", request.status)
    _check_listing(request)

    def query(q: Any) -> tuple[RunView, Page[ResultView]]:
        view = application.require(q, project, run)
        if request.failing:
            wanted = ResultFilter(status=status, failing=True, scorer=request.scorer)
            check_filter("", view, wanted)
            page = q.runs.filtered(view, wanted, after[1], limit)
        elif request.order == rpc.RESULT_ORDER_SLOWEST:
            start = after if request.page_token else None
            page = q.runs.slowest(view, start, limit, status)
        else:
            page = q.runs.results(view, after[1], limit, status)
        if request.include_items:
            rows = application.with_items(q, view, page.rows)
            page = Page(rows, more=page.more or len(rows) < len(page.rows))
        return view, page

    return query


def _check_listing(request: rpc.ListResultsRequest) -> None:
    """Refuse what says nothing, or cannot be. Raises Invalid."""
    if request.order not in (rpc.RESULT_ORDER_UNSPECIFIED, rpc.RESULT_ORDER_SLOWEST):
        raise Invalid.field("order", f"{request.order} is no order of this version")
    if request.failing and request.order == rpc.RESULT_ORDER_SLOWEST:
        raise Invalid.field("order", "failing results are listed by number only; leave it out")
    if request.scorer and not request.failing:
        raise Invalid.field("scorer", "says nothing without failing; set that too")


def _run_status(number: int) -> RunStatus | None:
    if number == pb.RUN_STATUS_UNSPECIFIED:
        return None
    for status, known in RUN_STATUSES.items():
        if known == number:
            return status
    raise Invalid.field("status", f"{number} is no run status of this version")
