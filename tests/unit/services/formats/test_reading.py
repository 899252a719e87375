"""Telling formats and layouts."""

from __future__ import annotations

import json

import pytest

from tests.unit.services.formats.reading import bad_row, opened, row, rows, unreadable


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ('{"input": 1}\n{"input": 2}\n', "", "jsonl"),
        ('{"input": 1}', "", "jsonl"),
        ('{"question": 1}\n', "", "jsonl"),
        ('\n\n{"input": 1}\n{"input": 2}\n', "", "jsonl"),
        ('[{"input": 1}]', "", "json"),
        ('{\n "items": [{"input": 1}]\n}', "", "json"),
        ('{"items": [{"input": 1}]}', "", "json"),
        ("input,id\n1,2\n", "", "csv"),
        ("not json\n", "rows.jsonl", "jsonl"),
        ('{"input": 1}\n', "rows.ndjson", "jsonl"),
        ('[{"input": 1}]', "rows.JSON", "json"),
        ('{"input": 1}\n{"input": 2}\n', "rows.json", "jsonl"),
        ("{oops}\tb\n", "rows.tsv", "csv"),
        ('{"input": 1}\n', "rows.txt", "jsonl"),
    ],
)
def test_the_format_is_told_by_name_and_content(content: str, name: str, expected: str) -> None:
    assert opened(content, file_name=name, layout="columns").format == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x1f\x8b\x08", "gzip"),
        (b"PK\x03\x04xl", "spreadsheet"),
        (b"\xff\xfei\0n\0", "UTF-16"),
        (b"\xfe\xff\0i\0n", "UTF-16"),
        (b"\x28\xb5\x2f\xfdx", "zstd"),
    ],
)
@pytest.mark.parametrize("form", [None, "jsonl", "csv"])
def test_files_of_other_kinds_are_refused_by_name(
    content: bytes, problem: str, form: str | None
) -> None:
    assert problem in unreadable(content, format=form).message


@pytest.mark.parametrize(
    ("fields", "layout"),
    [
        ({"input": 1}, "trialbook"),
        ({"input": 1, "expected": 2, "metadata": {}, "tags": [], "id": "x"}, "trialbook"),
        ({"input": 1, "groundTruth": 2}, "mastra"),
        ({"input": 1, "expectedOutput": 2}, "langfuse"),
        ({"inputs": {}, "outputs": {}}, "langsmith"),
        ({"input": 1, "expected": 2, "_xact_id": "1", "root_span_id": "2"}, "braintrust"),
        ({"id": "x", "input": {}, "output": {}, "metadata": {}}, "phoenix"),
        ({"input": [], "ideal": "x"}, "openai_evals"),
        ({"messages": [], "ideal": "x"}, "openai_evals"),
        ({"item": {}}, "openai_evals"),
        ({"question": 1}, "trialbook"),
    ],
)
def test_the_layout_is_told_by_the_fields(fields: dict[str, object], layout: str) -> None:
    assert opened(json.dumps(fields)).layout == layout


def test_the_first_row_that_is_known_tells_the_layout() -> None:
    reader = opened('oops\n{"x": 1}\n{"inputs": {}}\n', format="jsonl")
    assert reader.layout == "langsmith"
    assert [row.line for row in reader.rows()] == [1, 2, 3]


def test_a_given_layout_wins() -> None:
    line = '{"input": {"q": 1}, "output": {"a": 2}}'
    assert opened(line, layout="braintrust").layout == "braintrust"
    assert row(line, layout="braintrust").expected == '{"a": 2}'


def test_json_documents_are_lists_or_have_lists() -> None:
    for document in (
        [{"input": 1}, {"input": 2}],
        {"data": [{"input": 1}, {"input": 2}], "meta": {"page": 1}},
        {"data": {"dataset_id": "d", "examples": [{"input": 1}, {"input": 2}]}},
        {"events": [{"input": 1}, {"input": 2}], "cursor": "x"},
    ):
        content = json.dumps(document, indent=1)
        assert [(row.line, row.input) for row in rows(content)] == [(1, "1"), (2, "2")]


def test_an_object_without_a_list_is_a_row() -> None:
    assert row('{\n "input": 1\n}').input == "1"


def test_a_document_that_is_broken_is_refused() -> None:
    assert "not JSON" in unreadable('[{"input": 1},').message


def test_a_document_that_is_too_large_is_refused() -> None:
    assert "JSON lines" in unreadable(b"[" + b" " * (64 * 1024 * 1024), format="json").message


def test_an_empty_list_has_no_rows() -> None:
    assert rows("[]") == []
    assert rows('{"items": []}') == []


def test_an_entry_that_is_no_object_is_refused_by_its_number() -> None:
    assert bad_row('[{"input": 1}, 2]').line == 2
