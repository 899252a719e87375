"""Langfuse's dataset items."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.services.formats.reading import bad_row, ignored, opened, row, value

ITEM: dict[str, Any] = {
    "id": "clx1",
    "status": "ACTIVE",
    "input": {"q": "why?"},
    "expectedOutput": {"a": "because"},
    "metadata": {"k": 1},
    "sourceTraceId": "trace-1",
    "sourceObservationId": "obs-1",
    "datasetId": "d",
    "datasetName": "support",
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-02T00:00:00Z",
}


def test_an_item_is_read_in_full() -> None:
    found = row(ITEM)
    assert opened(json.dumps(ITEM)).layout == "langfuse"
    assert (value(found.input), value(found.expected)) == ({"q": "why?"}, {"a": "because"})
    assert (found.external_id, found.item_id) == ("clx1", "")
    assert (found.source_type, found.source_reference) == ("trace", "trace-1")
    assert value(found.metadata) == {"k": 1, "langfuse": {"sourceObservationId": "obs-1"}}


def test_what_is_left_out_is_told() -> None:
    assert ignored(ITEM) == ("datasetId", "datasetName", "createdAt", "updatedAt")


def test_a_page_of_the_api_is_read() -> None:
    page = {"data": [ITEM], "meta": {"page": 1, "totalItems": 1}}
    assert row(json.dumps(page, indent=1)).external_id == "clx1"


def test_null_is_absence_and_metadata_stay_as_they_are() -> None:
    line = '{"id":"x","input":null,"expectedOutput":null,"metadata":{"a":  1},"sourceTraceId":null}'
    assert bad_row(line).path == "input"
    found = row(line.replace('"input":null', '"input":0'))
    assert (found.expected, found.metadata, found.source_type) == (None, '{"a":  1}', "")


def test_metadata_that_are_no_object_are_kept() -> None:
    found = row({"input": 1, "expectedOutput": 2, "metadata": ["x"]})
    assert value(found.metadata) == {"langfuse": {"metadata": ["x"]}}


def test_metadata_that_have_the_name_of_the_layout_are_kept() -> None:
    found = row({"input": 1, "expectedOutput": 2, "metadata": {"langfuse": 3}, "odd": 4})
    assert value(found.metadata) == {"langfuse": 3, "langfuse_": {"odd": 4}}


def test_an_archived_item_is_refused() -> None:
    assert bad_row(ITEM | {"status": "ARCHIVED"}).path == "status"


def test_the_export_as_csv_is_read() -> None:
    content = 'id,input,expectedOutput,metadata\nx,"{""q"": 1}",four,"{""k"": 2}"\n'
    found = row(content)
    assert (found.input, found.expected, found.metadata) == ('{"q": 1}', '"four"', '{"k": 2}')
    assert opened(content).layout == "langfuse"
