"""Reading test cases from JSON lines."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.cli.dataset_file import DatasetFile, Row, open_dataset_file
from trialbook.services.cli.failures import CommandFailure

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(content: bytes, *, input_field: str = "", expected_field: str = "") -> list[Row]:
    file = DatasetFile("cases.jsonl", io.BytesIO(content), input_field, expected_field)
    return list(file.rows())


def refusal(content: bytes) -> CommandFailure:
    with pytest.raises(CommandFailure) as caught:
        read(content)
    return caught.value


def test_every_field_of_an_item_is_read() -> None:
    line = {
        "id": "one",
        "input": {"a": 1},
        "expected": None,
        "context": {"b": 2},
        "metadata": {"c": 3},
        "tags": ["x", "y"],
        "split": "test",
    }
    assert read(json.dumps(line).encode()) == [
        Row(1, '{"a": 1}', "null", "one", '{"b": 2}', '{"c": 3}', ("x", "y"), "test")
    ]


def test_an_absent_expected_value_is_not_null() -> None:
    assert read(b'{"input": 1}')[0].expected is None


def test_payloads_keep_their_bytes() -> None:
    text = '{"z":1.0,  "a":123456789012345678901234567890, "e":"\\u00e9 é"}'
    assert read(f'{{"input": {text} }}'.encode())[0].input == text


@given(st.lists(JSON_VALUES, min_size=1, max_size=5))
def test_what_is_written_is_what_is_read(values: list[object]) -> None:
    lines = [json.dumps({"input": value}) for value in values]
    rows = read("\n".join(lines).encode())
    assert [json.loads(row.input) for row in rows] == values


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    file = DatasetFile("noise", io.BytesIO(content))
    with suppress(CommandFailure):
        file.check()


def test_numbers_and_texts_are_ids() -> None:
    assert [row.item_id for row in read(b'{"input":1,"id":7}\n{"input":1,"id":"x"}')] == ["7", "x"]


def test_a_byte_order_mark_and_carriage_returns_are_no_content() -> None:
    assert [row.input for row in read(b'\xef\xbb\xbf{"input":1}\r\n\r\n{"input":2}\r\n')] == [
        "1",
        "2",
    ]


def test_foreign_fields_are_taken_by_name_and_the_others_left_out() -> None:
    content = b'{"question": "q", "ground_truth": "a", "model": {"solution": "s"}}'
    file = DatasetFile("foreign", io.BytesIO(content), "question", "ground_truth")
    row = next(file.rows())
    assert (row.input, row.expected) == ('"q"', '"a"')
    assert file.left_out == {"model"}


def test_a_file_without_input_names_the_fields_that_it_has() -> None:
    failure = refusal(b'{"question": "q", "answer": "a"}')
    assert "line 1" in str(failure)
    assert "question, answer" in str(failure)
    assert "--input-field question" in failure.hint


def test_an_unknown_field_is_refused() -> None:
    failure = refusal(b'{"input": 1}\n{"input": 1, "expcted": 2}')
    assert "line 2" in str(failure)
    assert "expcted" in str(failure)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"input": }',
        b"[1]",
        b'"text"',
        b'{"input": "\xff"}',
        b'{"input": NaN}',
        b'{"input": 1} {"input": 2}',
        b'{"input": ' + b"[" * 100_000 + b"}",
        b'{"input": 1, "tags": "red"}',
        b'{"input": 1, "tags": [1]}',
        b'{"input": 1, "split": 5}',
        b'{"input": 1, "id": []}',
    ],
)
def test_a_bad_line_is_refused_by_its_number(line: bytes) -> None:
    assert "line 3" in str(refusal(b'{"input": 1}\n\n' + line + b"\n"))


def test_a_line_is_not_read_beyond_the_limit() -> None:
    assert "longer than" in str(refusal(b'{"input": "' + b"x" * 9_000_000 + b'"}'))


@given(st.lists(st.booleans(), max_size=60))
def test_a_row_is_found_back_at_its_line(filled: list[bool]) -> None:
    content = b"\n".join(b'{"input": 1}' if row else b"" for row in filled)
    file = DatasetFile("gaps", io.BytesIO(content))
    rows = list(file.rows())
    assert [file.line_of(index) for index in range(len(rows))] == [row.line for row in rows]


def test_a_file_can_be_checked_and_then_read(tmp_path: Path) -> None:
    path = tmp_path / "twice.jsonl"
    path.write_text('{"input": 1}\n\n{"input": 2}\n')
    with open_dataset_file(str(path)) as file:
        assert file.check() == 2
        rows = list(file.rows())
        assert [file.line_of(index) for index in (0, 1)] == [row.line for row in rows] == [1, 3]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n")
    with open_dataset_file(str(path)) as file, pytest.raises(CommandFailure, match="no items"):
        file.check()
