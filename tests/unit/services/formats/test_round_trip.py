"""What is written is read again as it was, whatever stands in it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.formats.file_format import FormatName
from trialbook.services.formats.reading import FileReader, ReadOptions
from trialbook.services.formats.row import MockRow, Row, ScorerRow
from trialbook.services.formats.writing import open_writer

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = TEXTS.filter(bool)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
# The same values in different spellings: spaces, escapes, line breaks between values.
SPELLINGS: list[Callable[[object], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value, indent=1),
    lambda value: " \t" + json.dumps(value, indent="\t", ensure_ascii=False).replace("\n", "\r\n"),
]


def spelt(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.builds(lambda spell, value: spell(value), st.sampled_from(SPELLINGS), values)


JSON = spelt(VALUES).map(str.strip)
OBJECTS = spelt(st.dictionaries(TEXTS, VALUES, max_size=3)).map(str.strip)
MOCKS = st.builds(MockRow, TEXTS, st.none() | JSON, st.none() | JSON)
SCORERS = st.builds(ScorerRow, TEXTS, TEXTS, st.none() | OBJECTS, TEXTS, TEXTS, TEXTS)
ROWS = st.builds(
    Row,
    line=st.just(0),
    input=JSON,
    expected=st.none() | JSON,
    context=st.none() | OBJECTS,
    metadata=st.none() | OBJECTS,
    tags=st.lists(TEXTS, max_size=3).map(tuple),
    split=TEXTS,
    item_id=st.text("abcXYZ019._:-", max_size=12),
    external_id=TEXTS,
    expected_trajectory=st.none() | OBJECTS,
    start_options=st.none() | OBJECTS,
    tool_mocks=st.lists(MOCKS, max_size=2).map(tuple),
    unmocked_tools=st.sampled_from(["", "allow", "deny"]),
    scorers=st.lists(SCORERS, max_size=2).map(tuple),
    source_type=st.sampled_from(["manual", "csv", "trace"]),
    source_reference=TEXTS,
)


def written(form: FormatName, batches: list[list[Row]]) -> bytes:
    writer = open_writer(form)
    return b"".join([*map(writer.write, batches), writer.close()])


def read(form: FormatName, content: bytes) -> list[Row]:
    found = FileReader(io.BytesIO(content), ReadOptions(format=form, layout="trialbook")).rows()
    rows = []
    for row in found:
        assert isinstance(row, Row), row
        rows.append(msgspec.structs.replace(row, line=0))
    return rows


@pytest.mark.parametrize("form", ["csv", "parquet"])
@settings(deadline=None)
@given(rows=st.lists(ROWS, max_size=5))
def test_tables_give_back_every_byte(form: FormatName, rows: list[Row]) -> None:
    assert read(form, written(form, [rows])) == rows


@given(rows=st.lists(ROWS, max_size=5))
def test_json_lines_give_back_every_value_and_then_every_byte(rows: list[Row]) -> None:
    once = written("jsonl", [rows])
    found = read("jsonl", once)
    assert [json.loads(row.input) for row in found] == [json.loads(row.input) for row in rows]
    assert written("jsonl", [found]) == once
    assert read("jsonl", written("jsonl", [found])) == found


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@settings(deadline=None)
@given(rows=st.lists(ROWS, max_size=6), cut=st.integers(0, 6))
def test_the_bytes_do_not_depend_on_the_batches(
    form: FormatName, rows: list[Row], cut: int
) -> None:
    whole = written(form, [rows])
    assert written(form, [rows[:cut], [], rows[cut:]]) == whole
    assert written(form, [[row] for row in rows]) == whole


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_no_rows_are_a_file_as_well(form: FormatName) -> None:
    assert read(form, written(form, [])) == []
    assert written(form, [[]]) == written(form, [])


@pytest.mark.parametrize("form", ["csv", "parquet"])
@given(text=JSON)
@settings(deadline=None)
def test_one_payload_of_any_spelling_is_kept(form: FormatName, text: str) -> None:
    assert read(form, written(form, [[Row(0, text)]]))[0].input == text
