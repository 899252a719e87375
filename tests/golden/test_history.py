"""What any release has written, every later one reads: the golden histories always replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from tests.golden import write_history
from tests.service import PROJECT, facts, get_run, refusal, results, seconds, started
from tests.service import json as json_of
from trialbook.eventstore import Database, EventRegistry, StructMapper
from trialbook.services import bootstrap, maintenance
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS
from trialbook.services.settings import Settings
from trialbook.v1.dataset_pb2 import (
    ITEM_SOURCE_TYPE_CSV,
    UNMOCKED_TOOL_POLICY_DENY,
    Item,
    ItemSource,
)
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    GetDatasetRequest,
    GetItemRequest,
    ListItemsRequest,
    ListLabelsRequest,
    ListVersionsRequest,
)
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_TRAJECTORY
from trialbook.v1.experiment_service_pb2 import GetExperimentRequest
from trialbook.v1.gate_pb2 import VERDICT_FAILED
from trialbook.v1.review_pb2 import REVIEW_STATE_CLOSED, REVIEW_STATE_WAITING
from trialbook.v1.review_service_pb2 import ListReviewEntriesRequest
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_SUCCEEDED,
    RUN_END_REASON_DEADLINE_EXCEEDED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    LatencySummary,
    RunCounts,
)
from trialbook.v1.trace_pb2 import TRAJECTORY_SOURCE_MESSAGES
from trialbook.v1.trace_service_pb2 import GetTraceViewersRequest, GetTrajectoryRequest

HISTORIES = sorted(Path(__file__).parent.glob("v*/history.json"))
LARGE = '"' + "ä" * 600 + '"'


def read(place: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(place.read_text())
    return content


def events(place: Path) -> list[StoredEvent]:
    return [
        StoredEvent(row["stream"], row["version"], row["topic"], bytes.fromhex(row["state"]))
        for row in read(place)["events"]
    ]


def mapper() -> StructMapper:
    registry = EventRegistry()
    for topic, event_class in EVENT_TYPES.items():
        registry.register(topic, event_class, upcast=UPCASTS.get(topic))
    return StructMapper(registry)


def replay(place: Path, folder: Path) -> Path:
    """Put a golden history into a new database and make the read models from it."""
    database_file = folder / "trialbook.db"
    settings = Settings(database=database_file)
    content = read(place)
    with bootstrap.open_database(settings) as database:
        database.recorder.insert_events(events(place))
        put_blobs(database, content["blobs"])
    assert maintenance.rebuild(settings).events == len(content["events"])
    return database_file


def put_blobs(database: Database, blobs: dict[str, str]) -> None:
    contents = {bytes.fromhex(digest): text for digest, text in blobs.items()}
    database.submit(lambda tx: tx.put_blobs(contents)).result()


def test_every_event_name_is_in_a_golden_history() -> None:
    golden = {event.topic for place in HISTORIES for event in events(place)}

    assert golden >= EVENT_TYPES.keys(), "write a golden history of the new events"


@pytest.mark.parametrize("place", HISTORIES, ids=lambda place: place.parent.name)
def test_every_golden_event_is_decoded(place: Path) -> None:
    for stored in events(place):
        metadata, event = mapper().decode_state(stored.topic, stored.state)

        assert metadata.actor
        assert type(event) in EVENT_TYPES.values()


def test_a_golden_history_is_never_overwritten() -> None:
    before = write_history.PLACE.read_bytes()

    with pytest.raises(SystemExit, match="never changes"):
        write_history.main()

    assert write_history.PLACE.read_bytes() == before


async def test_the_datasets_of_version_1_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[0], tmp_path)
    async with started(tmp_path) as service:
        name = f"{PROJECT}/datasets/support"
        dataset = (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset
        versions = await service.datasets.ListVersions(ListVersionsRequest(parent=name))
        listed = await service.datasets.ListItems(ListItemsRequest(parent=name))
        first = await service.datasets.ListItems(ListItemsRequest(parent=f"{name}/versions/1"))
        one = await service.datasets.GetItem(GetItemRequest(name=f"{name}/items/one"))
        gone = await refusal(
            service.datasets.GetDataset(GetDatasetRequest(name=f"{PROJECT}/datasets/gone"))
        )

    assert (dataset.display_name, dataset.description) == ("Support", "Tickets")
    assert dataset.metadata.json == '{"a":1}'
    assert (dataset.version, dataset.item_count) == (2, 3)
    assert [(row.version, row.added_count, row.author) for row in versions.versions] == [
        (2, 1, "ada"),
        (1, 2, "ada"),
    ]
    assert [row.item_id for row in listed.items] == ["one", "two", "three"]
    assert [row.item_id for row in first.items] == ["one", "two"]
    assert (one.item.input.json, one.item.context.json) == ("1", '{"c":1}')
    assert (list(one.item.tags), one.item.split) == (["t", "ä"], "test")
    assert listed.items[1].input.json == LARGE
    assert gone.reason == "RESOURCE_NOT_FOUND"


async def test_the_items_of_version_1_are_known_again(tmp_path: Path) -> None:
    replay(HISTORIES[0], tmp_path)
    async with started(tmp_path) as service:
        same = Item(
            item_id="one",
            input=json_of(" 1"),
            expected=json_of("1.0"),
            context=json_of('{"c":1}'),
            metadata=json_of('{"m":1}'),
            tags=["ä", "t"],
            split="test",
        )
        rows = same, Item(item_id="two", input=json_of(LARGE))
        request = AddItemsRequest(parent=f"{PROJECT}/datasets/support", items=rows)
        done = await service.datasets.AddItems(request)

    assert (done.added_count, done.dataset.version) == (0, 2)


async def test_the_dataset_of_version_2_reads_as_it_was(tmp_path: Path) -> None:
    replay(HISTORIES[1], tmp_path)
    name = f"{PROJECT}/datasets/lived"
    async with started(tmp_path) as service:
        dataset = (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset
        versions = await service.datasets.ListVersions(ListVersionsRequest(parent=name))
        labels = await service.datasets.ListLabels(ListLabelsRequest(parent=name))
        inputs = [
            {
                row.item_id: row.input.json
                for row in (
                    await service.datasets.ListItems(ListItemsRequest(parent=name, version=version))
                ).items
            }
            for version in range(1, 8)
        ]

    assert (dataset.version, dataset.item_count) == (7, 2)
    assert list(dataset.settings.tags) == ["old", "ä"]
    assert dataset.settings.default_scorers[0].alias == "exact"
    first = versions.versions[-1]
    assert first.settings.input_schema.json == '{"type":["integer","string"]}'
    assert (first.message, first.author) == ("note 1", "ada")
    assert [label.label_id for label in labels.labels] == ["2026-q4", "golden", "latest"]
    assert [(label.version, label.frozen) for label in labels.labels[:2]] == [(2, True), (4, False)]
    begin, changed = {"one": "1", "two": LARGE}, {"one": "1", "two": '"changed"'}
    assert inputs == [begin, changed, {}, begin, begin, begin | {"secret": ""}, begin]


async def test_the_items_of_version_2_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[1], tmp_path)
    name = f"{PROJECT}/datasets/lived"
    async with started(tmp_path) as service:
        asked = [GetItemRequest(name=f"{name}/items/{i}", version=6) for i in ("one", "secret")]
        one, secret = [await service.datasets.GetItem(request) for request in asked]

    assert one.item.external_id == "crm/1"
    assert one.item.expected_trajectory.json == '{"steps" : []}'
    assert [mock.tool for mock in one.item.tool_mocks] == ["t"]
    assert one.item.unmocked_tools == UNMOCKED_TOOL_POLICY_DENY
    assert one.item.source == ItemSource(type=ITEM_SOURCE_TYPE_CSV, reference="cases.csv")
    assert (one.item.added_version, one.item.version) == (1, 4)
    assert (secret.item.purged, secret.item.external_id) == (True, "s")


async def test_the_experiments_of_version_1_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[0], tmp_path)
    async with started(tmp_path) as service:
        name = f"{PROJECT}/experiments/nightly"
        now, before = [
            (await service.experiments.GetExperiment(GetExperimentRequest(name=asked))).experiment
            for asked in (name, f"{name}/versions/1")
        ]

    assert (now.version, before.version) == (2, 1)
    assert [spec.alias for spec in now.scorers] == ["exact", "tone"]
    assert [spec.alias for spec in before.scorers] == ["exact"]
    assert now.dataset.endswith("/support/versions/1")
    assert now.scorers[1].scorer_version == 3
    assert now.settings.attempt_timeout == seconds(1.5)


async def test_the_runs_of_version_1_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[0], tmp_path)
    async with started(tmp_path) as service:
        first = await get_run(service, f"{PROJECT}/runs/first")
        second = await get_run(service, f"{PROJECT}/runs/second")
        listed = await results(service, first.name, include_items=True)
        told = await facts(service, first.name)
        told_of_second = await facts(service, second.name)

    assert (first.status, second.status) == (RUN_STATUS_COMPLETED, RUN_STATUS_CANCELLED)
    assert first.counts == RunCounts(planned=2, succeeded=1, failed=1)
    assert second.counts == RunCounts(planned=2, skipped=2)
    exact, tone = first.scorer_summaries
    assert (exact.scored, exact.skipped, exact.passed, exact.mean) == (1, 1, 1, 1.0)
    assert (tone.scored, tone.mean) == (1, 0.25)
    assert first.latency == LatencySummary(p50=seconds(0.0025), p95=seconds(0.0075))
    assert [score.value for score in listed[0].scores] == [1.0, 0.25]
    assert listed[0].scores[0].evidence.json == '{"e":1}'
    assert (listed[1].error.kind, listed[1].input.json) == ("ValueError", LARGE)
    assert [event.position for event in told] == list(range(1, 9))
    assert told_of_second[1].cancel_requested.reason == "enough"
    assert [event.position for event in told_of_second] == list(range(1, 6))


async def test_the_experiment_of_version_3_reads_as_it_was(tmp_path: Path) -> None:
    replay(HISTORIES[2], tmp_path)
    async with started(tmp_path) as service:
        name = f"{PROJECT}/experiments/nightly"
        found = (
            await service.experiments.GetExperiment(GetExperimentRequest(name=name))
        ).experiment

    assert found.target_options.json == '{"model" : "m"}'
    assert found.context.json == '{"tenant":1}'
    assert found.dataset.endswith("/cases/versions/golden")
    assert (found.selection.filter, found.selection.sample.count) == ("metadata.a = 1", 2)
    assert [condition.at_most for condition in found.gate.conditions] == [0.0, 1.0, 0.0]
    assert (found.scorers[1].step_id, found.scorers[1].output_pointer) == ("search", "/hits/0")
    assert (found.settings.rate_limit, found.settings.max_failures) == (2.5, 9)


async def test_the_runs_of_version_3_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[2], tmp_path)
    async with started(tmp_path) as service:
        worked, submitted, stopped = [
            await get_run(service, f"{PROJECT}/runs/{run}")
            for run in ("worked", "submitted", "stopped")
        ]
        listed = await results(service, worked.name)
        told = await facts(service, worked.name)

    assert (worked.status, stopped.status) == (RUN_STATUS_COMPLETED, RUN_STATUS_FAILED)
    assert (submitted.caller_driven, submitted.counts.skipped) == (True, 1)
    assert stopped.end_reason == RUN_END_REASON_DEADLINE_EXCEEDED
    assert (worked.target.revision, worked.retries, worked.display_name) == ("r7", 1, "pr-1234")
    assert worked.counts == RunCounts(planned=2, succeeded=2)
    assert (worked.usage.told, worked.usage.input_tokens, worked.usage.cost) == (2, 11, 0.75)
    assert worked.gate_verdict.verdict == VERDICT_FAILED
    assert [finding.count for finding in worked.gate_verdict.findings] == [2, 1, 2]
    assert [spec.alias for spec in worked.scorers if not spec.superseded] == [
        "found",
        "exact",
        "kappa",
        "tone",
    ]
    assert [step.step_id for step in listed[0].steps] == ["search", "s"]
    assert listed[0].steps[0].output.json == LARGE
    assert (listed[1].round, listed[1].status) == (1, RESULT_STATUS_SUCCEEDED)
    assert [score.value for score in listed[1].scores] == [0.5, 1.0, -1.5]
    assert [event.position for event in told] == list(range(1, 23))
    assert told[9].retried.author == "ada"


async def test_the_reviews_of_version_3_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[2], tmp_path)
    async with started(tmp_path) as service:
        listed = await service.reviews.ListReviewEntries(
            ListReviewEntriesRequest(parent=f"{PROJECT}/runs/worked")
        )

    one, two = listed.entries
    assert (one.state, two.state) == (REVIEW_STATE_CLOSED, REVIEW_STATE_WAITING)
    assert (one.note, one.reviewers_wanted, two.reviewers_wanted) == ("look", 2, 3)
    overall, tone = one.reviews
    assert (overall.value, overall.passed, overall.label, overall.comment) == (
        0.5,
        False,
        "rude",
        "why",
    )
    assert (tone.value, tone.HasField("passed"), tone.reviewer) == (-2.0, False, "ada")


async def test_the_traces_of_version_4_read_as_they_were(tmp_path: Path) -> None:
    replay(HISTORIES[3], tmp_path)
    async with started(tmp_path) as service:
        run = await get_run(service, f"{PROJECT}/runs/traced")
        states = [
            (
                await service.traces.GetTrajectory(
                    GetTrajectoryRequest(name=f"{run.name}/results/{number}")
                )
            )
            for number in (1, 2, 3)
        ]
        viewers = await service.traces.GetTraceViewers(GetTraceViewersRequest(parent=PROJECT))

    assert run.scorers[0].scope == SCORER_SCOPE_TRAJECTORY
    assert [summary.not_evaluable for summary in run.scorer_summaries] == [1]
    one, two, _ = states
    assert list(one.state.trace_ids)[:1] == ["0" * 31 + "1"]
    assert "c" * 32 in one.state.trace_ids
    assert (one.state.expected_spans, one.state.span_id) == (7, "d" * 16)
    assert two.trajectory.source == TRAJECTORY_SOURCE_MESSAGES
    assert [(viewer.name, viewer.url_template) for viewer in viewers.viewers] == [
        ("Jaeger", "http://jaeger:16686/trace/{trace}?uiFind={span}"),
        ("Phoenix", "https://phoenix/redirects/traces/{trace}"),
    ]
