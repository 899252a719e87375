"""RunService's calls about scores over time, and how they are distributed."""

from __future__ import annotations

import asyncio
from typing import Any

from trialbook.services.application import distribution as distributions
from trialbook.services.application import trend as application
from trialbook.services.application.distribution import LoadedScores, ScoreDistribution
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Store
from trialbook.services.application.trend import TrendPoint, TrendValue
from trialbook.services.domain.naming import parse_experiment, parse_run
from trialbook.services.rpc.comparison_message import to_estimate
from trialbook.services.rpc.run_message import to_run
from trialbook.v1 import comparison_pb2 as pb
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

_LAST_RUN = 2**62


class TrendCalls(RunServiceServicer):
    """Answers RunService's calls about trends and distributions."""

    _store: Store

    async def ListTrendPoints(
        self, request: rpc.ListTrendPointsRequest, context: Any
    ) -> rpc.ListTrendPointsResponse:
        """List the ended runs of an experiment with what their scorers said."""
        project, experiment = parse_experiment("parent", request.parent)
        listing, limit = f"trend {request.parent} {request.scorer}", page_size(request.page_size)
        before = read_token(listing, request.page_token, int, _LAST_RUN)
        points = await self._store.read(
            lambda q: application.page(
                q, project, experiment, before, limit + 1, scorer=request.scorer
            )
        )
        page, token = cut_page(listing, points, limit, lambda point: point.run.number)
        return rpc.ListTrendPointsResponse(points=map(_to_point, page), next_page_token=token)

    async def GetScoreDistribution(
        self, request: rpc.GetScoreDistributionRequest, context: Any
    ) -> rpc.GetScoreDistributionResponse:
        """Tell how a scorer's values are distributed."""
        project, run = parse_run("name", request.name)
        bins = distributions.bin_count(request.bins)
        loaded: LoadedScores = await self._store.read(
            lambda q: distributions.load(q, project, run, request.scorer)
        )
        found = await asyncio.to_thread(distributions.distribution, loaded, bins)
        return rpc.GetScoreDistributionResponse(
            distribution=_to_distribution(request.scorer, found)
        )


def _to_point(point: TrendPoint) -> pb.TrendPoint:
    return pb.TrendPoint(run=to_run(point.run), values=map(_to_value, point.values))


def _to_value(value: TrendValue) -> pb.TrendValue:
    return pb.TrendValue(
        scorer=value.spec.alias,
        scorer_version=value.spec.version,
        value=to_estimate(value.value),
        pass_rate=value.pass_rate,
    )


def _to_distribution(scorer: str, found: ScoreDistribution) -> pb.ScoreDistribution:
    return pb.ScoreDistribution(
        scorer=scorer,
        bins=[pb.ScoreBin(lower=one.lower, upper=one.upper, count=one.count) for one in found.bins],
        values=to_estimate(found.values),
        labels=[pb.LabelCount(label=label, count=count) for label, count in found.labels],
    )
