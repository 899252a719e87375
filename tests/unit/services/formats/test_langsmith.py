"""LangSmith's examples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.services.formats.reading import bad_row, ignored, opened, row, value

EXAMPLE: dict[str, Any] = {
    "id": "5f0c9c56-3d0e-4a7e-9a1c-1f9a1b2c3d4e",
    "name": "#1",
    "dataset_id": "d",
    "inputs": {"question": "why?"},
    "outputs": {"answer": "because"},
    "metadata": {"k": 1, "dataset_split": ["test"]},
    "source_run_id": "run-1",
    "created_at": "2026-01-01T00:00:00",
    "modified_at": None,
    "attachments": None,
}


def test_an_example_is_read_in_full() -> None:
    found = row(EXAMPLE)
    assert opened(json.dumps(EXAMPLE)).layout == "langsmith"
    assert value(found.input) == {"question": "why?"}
    assert value(found.expected) == {"answer": "because"}
    assert (found.external_id, found.split) == (EXAMPLE["id"], "test")
    assert (found.source_type, found.source_reference) == ("trace", "run-1")
    assert value(found.metadata) == {"k": 1, "langsmith": {"name": "#1"}}


def test_what_is_left_out_is_told() -> None:
    assert ignored(EXAMPLE) == ("dataset_id", "created_at")


@pytest.mark.parametrize(
    ("fields", "split", "kept"),
    [
        ({"split": "train"}, "train", None),
        ({"split": ["train"]}, "train", None),
        ({"split": ["a", "b"]}, "a", ["a", "b"]),
        ({"split": []}, "", None),
        ({"split": None}, "", None),
        ({"metadata": {"dataset_split": ["a", "b"]}}, "a", ["a", "b"]),
        ({"metadata": {"dataset_split": "a"}}, "a", None),
        ({"metadata": {}}, "", None),
    ],
)
def test_the_first_split_is_the_split(
    fields: dict[str, Any], split: str, kept: list[str] | None
) -> None:
    found = row({"inputs": {}} | fields)
    assert found.split == split
    assert (value(found.metadata) or {}).get("langsmith", {}).get("splits") == kept


def test_attachments_are_kept_as_metadata() -> None:
    found = row({"inputs": {}, "attachments": {"a.png": {"presigned_url": "u"}}})
    assert value(found.metadata)["langsmith"]["attachments"] == {"a.png": {"presigned_url": "u"}}


def test_inputs_are_required() -> None:
    assert bad_row('{"inputs": null}').path == "inputs"


def test_a_list_of_examples_is_read() -> None:
    assert row(json.dumps([EXAMPLE])).split == "test"
