"""The calls of RunService that tell distributions and trends of scores."""

from __future__ import annotations

from trialbook.client.models.distribution import ScoreDistribution
from trialbook.client.models.trend import TrendPoint
from trialbook.client.names import Reference, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.v1 import run_service_pb2 as service


def get_distribution(
    project: str, run: Reference, scorer: str, bins: int
) -> Operation[service.GetScoreDistributionResponse, ScoreDistribution]:
    """Tell how a scorer's values of a run are distributed."""
    return Operation(
        "RunService/GetScoreDistribution",
        service.GetScoreDistributionRequest(
            name=resource_name(project, "runs", run), scorer=scorer, bins=bins
        ),
        service.GetScoreDistributionResponse,
        lambda answer: ScoreDistribution.from_message(answer.distribution),
    )


def list_trend_points(
    project: str, experiment: Reference, scorer: str, page_size: int
) -> Listing[TrendPoint]:
    """List the ended runs of an experiment with what their scorers said."""
    parent = resource_name(project, "experiments", experiment)
    return lambda token: Operation(
        "RunService/ListTrendPoints",
        service.ListTrendPointsRequest(
            parent=parent, page_size=page_size, page_token=token, scorer=scorer
        ),
        service.ListTrendPointsResponse,
        lambda answer: Page(
            [TrendPoint.from_message(point) for point in answer.points], answer.next_page_token
        ),
    )
