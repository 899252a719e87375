"""Trialbook's own layout."""

from __future__ import annotations

import json

import pytest

from tests.unit.services.formats.reading import bad_row, opened, row, rows
from trialbook.services.formats.row import MockRow, ScorerRow

FULL = {
    "id": "one",
    "external_id": "crm/17",
    "input": {"question": "q"},
    "expected": "a",
    "expected_trajectory": {"steps": []},
    "context": {"user": "u"},
    "metadata": {"k": 1},
    "tags": ["x", "y"],
    "split": "test",
    "start_options": {"model": "m"},
    "tool_mocks": [{"tool": "t", "arguments": {"a": 1}, "output": None}, {"tool": "u"}],
    "unmocked_tools": "deny",
    "scorers": [{"scorer": "levenshtein", "alias": "near", "params": {"t": 0.8}}],
    "source": {"type": "trace", "reference": "abc"},
}


def test_every_field_of_an_item_is_read() -> None:
    found = row(FULL)
    assert (found.item_id, found.external_id, found.split) == ("one", "crm/17", "test")
    assert (found.input, found.expected) == ('{"question":"q"}'.replace(":", ": "), '"a"')
    assert (found.tags, found.unmocked_tools) == (("x", "y"), "deny")
    assert found.tool_mocks == (MockRow("t", '{"a": 1}', "null"), MockRow("u", None, None))
    assert found.scorers == (ScorerRow("levenshtein", "near", '{"t": 0.8}'),)
    assert (found.source_type, found.source_reference) == ("trace", "abc")
    assert found.expected_trajectory == '{"steps": []}'
    assert (found.context, found.metadata) == ('{"user": "u"}', '{"k": 1}')
    assert found.start_options == '{"model": "m"}'


@pytest.mark.parametrize(
    "payload",
    [
        "null",
        '"text"',
        "1.0",
        "-0",
        "1e400",
        "123456789012345678901234567890",
        '{ "b" : 1,  "a":[ ] }',
        '"\\u00e4\\/ ä"',
        '{"a":1,"a":2}',
    ],
)
def test_payloads_stay_byte_for_byte(payload: str) -> None:
    found = row('{"input": ' + payload + ', "expected":' + payload + "}")
    assert (found.input, found.expected) == (payload, payload)


def test_null_is_a_value_of_expected_and_no_object() -> None:
    found = row('{"input": 1, "expected": null, "context": null, "tags": null, "id": null}')
    assert (found.expected, found.context, found.tags, found.item_id) == ("null", None, (), "")


def test_numbers_are_ids_too() -> None:
    assert row('{"input": 1, "id": 7, "external_id": 8}').item_id == "7"


def test_a_row_without_input_tells_what_it_has() -> None:
    found = bad_row({"question": "q", "answer": "a"}, layout="trialbook")
    assert (found.path, found.line) == ("input", 1)
    assert "question, answer" in found.message
    assert "expected" in bad_row({"expected": 1}, layout="trialbook").message
    assert "nothing" in bad_row("{}", layout="trialbook").message


def test_a_misspelt_field_is_refused_by_name() -> None:
    assert bad_row('{"input": 1, "expcted": 2}').path == "expcted"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"tags": "red"}, "tags"),
        ({"tags": [1]}, "tags[0]"),
        ({"split": 5}, "split"),
        ({"id": []}, "id"),
        ({"unmocked_tools": "maybe"}, "unmocked_tools"),
        ({"tool_mocks": [{"output": 1}]}, "tool_mocks[0]"),
        ({"tool_mocks": [{"tool": "t", "args": 1}]}, "tool_mocks[0]"),
        ({"scorers": ["exact_match"]}, "scorers[0]"),
        ({"scorers": [{"scorer": "exact_match", "version": 2}]}, "scorers[0]"),
        ({"source": "trace"}, "source"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused_by_its_path(
    fields: dict[str, object], path: str
) -> None:
    found = bad_row(json.dumps({"input": 1} | fields))
    assert found.path == path
    assert found.message


def test_rows_of_few_and_of_many_fields_may_be_mixed() -> None:
    lines = "\n".join(json.dumps(fields) for fields in ({"input": 1}, FULL, {"input": 2}))
    assert [found.line for found in rows(lines)] == [1, 2, 3]
    assert opened(lines).layout == "trialbook"
