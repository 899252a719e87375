"""Phoenix's dataset examples."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.services.formats.reading import bad_row, ignored, opened, row, rows, value

EXAMPLE: dict[str, Any] = {
    "id": "RGF0YXNldEV4YW1wbGU6MQ==",
    "input": {"question": "why?"},
    "output": {"answer": "because"},
    "metadata": {"topic": "life"},
    "updated_at": "2026-01-01T00:00:00Z",
}


def test_an_example_is_read_in_full() -> None:
    found = row(EXAMPLE)
    assert opened(json.dumps(EXAMPLE)).layout == "phoenix"
    assert (value(found.input), value(found.expected)) == (EXAMPLE["input"], EXAMPLE["output"])
    assert (found.external_id, value(found.metadata)) == (EXAMPLE["id"], {"topic": "life"})
    assert ignored(EXAMPLE) == ("updated_at",)


def test_an_answer_of_the_api_is_read() -> None:
    answer = {"data": {"dataset_id": "d", "version_id": "v", "examples": [EXAMPLE]}}
    assert row(json.dumps(answer)).external_id == EXAMPLE["id"]


def test_empty_outputs_and_metadata_are_absent() -> None:
    found = row({"input": {"q": 1}, "output": {}, "metadata": {}})
    assert (found.expected, found.metadata) == (None, None)


def test_splits_and_spans_are_taken_over() -> None:
    found = row({"input": {}, "output": {}, "splits": ["a", "b"], "spanId": "s"})
    assert (found.split, found.source_type, found.source_reference) == ("a", "trace", "s")
    assert value(found.metadata) == {"phoenix": {"splits": ["a", "b"]}}


def test_the_csv_download_is_read() -> None:
    content = (
        "example_id,input_question,output_answer,metadata_topic\n"
        'RGF0==,why?,"{""x"": 1}",life\n'
        "RGF1==,how?,,\n"
    )
    first, second = rows(content)
    assert opened(content).layout == "phoenix"
    assert value(first.input) == {"question": "why?"}
    assert value(first.expected) == {"answer": {"x": 1}}
    assert (first.external_id, value(first.metadata)) == ("RGF0==", {"topic": "life"})
    assert (value(second.input), second.expected) == ({"question": "how?"}, None)


def test_a_csv_with_a_whole_and_its_parts_is_refused() -> None:
    content = "example_id,input,input_q\nx,1,2\n"
    assert bad_row(content, layout="phoenix").path == "input"
