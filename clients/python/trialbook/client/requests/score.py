"""The calls of ScoreService."""

from __future__ import annotations

from trialbook.client.models.score import SCORE_STATUSES, RunScore, ScoreStatus
from trialbook.client.models.score_explanation import JudgedScore, ScoreExplanation
from trialbook.client.names import Reference, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.v1 import score_service_pb2 as service


def list_scores(
    project: str,
    run: Reference,
    *,
    scorer: str,
    status: ScoreStatus | str | None,
    not_passed: bool,
    include_superseded: bool,
    page_size: int,
) -> Listing[RunScore]:
    """List the scores of a run."""
    parent = resource_name(project, "runs", run)
    wanted = SCORE_STATUSES.wire_name(ScoreStatus(status or ScoreStatus.UNSPECIFIED))
    return lambda token: Operation(
        "ScoreService/ListScores",
        service.ListScoresRequest(
            parent=parent,
            page_size=page_size,
            page_token=token,
            scorer=scorer,
            status=wanted,
            not_passed=not_passed,
            include_superseded=include_superseded,
        ),
        service.ListScoresResponse,
        lambda answer: Page(
            [RunScore.from_message(score) for score in answer.scores], answer.next_page_token
        ),
    )


def get_score(project: str, score: Reference) -> Operation[service.GetScoreResponse, JudgedScore]:
    """Get one score with what was judged."""
    return Operation(
        "ScoreService/GetScore",
        service.GetScoreRequest(name=resource_name(project, "runs", score)),
        service.GetScoreResponse,
        JudgedScore.from_message,
    )


def explain_score(
    project: str, score: Reference
) -> Operation[service.ExplainScoreResponse, ScoreExplanation]:
    """Tell how a score came about."""
    return Operation(
        "ScoreService/ExplainScore",
        service.ExplainScoreRequest(name=resource_name(project, "runs", score)),
        service.ExplainScoreResponse,
        ScoreExplanation.from_message,
    )
