"""The calls of ScorerService."""

from __future__ import annotations

from trialbook.client.models.scorer import ScorerDescription
from trialbook.client.names import project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.v1 import scorer_service_pb2 as service


def list_scorers(project: str, page_size: int) -> Listing[ScorerDescription]:
    """List the scorers that experiments of a project can use."""
    return lambda token: Operation(
        "ScorerService/ListScorers",
        service.ListScorersRequest(
            parent=project_name(project), page_size=page_size, page_token=token
        ),
        service.ListScorersResponse,
        lambda answer: Page(
            [ScorerDescription.from_message(scorer) for scorer in answer.scorers],
            answer.next_page_token,
        ),
    )


def describe_scorer(
    project: str, scorer: str
) -> Operation[service.DescribeScorerResponse, ScorerDescription]:
    """Tell all about one scorer."""
    return Operation(
        "ScorerService/DescribeScorer",
        service.DescribeScorerRequest(name=resource_name(project, "scorers", scorer)),
        service.DescribeScorerResponse,
        lambda answer: ScorerDescription.from_message(answer.scorer),
    )
