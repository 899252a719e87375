"""ScoreService on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.services.application import explanation
from trialbook.services.application import score as application
from trialbook.services.application.explanation import Cause, Explanation
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.score import Listing, ScoreKey
from trialbook.services.application.score_reads import RunScoreView
from trialbook.services.application.staleness import stale_scores
from trialbook.services.application.views import Page, RunView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.naming import parse_run, parse_score, result_name
from trialbook.services.rpc.definition import to_scorer, to_target
from trialbook.services.rpc.item_message import to_item
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.result import to_result
from trialbook.services.rpc.review_message import to_review
from trialbook.services.rpc.score_message import STATUSES, to_score
from trialbook.v1 import score_pb2 as pb
from trialbook.v1 import score_service_pb2 as rpc
from trialbook.v1.score_service_pb2_grpc import ScoreServiceServicer

_BEFORE_ALL = (-1, -1)


class ScoreServicer(ScoreServiceServicer):
    """Answers ScoreService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ListScores(
        self, request: rpc.ListScoresRequest, context: Any
    ) -> rpc.ListScoresResponse:
        """List scores by result and scorer."""
        project, run_id = parse_run("parent", request.parent)
        asked = Listing(
            request.scorer,
            _status(request.status),
            request.not_passed,
            request.include_superseded,
        )
        listing, limit = f"scores {request.parent} {asked}", page_size(request.page_size)
        after = read_token(listing, request.page_token, tuple[int, int], _BEFORE_ALL)

        def query(q: Queries) -> tuple[RunView, Page[RunScoreView], set[tuple[int, int]]]:
            run, page = application.page(q, project, run_id, asked, after=after, limit=limit)
            return run, page, _stale(q, run, page.rows)

        run, page, stale = await self._store.read(query)
        token = ""
        if page.more:
            last = page.rows[-1]
            token = write_token(listing, (last.number, last.score.scorer))
        return rpc.ListScoresResponse(
            scores=[
                _to_run_score(run, found, stale=(found.number, found.score.scorer) in stale)
                for found in page.rows
            ],
            next_page_token=token,
        )

    async def GetScore(self, request: rpc.GetScoreRequest, context: Any) -> rpc.GetScoreResponse:
        """Return one score."""
        key = _key(request.name)

        def query(queries: Queries) -> rpc.GetScoreResponse:
            run, found = application.require(queries, key)
            result = application.judged(queries, run, found)
            return rpc.GetScoreResponse(
                score=_to_run_score(run, found, stale=bool(_stale(queries, run, [found]))),
                result=None if result is None else to_result(run, result),
            )

        return await self._store.read(query)

    async def ExplainScore(
        self, request: rpc.ExplainScoreRequest, context: Any
    ) -> rpc.ExplainScoreResponse:
        """Tell how a score came about."""
        key = _key(request.name)
        told = await self._store.read(lambda q: explanation.explain(q, key))
        return _to_explanation(told)


def _key(name: str) -> ScoreKey:
    return ScoreKey(*parse_score("name", name))


def _status(number: int) -> ScoreStatus | None:
    if number == pb.SCORE_STATUS_UNSPECIFIED:
        return None
    for status, known in STATUSES.items():
        if known == number:
            return status
    raise Invalid.field("status", f"{number} is no score status of this version")


def _stale(queries: Queries, run: RunView, found: Sequence[RunScoreView]) -> set[tuple[int, int]]:
    return stale_scores(queries, run, ((one.number, one.score) for one in found))


def _to_run_score(run: RunView, found: RunScoreView, *, stale: bool) -> rpc.RunScore:
    return rpc.RunScore(
        number=found.number,
        item_id=found.item_id,
        trial=found.trial,
        score=to_score(run, found.number, found.score, stale=stale),
        record_time=write_time(found.score.recorded_at),
    )


def _to_explanation(told: Explanation) -> rpc.ExplainScoreResponse:
    run = told.run
    result = result_name(run.project, run.run_id, told.score.number)
    return rpc.ExplainScoreResponse(
        score=_to_run_score(run, told.score, stale=told.stale),
        scorer=to_scorer(told.scorer),
        result=None if told.result is None else to_result(run, told.result),
        item=None if told.item is None else to_item(told.dataset, told.item),
        target=to_target(run.target),
        causes=map(_to_cause, told.causes),
        reviews=[to_review(result, review) for review in told.reviews],
    )


def _to_cause(cause: Cause) -> rpc.ScoreCause:
    return rpc.ScoreCause(
        position=cause.position,
        kind=cause.kind,
        explanation=cause.explanation,
        author=cause.author,
        command=cause.command,
        reason=cause.reason,
        record_time=write_time(cause.recorded_at),
    )
