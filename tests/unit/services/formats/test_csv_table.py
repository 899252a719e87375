"""CSV files."""

from __future__ import annotations

import csv
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.services.formats.reading import bad_row, bad_rows, opened, row, rows, unreadable
from trialbook.services.formats.row import Row, Unreadable


def test_cells_are_texts_unless_their_column_says_json() -> None:
    found = row('input,expected_json,id\n{},"{""a"": 1}",007\n')
    assert (found.input, found.expected, found.item_id) == ('"{}"', '{"a": 1}', "007")


def test_a_cell_may_hold_breaks_quotes_and_separators() -> None:
    found = row('id,input\r\n1,"a\r\n""b"", c"\r\n')
    assert found.input == '"a\\r\\n\\"b\\", c"'


def test_rows_know_the_line_on_which_they_begin() -> None:
    found = rows('input,id\n"a\nb\n",1\n\nc,2\n"d\n",3')
    assert [(row.line, row.item_id) for row in found] == [(2, "1"), (6, "2"), (7, "3")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_told_by_the_header(delimiter: str) -> None:
    found = row(delimiter.join(["input", '"tags"', "split"]) + "\n" + delimiter.join("abc"))
    assert (found.input, found.tags, found.split) == ('"a"', ("b",), "c")


def test_separators_inside_quotes_do_not_count() -> None:
    assert row('"input",metadata_json\n"a;b;c",{}\n').metadata == "{}"


def test_a_given_separator_wins() -> None:
    assert row("input:split\na:b\n", format="csv", delimiter=":").split == "b"


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert row(b"\xef\xbb\xbfinput\nx\n").input == '"x"'


def test_empty_cells_are_absent() -> None:
    found = row("input,expected,metadata_json,tags\nx,,,\n")
    assert (found.expected, found.metadata, found.tags) == (None, None, ())


def test_an_empty_input_is_refused() -> None:
    assert bad_row("id,input\n1,\n").path == "input"


def test_tags_are_a_list_or_texts_with_commas() -> None:
    found = rows('input,tags\n1,"a, b,,c"\n2,"[""d, e""]"\n')
    assert [row.tags for row in found] == [("a", "b", "c"), ("d, e",)]


def test_a_ragged_row_is_refused_by_its_line_and_the_others_are_read() -> None:
    found = list(opened('input,id\n1,a\n"x\ny"\n2,b,c\n3,d\n').rows())
    refused = bad_rows('input,id\n1,a\n"x\ny"\n2,b,c\n3,d\n')
    assert [bad.line for bad in refused] == [3, 5]
    assert [row.item_id for row in found if isinstance(row, Row)] == ["a", "d"]


def test_a_cell_that_should_be_json_and_is_not_is_refused_by_its_field() -> None:
    found = bad_row("input,metadata_json\nx,{oops\n")
    assert (found.line, found.path) == (2, "metadata")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b'input,id\n1,a\n"open,b\n2,c\n', 3, "not CSV"),
        (b'input,id\n"a"b,c\n', 2, "not CSV"),
        (b"input,id\n\xff,a\n", 2, "UTF-8"),
        (b"input,input\n1,2\n", 1, "two columns"),
        (b"input,input_json\n1,2\n", 1, "two columns"),
        (b"input,,id\n1,2,3\n", 1, "no name"),
        (b"question,answer\n1,2\n", 1, "question, answer"),
        (b"input,answer\n1,2\n", 1, "input, answer"),
        (b"a," * 1_001 + b"input\n", 1, "columns"),
        (b'input\n"' + b"x" * 9_000_000 + b'"\n', 2, "longer"),
        (b'input\n"' + b"x\n" * 5_000_000, 2, "CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(
    content: bytes, line: int, problem: str
) -> None:
    found = unreadable(content, format="csv")
    assert (found.line, problem in found.message) == (line, True), found.message


@pytest.mark.parametrize("content", [b"", b"\n\n", b"input,id\n", b"input,id\n\n\n"])
def test_a_file_without_rows_has_none(content: bytes) -> None:
    assert rows(content, format="csv") == []


def test_a_cell_of_several_megabytes_is_read() -> None:
    assert len(row("input\n" + "x" * 3_000_000 + "\n").input) == 3_000_002


def test_the_limit_of_cells_that_others_have_set_higher_stays() -> None:
    before = csv.field_size_limit()
    try:
        csv.field_size_limit(100_000_000)
        rows("input\nx\n")
        assert csv.field_size_limit() == 100_000_000
    finally:
        csv.field_size_limit(before)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(content: str) -> None:
    with suppress(Unreadable):
        list(opened(content, format="csv").rows())
