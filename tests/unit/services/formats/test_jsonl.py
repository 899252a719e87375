"""JSON lines."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.services.formats.reading import bad_row, bad_rows, opened, rows
from trialbook.services.formats import jsonl
from trialbook.services.formats.row import BadRow, Row, Unreadable


def test_rows_know_their_lines() -> None:
    found = rows(b'\xef\xbb\xbf{"input":1}\r\n\r\n  \n{"input":2}')
    assert [(row.line, row.input) for row in found] == [(1, "1"), (4, "2")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"not json", "not JSON"),
        (b'{"input": }', "not JSON"),
        (b'{"input": NaN}', "not JSON"),
        (b'{"input": 1} {"input": 2}', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"input": "\xff"}', "UTF-8"),
        (b'{"\xff": 1, "input": 2}', "UTF-8"),
        (b'{"input": "' + b"x" * 9_000_000 + b'"}', "longer than"),
        (b'{"input": ' + b"[" * 100_000 + b"}", "nested"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_the_others_are_read(
    line: bytes, problem: str
) -> None:
    found = list(opened(b'{"input":1}\n\n' + line + b'\n{"input":2}\n', format="jsonl").rows())
    assert isinstance(found[1], BadRow)
    assert found[1].line == 3
    assert problem in found[1].message
    assert [(row.line, row.input) for row in found if isinstance(row, Row)] == [(1, "1"), (4, "2")]


def test_a_line_that_is_too_long_at_the_end_of_the_file_is_one_bad_row() -> None:
    assert bad_row(b'{"input":1}\n' + b" " * 30_000_000, format="jsonl").line == 2


def test_an_empty_file_has_no_rows() -> None:
    assert rows(b"", format="jsonl") == []
    assert rows(b"\xef\xbb\xbf\n \n", format="jsonl") == []


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_worse(content: bytes) -> None:
    with suppress(Unreadable):
        bad_rows(content, format="jsonl")


def test_breaks_between_values_become_spaces_so_that_a_row_stays_a_line() -> None:
    written = jsonl.write([Row(1, '{\r\n"a": "b\\nc"\n}')])
    assert written == b'{"input":{  "a": "b\\nc" }}\n'


def test_a_file_is_read_from_its_beginning() -> None:
    stream = io.BytesIO(b'{"input":1}\n')
    stream.read()
    assert len(list(jsonl.records(stream))) == 1
