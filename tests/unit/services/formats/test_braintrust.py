"""Braintrust's dataset rows."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.services.formats.reading import bad_row, ignored, opened, row, value

EVENT: dict[str, Any] = {
    "id": "row-1",
    "_xact_id": "1000",
    "_pagination_key": "p",
    "created": "2026-01-01T00:00:00Z",
    "project_id": "p",
    "dataset_id": "d",
    "input": "why?",
    "expected": {"a": 1},
    "metadata": {"k": 1},
    "tags": ["x"],
    "span_id": "s",
    "root_span_id": "s",
    "is_root": True,
    "origin": {"object_type": "project_logs", "object_id": "o", "id": "i"},
    "comments": None,
}


def test_an_event_is_read_in_full() -> None:
    found = row(EVENT)
    assert opened(json.dumps(EVENT)).layout == "braintrust"
    assert (found.input, value(found.expected), found.tags) == ('"why?"', {"a": 1}, ("x",))
    assert found.external_id == "row-1"
    assert value(found.metadata) == {"k": 1, "braintrust": {"origin": EVENT["origin"]}}


def test_what_is_left_out_is_told() -> None:
    assert set(ignored(EVENT)) == {
        "_xact_id",
        "_pagination_key",
        "created",
        "project_id",
        "dataset_id",
        "span_id",
        "root_span_id",
        "is_root",
    }


def test_a_page_of_the_api_is_read() -> None:
    assert row(json.dumps({"events": [EVENT], "cursor": None}, indent=1)).external_id == "row-1"


def test_the_output_of_old_rows_is_the_expected_value() -> None:
    assert row({"input": 1, "output": 2, "_xact_id": "1"}).expected == "2"
    both = row({"input": 1, "output": 2, "expected": 3, "_xact_id": "1"})
    assert (both.expected, value(both.metadata)) == ("3", {"braintrust": {"output": 2}})


def test_a_row_that_deletes_is_refused() -> None:
    assert bad_row({"input": 1, "_object_delete": True}).path == "_object_delete"


def test_tags_of_the_wrong_type_are_refused_by_their_place() -> None:
    assert bad_row(EVENT | {"tags": ["x", 2]}).path == "tags[1]"
