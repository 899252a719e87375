"""EventService.ListEvents: what happened, who did it, when, why and by which command."""

from __future__ import annotations

import hashlib
import json as json_module
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.service import (
    PROJECT,
    Service,
    add,
    invalid,
    item,
    items,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    scorer,
    summary,
)
from trialbook.services.projections import event as projection
from trialbook.services.projections import scan
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    CreateDatasetRequest,
    DeleteDatasetRequest,
    UpdateDatasetRequest,
)
from trialbook.v1.event_pb2 import Event, EventFilter
from trialbook.v1.event_service_pb2 import EVENT_ORDER_NEWEST, ListEventsRequest, ListEventsResponse
from trialbook.v1.run_service_pb2 import CancelRunRequest

LARGE = '"' + "ä" * 600 + '"'


async def page(service: Service, **request: Any) -> ListEventsResponse:
    return await service.events.ListEvents(ListEventsRequest(**{"parent": PROJECT, **request}))


async def listed(service: Service, **request: Any) -> list[Event]:
    """List events page by page, whether a page is full, short or empty."""
    found: list[Event] = []
    token = ""
    while True:
        answer = await page(service, page_token=token, **request)
        found += answer.events
        token = answer.next_page_token
        if not token:
            return found


def names(events: list[Event]) -> list[str]:
    return [f"{event.noun}.{event.kind}" for event in events]


def data(event: Event) -> dict[str, Any]:
    content: dict[str, Any] = json_module.loads(event.data.json)
    return content


async def test_every_fact_is_an_event_with_a_position_of_its_own(service: Service) -> None:
    dataset = await new_dataset(service, 600)

    events = await listed(service)

    assert names(events)[0] == "dataset.created"
    added = [event for event in events if event.kind == "items_added"]
    assert [event.resource for event in added] == [
        f"{dataset.name}/items/i{number}" for number in range(1, 601)
    ]
    positions = [event.position for event in events]
    assert positions == sorted(set(positions))
    assert [data(event)["input"] for event in added] == list(range(1, 601))
    assert {event.fact_count for event in events} == {1}
    assert {event.project for event in events} == {"default"}


async def test_an_event_tells_who_when_why_and_which_command(service: Service) -> None:
    request = CreateDatasetRequest(
        parent=PROJECT, dataset_id="d", dataset=Dataset(description="x"), request_id="r-1"
    )
    metadata = (("trialbook-author", "ada"), ("trialbook-reason", "a new product"))
    created = await service.datasets.CreateDataset(request, metadata=metadata)

    (event,) = await listed(service)

    assert (event.noun, event.kind, event.schema_version) == ("dataset", "created", 1)
    assert (event.project, event.resource) == ("default", f"{PROJECT}/datasets/d")
    assert (event.author, event.reason) == ("ada", "a new product")
    assert (event.command, event.command_id) == ("CreateDataset", "CreateDataset:r-1")
    assert event.create_time == created.dataset.create_time
    assert data(event)["dataset_id"] == "d"
    assert data(event)["description"] == "x"


async def test_a_reason_beyond_ascii_comes_as_it_was_given(service: Service) -> None:
    reason = "weil die Prüfung fehlte · 世界"
    await service.datasets.CreateDataset(
        CreateDatasetRequest(parent=PROJECT, dataset_id="d"),
        metadata=(("trialbook-reason-bin", reason.encode()),),
    )

    assert [event.reason for event in await listed(service)] == [reason]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trialbook-reason", "x" * 501),
        ("trialbook-reason-bin", ("ä" * 501).encode()),
        ("trialbook-reason-bin", b"\xff\xfe"),
    ],
)
async def test_a_reason_that_cannot_be_kept_is_refused(
    service: Service, key: str, value: str | bytes
) -> None:
    told = await refusal(
        service.datasets.CreateDataset(
            CreateDatasetRequest(parent=PROJECT, dataset_id="d"), metadata=((key, value),)
        )
    )

    assert summary(told) == invalid(key)
    assert await listed(service) == []


async def test_the_reason_of_a_cancellation_is_that_of_its_event(service: Service) -> None:
    run = await new_run(service, 1)
    await service.runs.CancelRun(CancelRunRequest(name=run.name, reason="wrong prompt"))

    events = await listed(service, filter=EventFilter(kinds=["cancel_requested"]))

    assert [(event.reason, event.command) for event in events] == [("wrong prompt", "CancelRun")]


async def test_the_facts_of_a_run_name_their_results(service: Service) -> None:
    worker = await new_worker(service, worker_id="w-1")
    run = await new_run(service, 2, scorer("exact_match"))
    await worker.finish(run.name)

    events = await listed(service, filter=EventFilter(resource=run.name))

    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == ("started", "ended")
    results = [event for event in events if event.kind == "results_recorded"]
    scores = [event for event in events if event.kind == "scores_recorded"]
    expected = [f"{run.name}/results/1", f"{run.name}/results/2"]
    assert sorted(event.resource for event in results) == expected
    assert sorted(event.resource for event in scores) == expected
    assert {(event.author, event.command) for event in results} == {("w-1", "CompleteTasks")}
    assert data(results[0])["status"] == "succeeded"
    assert [data(event)["value"] for event in scores] == [1.0, 1.0]


async def test_large_payloads_come_when_they_are_asked_for(service: Service) -> None:
    dataset = await new_dataset(service, [item(LARGE, "2", item_id="a")])
    wanted = EventFilter(kinds=["items_added"])

    (without,) = await listed(service, filter=wanted)
    (complete,) = await listed(service, filter=wanted, with_bodies=True)

    digest = hashlib.sha256(LARGE.encode()).hexdigest()
    assert data(without)["input"] == {"sha256": digest, "size": len(LARGE.encode())}
    assert data(without)["expected"] == 2
    assert LARGE in complete.data.json
    assert complete.resource == f"{dataset.name}/items/a"


async def test_payloads_stand_in_events_byte_for_byte(service: Service) -> None:
    text = '{"b": 1,  "a": 123456789012345678901234567890}'
    await new_dataset(service, [item(text)])

    (event,) = await listed(service, filter=EventFilter(kinds=["items_added"]))

    assert text in event.data.json


async def test_events_are_listed_in_pages_in_both_orders(service: Service) -> None:
    await new_dataset(service, 30)
    upwards = await listed(service)

    downwards = upwards[::-1]

    assert len(upwards) == len({event.position for event in upwards}) > 30
    for size in (1, 7, 1000):
        assert await listed(service, page_size=size) == upwards
        assert await listed(service, page_size=size, order=EVENT_ORDER_NEWEST) == downwards


async def test_a_listing_begins_after_any_position_in_both_orders(service: Service) -> None:
    await new_dataset(service, 5)
    upwards = await listed(service)

    for index, event in enumerate(upwards):
        after, left = event.position, upwards[index + 1 :]
        assert await listed(service, after_position=after) == left
        assert (
            await listed(service, after_position=after, order=EVENT_ORDER_NEWEST, page_size=2)
            == left[::-1]
        )


async def test_events_are_filtered_by_project_noun_kind_and_author(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    await new_experiment(service, dataset.name)
    await new_dataset(service, 1, parent="projects/other")
    await service.datasets.CreateDataset(
        CreateDatasetRequest(parent=PROJECT, dataset_id="mine"),
        metadata=(("trialbook-author", "ada"),),
    )
    everything = await listed(service, parent="projects/-")

    async def only(parent: str = "projects/-", **chosen: Any) -> list[Event]:
        return await listed(service, parent=parent, filter=EventFilter(**chosen))

    assert {event.project for event in everything} == {"default", "other"}
    assert await listed(service) == [e for e in everything if e.project == "default"]
    assert await only("projects/other") == [e for e in everything if e.project == "other"]
    assert await only("projects/none") == []
    assert await only(nouns=["experiment"]) == [e for e in everything if e.noun == "experiment"]
    assert names(await only(kinds=["created"], nouns=["experiment"])) == ["experiment.created"]
    assert len(await only(kinds=["created"])) == 4
    assert len(await only(kinds=["items_added", "created"])) == 7
    assert [e.resource for e in await only(author="ada")] == [f"{PROJECT}/datasets/mine"]
    assert await only(author="ad") == []


async def test_events_of_a_resource_include_what_lies_below_it(service: Service) -> None:
    dataset = await new_dataset(service, 3, dataset_id="a")
    await new_dataset(service, 3, dataset_id="a-b")
    await add(service, dataset.name, items(1, first=4))

    async def of(resource: str, **request: Any) -> list[Event]:
        return await listed(service, filter=EventFilter(resource=resource), **request)

    assert {e.resource.split("/")[3] for e in await of(dataset.name)} == {"a"}
    assert len([e for e in await of(dataset.name) if e.kind == "items_added"]) == 4
    assert names(await of(f"{dataset.name}/items/i4")) == ["dataset.items_added"]
    assert await of(f"{dataset.name}/items/none") == []
    assert await of(dataset.name, parent="projects/-") == await of(dataset.name)


async def test_a_deleted_resource_keeps_its_history_beside_the_next_of_its_name(
    service: Service,
) -> None:
    dataset = await new_dataset(service, 1, dataset_id="a")
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=dataset.name))
    await new_dataset(service, dataset_id="a")

    events = await listed(service, filter=EventFilter(resource=dataset.name))

    assert [e.kind for e in events if e.kind in ("created", "deleted")] == [
        "created",
        "deleted",
        "created",
    ]
    assert {e.resource for e in events if e.kind != "items_added"} == {dataset.name}


async def test_a_summary_tells_many_facts_in_one(service: Service) -> None:
    dataset = await new_dataset(service, 600)

    events = await listed(service, summary=True, filter=EventFilter(kinds=["items_added"]))

    assert sum(event.fact_count for event in events) == 600
    assert len(events) <= 6
    assert {event.resource for event in events} == {dataset.name}
    assert not any(event.HasField("data") for event in events)


async def test_events_are_filtered_by_time(service: Service) -> None:
    for number in range(3):
        await new_dataset(service, dataset_id=f"d{number}")
    first, second, third = await listed(service)

    assert await listed(service, start_time=second.create_time) == [second, third]
    assert await listed(service, end_time=second.create_time) == [first]
    assert await listed(service, start_time=first.create_time, end_time=third.create_time) == [
        first,
        second,
    ]
    assert await listed(service, start_time=Timestamp(seconds=2**40)) == []
    assert await listed(service, end_time=Timestamp(seconds=-1)) == []


async def test_a_listing_that_has_much_to_pass_over_goes_on_page_by_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        await new_dataset(service, 2, dataset_id=f"d{number}")
    wanted = EventFilter(resource=f"{PROJECT}/datasets/d7")
    upwards = await listed(service, filter=wanted)
    everything = await listed(service)
    monkeypatch.setattr(scan, "_WINDOW", 3)
    monkeypatch.setattr(scan, "_WINDOWS", 2)
    monkeypatch.setattr(scan, "_ROWS", 2)

    first = await page(service, filter=wanted)

    assert not first.events
    assert first.next_page_token
    for rows, size in ((2_000, 64), (1, 1), (2, 1)):
        monkeypatch.setattr(scan, "_MOST_ROWS", rows)
        monkeypatch.setattr(scan, "_SLICE_ROWS", size)
        for order, expected in ((None, upwards), (EVENT_ORDER_NEWEST, upwards[::-1])):
            assert await listed(service, filter=wanted, order=order) == expected
        assert await listed(service) == everything
        assert await listed(service, order=EVENT_ORDER_NEWEST) == everything[::-1]


async def test_a_page_of_large_payloads_ends_early(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "PAGE_BYTES", 3_000)
    await new_dataset(service, [item(LARGE, item_id=f"i{number}") for number in range(5)])
    wanted = EventFilter(kinds=["items_added"])

    first = await page(service, filter=wanted, with_bodies=True)

    assert len(first.events) == 2
    assert len(await listed(service, filter=wanted, with_bodies=True)) == 5


async def test_the_last_position_is_where_a_subscription_goes_on(service: Service) -> None:
    assert (await page(service)).last_position == 0
    await new_dataset(service, 3)

    told = await page(service)

    assert told.last_position >= told.events[-1].position
    assert await listed(service, after_position=told.last_position) == []


async def test_a_page_token_is_bound_to_its_listing(service: Service) -> None:
    await new_dataset(service, 3)
    token = (await page(service, page_size=1)).next_page_token

    for other in (
        {"parent": "projects/-"},
        {"order": EVENT_ORDER_NEWEST},
        {"filter": EventFilter(nouns=["dataset"])},
    ):
        told = await refusal(page(service, page_token=token, **other))
        assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    ("request_fields", "path"),
    [
        ({"parent": ""}, "parent"),
        ({"parent": "projects/A B"}, "parent"),
        ({"page_size": -1}, "page_size"),
        ({"after_position": -1}, "after_position"),
        ({"order": 7}, "order"),
        ({"filter": EventFilter(nouns=["datasets"])}, "filter.nouns[0]"),
        ({"filter": EventFilter(kinds=["created", "item_added"])}, "filter.kinds[1]"),
        ({"filter": EventFilter(nouns=["run"], kinds=["items_added"])}, "filter.kinds"),
        ({"filter": EventFilter(resource="datasets/d")}, "filter.resource"),
        ({"filter": EventFilter(resource=f"{PROJECT}/workers/w")}, "filter.resource"),
        ({"filter": EventFilter(resource=f"{PROJECT}/datasets/")}, "filter.resource"),
        ({"filter": EventFilter(resource=f"{PROJECT}/datasets/a\x00")}, "filter.resource"),
        ({"filter": EventFilter(resource="projects/other/datasets/d")}, "filter.resource"),
        (
            {"filter": EventFilter(resource=f"{PROJECT}/datasets/d/items/i"), "summary": True},
            "summary",
        ),
    ],
)
async def test_a_bad_listing_is_refused(
    service: Service, request_fields: dict[str, Any], path: str
) -> None:
    assert summary(await refusal(page(service, **request_fields))) == invalid(path)


async def test_a_kind_that_is_misspelt_is_told_the_right_one(service: Service) -> None:
    told = await refusal(page(service, filter=EventFilter(kinds=["item_added"])))

    assert "items_added" in told.message


async def test_a_resource_that_never_was_is_not_found(service: Service) -> None:
    told = await refusal(
        page(service, filter=EventFilter(resource=f"{PROJECT}/datasets/none/items/i"))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": f"{PROJECT}/datasets/none"}


async def test_a_position_that_the_log_has_not_reached_is_out_of_range(service: Service) -> None:
    await new_dataset(service)
    last = (await page(service)).last_position

    told = await refusal(page(service, after_position=last + 1))

    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_OUT_OF_RANGE")
    assert told.metadata == {"last_position": str(last)}
    assert (await page(service, after_position=last)).events == []


async def test_a_command_that_changed_nothing_is_no_event(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    before = await listed(service)
    await service.datasets.UpdateDataset(
        UpdateDatasetRequest(dataset=Dataset(name=dataset.name, etag=dataset.etag))
    )

    assert await listed(service) == before


async def test_all_events_of_a_command_have_its_id(service: Service) -> None:
    dataset = await new_dataset(service)
    request = AddItemsRequest(parent=dataset.name, items=items(3), request_id="r-9")
    await service.datasets.AddItems(request)
    await service.datasets.AddItems(request)

    events = [e for e in await listed(service) if e.command_id == "AddItems:r-9"]

    assert sorted(names(events)) == ["dataset.items_added"] * 3 + ["dataset.version_made"]
