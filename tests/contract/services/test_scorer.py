"""ScorerService: the catalogue."""

from __future__ import annotations

import json as json_module

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    hosts_scorer,
    invalid,
    json,
    new_worker,
    refusal,
    summary,
)
from trialbook.services.scoring import catalogue
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_ITEM, SCORER_SCOPE_RUN
from trialbook.v1.scorer_pb2 import (
    SCORE_DIRECTION_LOWER_IS_BETTER,
    SCORER_ORIGIN_BUILT_IN,
    SCORER_ORIGIN_WORKER,
    Scorer,
)
from trialbook.v1.scorer_service_pb2 import DescribeScorerRequest, ListScorersRequest

BUILT_IN = sorted(description.name for description in catalogue.descriptions())


async def describe(service: Service, scorer_id: str, project: str = PROJECT) -> Scorer:
    request = DescribeScorerRequest(name=f"{project}/scorers/{scorer_id}")
    return (await service.scorers.DescribeScorer(request)).scorer


async def listing(service: Service, parent: str = PROJECT, page_size: int = 0) -> list[Scorer]:
    found: list[Scorer] = []
    token = ""
    while True:
        page = await service.scorers.ListScorers(
            ListScorersRequest(parent=parent, page_size=page_size, page_token=token)
        )
        found += page.scorers
        token = page.next_page_token
        if not token:
            return found


async def test_the_built_in_scorers_are_listed_by_id(service: Service) -> None:
    found = await listing(service)

    assert [scorer.scorer_id for scorer in found] == BUILT_IN
    assert {scorer.origin for scorer in found} == {SCORER_ORIGIN_BUILT_IN}


@pytest.mark.parametrize("scorer_id", BUILT_IN)
async def test_a_built_in_scorer_tells_all_about_itself(service: Service, scorer_id: str) -> None:
    found = await describe(service, scorer_id)

    assert found.name == f"{PROJECT}/scorers/{scorer_id}"
    assert found.version >= 1
    assert found.description
    assert json_module.loads(found.params_schema.json)["type"] == "object"
    is_run = found.scope == SCORER_SCOPE_RUN
    assert (found.minimum, found.maximum) == (-1.0 if is_run else 0.0, 1.0)
    assert is_run == (scorer_id == "agreement")
    assert found in await listing(service)


async def test_the_catalogue_is_paged(service: Service) -> None:
    assert await listing(service, page_size=3) == await listing(service)


async def test_a_scorers_page_token_is_bound_to_its_project(service: Service) -> None:
    first = await service.scorers.ListScorers(ListScorersRequest(parent=PROJECT, page_size=1))

    told = await refusal(
        service.scorers.ListScorers(
            ListScorersRequest(parent="projects/other", page_token=first.next_page_token)
        )
    )

    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


async def test_a_workers_scorer_is_part_of_its_projects_catalogue(service: Service) -> None:
    schema = '{ "type": "object" }'
    await new_worker(
        service,
        hosts_scorer(
            "tone",
            version=3,
            description="Politeness.",
            params_schema=json(schema),
            direction=SCORE_DIRECTION_LOWER_IS_BETTER,
            minimum=-1.0,
            maximum=2.5,
            needs_expected=True,
        ),
    )

    found = await describe(service, "tone")

    assert found == Scorer(
        name=f"{PROJECT}/scorers/tone",
        scope=SCORER_SCOPE_ITEM,
        scorer_id="tone",
        version=3,
        description="Politeness.",
        origin=SCORER_ORIGIN_WORKER,
        params_schema=json(schema),
        direction=SCORE_DIRECTION_LOWER_IS_BETTER,
        minimum=-1.0,
        maximum=2.5,
        needs_expected=True,
    )
    assert "tone" in [scorer.scorer_id for scorer in await listing(service)]
    assert "tone" not in [scorer.scorer_id for scorer in await listing(service, "projects/other")]


async def test_the_newest_declaration_of_a_scorer_is_in_force(service: Service) -> None:
    await new_worker(service, hosts_scorer("tone", version=1))
    await new_worker(service, hosts_scorer("tone", version=2))

    assert (await describe(service, "tone")).version == 2


async def test_a_scorer_of_nobody_is_not_found(service: Service) -> None:
    told = await refusal(describe(service, "levenstein"))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": f"{PROJECT}/scorers/levenstein"}
    assert "levenshtein" in told.message


@pytest.mark.parametrize(
    "name", ["", "exact_match", f"{PROJECT}/scorers/", f"{PROJECT}/scorers/a b"]
)
async def test_a_name_of_another_form_is_refused(service: Service, name: str) -> None:
    told = await refusal(service.scorers.DescribeScorer(DescribeScorerRequest(name=name)))

    assert summary(told) == invalid("name")


@pytest.mark.parametrize(("field", "value"), [("parent", "x"), ("page_size", -1)])
async def test_a_bad_listing_is_refused(service: Service, field: str, value: object) -> None:
    request = ListScorersRequest(parent=PROJECT)
    setattr(request, field, value)

    assert summary(await refusal(service.scorers.ListScorers(request))) == invalid(field)
