"""What the client promises of datasets, their settings, versions and labels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from trialbook.client import (
    Aborted,
    AlreadyExists,
    AsyncClient,
    Client,
    Dataset,
    FailedPrecondition,
    InvalidArgument,
    ItemChangeKind,
    Json,
    NotFound,
    Scorer,
    TrialbookError,
)

SCHEMA = Json('{"type":  "object", "required": ["q"]}')
Call = Callable[[Client, Dataset], object]


def fill(client: Client, dataset: Dataset) -> None:
    """Version 1 adds a and b, version 2 changes a, version 3 removes b and adds c."""
    client.datasets.add_items(
        dataset,
        [{"input": {"q": 1}, "id": "a", "tags": ["x"]}, {"input": {"q": 2}, "id": "b"}],
        message="begin",
    )
    client.datasets.update_item(dataset, "a", input={"q": 10}, split="test")
    client.datasets.remove_items(dataset, ["b"])
    client.datasets.add_items(dataset, [{"input": {"q": 3}, "id": "c"}])


def test_settings_are_kept_and_versioned(shared_client: Client) -> None:
    client = shared_client
    created = client.datasets.create(
        "with-settings",
        description="d",
        input_schema=SCHEMA,
        default_scorers=["exact_match", Scorer("levenshtein", threshold=0.5)],
        tags=["support"],
    )

    changed = client.datasets.update(
        created, input_schema=None, expected_schema={"type": "string"}, tags=(), message="looser"
    )
    same = client.datasets.update(created, display_name="Other", expected_schema={"type": "string"})

    assert created.settings.input_schema_json == SCHEMA.text
    assert [scorer.name for scorer in created.settings.default_scorers] == [
        "exact_match",
        "levenshtein",
    ]
    assert created.settings.tags == ("support",)
    assert changed.dataset.version == created.version + 1
    assert changed.dataset.settings.input_schema is None
    assert changed.dataset.settings.expected_schema == {"type": "string"}
    assert (changed.dataset.settings.tags, same.dataset.version) == ((), changed.dataset.version)
    version = client.datasets.version(created, changed.dataset.version)
    assert (version.settings_changed, version.message) == (True, "looser")
    assert version.settings == changed.dataset.settings
    assert (same.dataset.display_name, same.dataset.description) == ("Other", "d")


def test_a_schema_refuses_items_by_their_path(shared_client: Client, dataset: Dataset) -> None:
    shared_client.datasets.update(dataset, input_schema=SCHEMA)

    with pytest.raises(InvalidArgument) as caught:
        shared_client.datasets.add_items(
            dataset, [{"input": {"q": 1}}, {"input": {}}, {"input": 7}]
        )

    assert caught.value.reason == "SCHEMA_VIOLATED"
    assert [violation.field.split(".")[0] for violation in caught.value.violations] == [
        "items[1]",
        "items[2]",
    ]
    assert shared_client.datasets.get(dataset).item_count == 0


def test_a_schema_that_items_do_not_fit_is_tried_refused_or_forced(
    shared_client: Client, dataset: Dataset
) -> None:
    client = shared_client
    client.datasets.add_items(dataset, [{"input": {"q": 1}}, {"input": 7, "id": "bad"}])

    tried = client.datasets.update(dataset, input_schema=SCHEMA, dry_run=True)
    with pytest.raises(FailedPrecondition) as caught:
        client.datasets.update(dataset, input_schema=SCHEMA)
    before = client.datasets.get(dataset)
    forced = client.datasets.update(dataset, input_schema=SCHEMA, force=True)

    assert tried.schema_report is not None
    assert (tried.schema_report.checked_count, tried.schema_report.failing_count) == (2, 1)
    assert [failure.item_id for failure in tried.schema_report.failures] == ["bad"]
    assert tried.schema_report.failures[0].path == "input"
    assert caught.value.reason == "SCHEMA_VIOLATED"
    assert (before.version, before.settings.input_schema) == (1, None)
    assert (forced.dataset.version, forced.schema_report) == (2, tried.schema_report)


def test_versions_tell_what_they_did(shared_client: Client, dataset: Dataset) -> None:
    fill(shared_client, dataset)
    shared_client.datasets.restore_items(dataset, ["b"])

    versions = list(shared_client.datasets.versions(dataset))

    counts = [
        (v.version, v.item_count, v.added_count, v.changed_count, v.removed_count, v.restored_count)
        for v in versions
    ]
    assert counts == [
        (5, 3, 0, 0, 0, 1),
        (4, 2, 1, 0, 0, 0),
        (3, 1, 0, 0, 1, 0),
        (2, 2, 0, 1, 0, 0),
        (1, 2, 2, 0, 0, 0),
    ]
    assert versions[-1].message == "begin"
    assert versions[0].labels == ("latest",)
    assert shared_client.datasets.version(dataset, "latest") == versions[0]


def test_every_state_can_be_read(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.set_label(dataset, "golden", 1)
    second = client.datasets.version(dataset, 2)

    def inputs(**point: Any) -> list[object]:
        return [item.input["q"] for item in client.datasets.items(dataset, **point)]

    assert inputs() == [10, 3]
    assert inputs(version=1) == inputs(label="golden") == [1, 2]
    assert inputs(as_of=second.create_time) == inputs(version=2) == [10, 2]
    assert inputs(as_of=dataset.create_time - timedelta(seconds=1)) == []
    assert client.datasets.item(dataset, "b", label="golden").input == {"q": 2}
    assert client.datasets.item(dataset, "a", version=1).split == ""
    assert client.datasets.item(dataset, "a").version == 2


def test_a_diff_tells_the_sum_and_each_item(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.update(dataset, tags=["x"])

    total = client.datasets.diff(dataset, 1)
    found = {d.item_id: d for d in client.datasets.differences(dataset, 1, page_size=1)}

    assert (total.from_version, total.to_version) == (1, 5)
    assert (total.added_count, total.changed_count, total.removed_count) == (1, 1, 1)
    assert [change.path for change in total.settings_changes] == ["settings.tags"]
    assert {item: difference.kind for item, difference in found.items()} == {
        "a": ItemChangeKind.CHANGED,
        "b": ItemChangeKind.REMOVED,
        "c": ItemChangeKind.ADDED,
    }
    changes = {change.path: (change.before, change.after) for change in found["a"].changes}
    assert changes["input.q"] == (1, 10)
    assert found["b"].after is None
    assert found["c"].after is not None
    assert client.datasets.diff(dataset, 0, 1).added_count == 2
    assert list(client.datasets.differences(dataset, 2, 2)) == []


def test_a_version_is_restored_with_its_settings(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.update(dataset, tags=["x"])

    restored = client.datasets.restore_version(dataset, 1, message="back", expected_version=5)
    again = client.datasets.restore_version(dataset, 1)

    assert (restored.version, restored.item_count, restored.settings.tags) == (6, 2, ())
    assert [item.input for item in client.datasets.items(dataset)] == [{"q": 1}, {"q": 2}]
    assert again.version == 6
    assert client.datasets.diff(dataset, 1, 6).changed_count == 0


def test_labels_move_until_they_are_frozen(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    first = client.datasets.set_label(dataset, "golden", 1, expected_version=0, message="why")
    moved = client.datasets.set_label(dataset, "golden", 3, expected_version=1)
    with pytest.raises(Aborted):
        client.datasets.set_label(dataset, "golden", 2, expected_version=1)
    frozen = client.datasets.set_label(dataset, "golden", 3, frozen=True)
    client.datasets.set_label(dataset, "draft", 2)

    assert (first.id, first.version, first.message) == ("golden", 1, "why")
    assert (moved.version, moved.frozen, frozen.frozen) == (3, False, True)
    assert {label.id: label.version for label in client.datasets.labels(dataset)} == {
        "draft": 2,
        "golden": 3,
        "latest": 4,
    }
    for call in (
        lambda: client.datasets.set_label(dataset, "golden", 1),
        lambda: client.datasets.delete_label(dataset, "golden"),
    ):
        with pytest.raises(FailedPrecondition) as caught:
            call()
        assert caught.value.reason == "LABEL_FROZEN"
    client.datasets.delete_label(dataset, "draft")
    assert [label.id for label in client.datasets.labels(dataset)] == ["golden", "latest"]


REFUSALS: dict[str, tuple[Call, type[TrialbookError], str]] = {
    "version never made": (
        lambda c, d: c.datasets.version(d, 9),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "items at a version above": (
        lambda c, d: list(c.datasets.items(d, version=9)),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "unknown label": (
        lambda c, d: list(c.datasets.items(d, label="golden")),
        NotFound,
        "RESOURCE_NOT_FOUND",
    ),
    "two states": (
        lambda c, d: list(c.datasets.items(d, version=1, label="latest")),
        InvalidArgument,
        "INVALID_FIELD",
    ),
    "diff with a version above": (
        lambda c, d: c.datasets.diff(d, 1, 9),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "restore of a version above": (
        lambda c, d: c.datasets.restore_version(d, 9),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "stale restore": (
        lambda c, d: c.datasets.restore_version(d, 1, expected_version=1),
        Aborted,
        "STALE_VERSION",
    ),
    "label of a number": (
        lambda c, d: c.datasets.set_label(d, "7", 1),
        InvalidArgument,
        "INVALID_FIELD",
    ),
    "label latest": (
        lambda c, d: c.datasets.set_label(d, "latest", 1),
        InvalidArgument,
        "INVALID_FIELD",
    ),
    "label of no version": (
        lambda c, d: c.datasets.set_label(d, "golden", 9),
        NotFound,
        "VERSION_NOT_FOUND",
    ),
    "no such label": (
        lambda c, d: c.datasets.delete_label(d, "golden"),
        NotFound,
        "RESOURCE_NOT_FOUND",
    ),
    "not a schema": (
        lambda c, d: c.datasets.update(d, input_schema={"type": "objekt"}),
        InvalidArgument,
        "INVALID_SCHEMA",
    ),
    "unknown default scorer": (
        lambda c, d: c.datasets.update(d, default_scorers=["exact_mach"]),
        InvalidArgument,
        "UNKNOWN_SCORER",
    ),
    "a tag twice": (
        lambda c, d: c.datasets.update(d, tags=["x", "x"]),
        InvalidArgument,
        "INVALID_FIELD",
    ),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_refusals_can_be_told_apart(shared_client: Client, dataset: Dataset, case: str) -> None:
    call, error_class, reason = REFUSALS[case]
    fill(shared_client, dataset)

    with pytest.raises(error_class) as caught:
        call(shared_client, dataset)

    assert caught.value.reason == reason
    assert str(caught.value)
    assert shared_client.datasets.get(dataset).version == 4


def test_a_change_is_made_once_however_often_it_is_asked_for(
    shared_client: Client, dataset: Dataset
) -> None:
    client = shared_client
    fill(client, dataset)

    first = client.datasets.update(dataset, tags=["x"], request_id="r1")
    again = client.datasets.update(dataset, tags=["x"], request_id="r1")
    label = client.datasets.set_label(dataset, "golden", 1, request_id="r2")
    client.datasets.set_label(dataset, "golden", 2)
    repeated = client.datasets.set_label(dataset, "golden", 1, request_id="r2")

    assert (first.dataset.version, again.dataset.version) == (5, 5)
    assert (label.version, repeated.version) == (1, 1)
    assert client.datasets.version(dataset, "golden").version == 2
    with pytest.raises(AlreadyExists) as caught:
        client.datasets.update(dataset, tags=["y"], request_id="r1")
    assert caught.value.reason == "REQUEST_ID_REUSED"


def test_the_async_client_does_the_same(shared_client: Client, dataset: Dataset) -> None:
    fill(shared_client, dataset)

    async def use() -> None:
        async with AsyncClient(shared_client.address) as client:
            datasets = client.datasets
            done = await datasets.update(dataset, tags=["x"])
            assert done.dataset.version == 5
            assert (await datasets.set_label(dataset, "golden", 2)).version == 2
            assert [label.id async for label in datasets.labels(dataset)] == ["golden", "latest"]
            assert (await datasets.version(dataset, "golden")).version == 2
            assert [v.version async for v in datasets.versions(dataset)] == [5, 4, 3, 2, 1]
            assert (await datasets.diff(dataset, "golden")).removed_count == 1
            assert [d.item_id async for d in datasets.differences(dataset, 2)] == ["b", "c"]
            assert (await datasets.restore_version(dataset, "golden")).version == 6
            await datasets.delete_label(dataset, "golden")

    asyncio.run(use())
