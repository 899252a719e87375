"""RunService's comparison of runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from trialbook.services.application import run as runs
from trialbook.services.application.compared_run import LoadedRun, load_run
from trialbook.services.application.comparison import (
    baseline_by_itself,
    compare,
    load_candidate,
    require_scorers,
)
from trialbook.services.application.comparison_terms import MAX_CANDIDATES, ComparisonTerms
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import RunView
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.naming import parse_run
from trialbook.services.rpc.comparison_message import (
    Ids,
    flaky_ordinals,
    named_ordinals,
    read_options,
    to_compared_run,
    to_options,
    to_run_comparison,
)
from trialbook.v1 import comparison_pb2 as pb
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

# Each holds the columns of two runs; more at once would not be done sooner.
_AT_ONCE = 2


class ComparisonCalls(RunServiceServicer):
    """Answers RunService's call that compares runs."""

    _store: Store

    async def CompareRuns(
        self, request: rpc.CompareRunsRequest, context: Any
    ) -> rpc.CompareRunsResponse:
        """Compare runs with a baseline."""
        project, run_ids = _read_runs(request)
        terms = read_options("options", request.options)
        views = await self._store.read(_views(project, run_ids))
        require_scorers(views, terms, "options")
        async with self._comparing:
            baseline = await self._store.read(lambda q: load_run(q, project, run_ids[0], terms))
            alone = await asyncio.to_thread(baseline_by_itself, baseline, terms)
            # One after the other, so that the columns of two runs are held at a time.
            candidates = [await self._beside(baseline, run_id, terms) for run_id in run_ids[1:]]
        ids = await self._ids(baseline.view, flaky_ordinals(alone))
        comparison = pb.Comparison(
            baseline=to_compared_run(alone, ids), candidates=candidates, options=to_options(terms)
        )
        return rpc.CompareRunsResponse(comparison=comparison)

    @cached_property
    def _comparing(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(_AT_ONCE)

    async def _beside(
        self, baseline: LoadedRun, run_id: str, terms: ComparisonTerms
    ) -> pb.RunComparison:
        project, most = baseline.view.project, terms.most_items
        candidate = await self._store.read(
            lambda q: load_candidate(q, baseline, project, run_id, terms)
        )
        comparison = await asyncio.to_thread(compare, baseline, candidate, terms)
        named, own = named_ordinals(comparison, most)
        return to_run_comparison(
            comparison,
            await self._ids(baseline.view, named),
            await self._ids(candidate.run.view, own),
            most,
        )

    async def _ids(self, view: RunView, ordinals: Sequence[int]) -> Ids:
        """Return the ids of some items of a run."""
        wanted = sorted(set(ordinals))
        if not wanted:
            return {}
        return await self._store.read(lambda q: q.datasets.ids_of(view.dataset_number, wanted))


def _read_runs(request: rpc.CompareRunsRequest) -> tuple[str, list[str]]:
    """Return the project, and the ids of the baseline and of the candidates. Raises Invalid."""
    project, baseline = parse_run("baseline", request.baseline)
    count = len(request.candidates)
    if count > MAX_CANDIDATES:
        raise Invalid.field("candidates", f"are {count}; name at most {MAX_CANDIDATES} runs")
    run_ids = [baseline]
    violations = []
    for place, name in enumerate(request.candidates):
        path = f"candidates[{place}]"
        found, run_id = parse_run(path, name)
        if found != project:
            violations.append(
                Violation(path, f"lies in another project than the baseline's, projects/{project}")
            )
        elif run_id in run_ids:
            violations.append(Violation(path, f"{run_id!r} is named twice"))
        run_ids.append(run_id)
    if violations:
        raise Invalid(violations)
    return project, run_ids


def _views(project: str, run_ids: Sequence[str]) -> Any:
    """Return the query of the runs as wholes. It raises NotFound."""

    def query(queries: Queries) -> list[RunView]:
        return [runs.require(queries, project, run_id) for run_id in run_ids]

    return query
