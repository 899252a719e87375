"""ScorerService on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.application import scorer as application
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Store
from trialbook.services.application.views import HostedScorer
from trialbook.services.domain.naming import parse_project, parse_scorer, scorer_name
from trialbook.services.rpc.definition import SCOPE_NUMBERS
from trialbook.services.rpc.payload import write_json
from trialbook.services.scoring.catalogue import Direction, ScorerDescription
from trialbook.v1 import scorer_pb2 as pb
from trialbook.v1 import scorer_service_pb2 as rpc
from trialbook.v1.scorer_service_pb2_grpc import ScorerServiceServicer

_DIRECTIONS = {
    Direction.HIGHER_IS_BETTER: pb.SCORE_DIRECTION_HIGHER_IS_BETTER,
    Direction.LOWER_IS_BETTER: pb.SCORE_DIRECTION_LOWER_IS_BETTER,
    Direction.NONE: pb.SCORE_DIRECTION_UNSPECIFIED,
}


class ScorerServicer(ScorerServiceServicer):
    """Answers ScorerService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ListScorers(
        self, request: rpc.ListScorersRequest, context: Any
    ) -> rpc.ListScorersResponse:
        """List scorers by id."""
        project = parse_project("parent", request.parent)
        listing, limit = f"scorers {project}", page_size(request.page_size)
        after = read_token(listing, request.page_token, str, "")
        scorers = await self._store.read(lambda q: application.listing(q, project))
        left = [scorer for scorer in scorers if application.scorer_id(scorer) > after]
        page, token = cut_page(listing, left, limit, application.scorer_id)
        return rpc.ListScorersResponse(
            scorers=[_to_scorer(project, scorer) for scorer in page], next_page_token=token
        )

    async def DescribeScorer(
        self, request: rpc.DescribeScorerRequest, context: Any
    ) -> rpc.DescribeScorerResponse:
        """Tell all about one scorer."""
        project, name = parse_scorer("name", request.name)
        scorer = await self._store.read(lambda q: application.describe(q, project, name))
        return rpc.DescribeScorerResponse(scorer=_to_scorer(project, scorer))


def _to_scorer(project: str, scorer: ScorerDescription | HostedScorer) -> pb.Scorer:
    name = application.scorer_id(scorer)
    if isinstance(scorer, ScorerDescription):
        origin, description = pb.SCORER_ORIGIN_BUILT_IN, scorer.summary
        direction, schema = scorer.direction, msgspec.json.encode(scorer.params_schema).decode()
    else:
        origin, description = pb.SCORER_ORIGIN_WORKER, scorer.description
        direction, schema = Direction(scorer.direction), scorer.params_schema
    return pb.Scorer(
        name=scorer_name(project, name),
        scorer_id=name,
        version=scorer.version,
        description=description,
        origin=origin,
        params_schema=write_json(schema or None),
        direction=_DIRECTIONS[direction],
        minimum=scorer.minimum,
        maximum=scorer.maximum,
        needs_expected=scorer.needs_expected,
        scope=SCOPE_NUMBERS[scorer.scope],
    )
