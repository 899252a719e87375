"""The places where the people of a project look at traces."""

from __future__ import annotations

from pathlib import Path

from tests.service import (
    PROJECT,
    Service,
    invalid,
    read_models,
    rebuilt,
    refusal,
    started,
    summary,
)
from trialbook.v1.event_pb2 import EventFilter
from trialbook.v1.event_service_pb2 import ListEventsRequest
from trialbook.v1.trace_pb2 import TraceViewer
from trialbook.v1.trace_service_pb2 import GetTraceViewersRequest, SetTraceViewersRequest

JAEGER = TraceViewer(name="Jaeger", url_template="http://j/{trace}")
PHOENIX = TraceViewer(name="Phoenix", url_template="http://p/{trace}?{start}")


async def put(
    service: Service, *viewers: TraceViewer, parent: str = PROJECT, request_id: str = ""
) -> list[TraceViewer]:
    request = SetTraceViewersRequest(parent=parent, viewers=viewers, request_id=request_id)
    return list((await service.traces.SetTraceViewers(request)).viewers)


async def got(service: Service, parent: str = PROJECT) -> list[TraceViewer]:
    request = GetTraceViewersRequest(parent=parent)
    return list((await service.traces.GetTraceViewers(request)).viewers)


async def test_viewers_are_those_that_were_said_last(service: Service) -> None:
    assert await got(service) == []
    assert await put(service, PHOENIX, JAEGER) == [PHOENIX, JAEGER]
    assert await put(service, JAEGER) == [JAEGER]
    assert await got(service) == [JAEGER]
    assert await got(service, "projects/other") == []
    assert await put(service) == []
    assert await got(service) == []


async def test_a_repeated_call_changes_nothing_again(service: Service) -> None:
    await put(service, JAEGER, request_id="one")
    await put(service, PHOENIX)

    assert await put(service, JAEGER, request_id="one") == [JAEGER]
    assert await got(service) == [PHOENIX]
    told = await refusal(
        service.traces.SetTraceViewers(SetTraceViewersRequest(parent=PROJECT, request_id="one"))
    )
    assert told.reason == "REQUEST_ID_REUSED"


async def test_bad_viewers_are_refused_with_their_place(service: Service) -> None:
    bad = TraceViewer(name="", url_template="ftp://x")
    told = await refusal(
        service.traces.SetTraceViewers(
            SetTraceViewersRequest(parent=PROJECT, viewers=[JAEGER, bad, JAEGER])
        )
    )
    many = await refusal(
        service.traces.SetTraceViewers(
            SetTraceViewersRequest(parent=PROJECT, viewers=[JAEGER] * 11)
        )
    )
    nowhere = [
        await refusal(call)
        for call in (
            service.traces.SetTraceViewers(SetTraceViewersRequest()),
            service.traces.GetTraceViewers(GetTraceViewersRequest(parent="x")),
        )
    ]

    assert summary(told) == invalid("viewers[1].name", "viewers[1].url_template", "viewers[2].name")
    assert summary(many) == invalid("viewers")
    assert {summary(one)[2][0] for one in nowhere} == {"parent"}


async def test_changes_stand_in_the_log(service: Service) -> None:
    await put(service, JAEGER)
    await put(service, JAEGER)
    await put(service, JAEGER, PHOENIX)
    resource = f"{PROJECT}/trace_viewers"

    listed = await service.events.ListEvents(
        ListEventsRequest(parent=PROJECT, filter=EventFilter(resource=resource))
    )
    below = await refusal(
        service.events.ListEvents(
            ListEventsRequest(parent=PROJECT, filter=EventFilter(resource=f"{resource}/x"))
        )
    )

    assert [(event.noun, event.kind, event.resource) for event in listed.events] == [
        ("trace_viewers", "set", resource)
    ] * 2
    assert '"url_template":"http://p/{trace}?{start}"' in listed.events[1].data.json
    assert summary(below) == invalid("filter.resource")


async def test_a_rebuild_gives_the_same_viewers(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        await put(service, JAEGER)
        await put(service, PHOENIX, JAEGER)
        await put(service, JAEGER, parent="projects/other")

    before = read_models(tmp_path)
    after, _ = rebuilt(tmp_path)
    assert before["trace_viewers"] == after["trace_viewers"]
    assert len(after["trace_viewers"]) == 2
