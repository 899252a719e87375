"""Parquet files."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.services.formats.reading import bad_rows, opened, row, rows, unreadable, value
from trialbook.services.formats import parquet
from trialbook.services.formats.columns import Mapping
from trialbook.services.formats.row import Row


def file_of(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def test_texts_are_texts_and_json_columns_json() -> None:
    found = row(file_of({"input": ["{}"], "expected_json": ['{"a": 1}'], "id": ["x"]}))
    assert (found.input, found.expected, found.item_id) == ('"{}"', '{"a": 1}', "x")


def test_nested_columns_become_json() -> None:
    content = file_of({"input": [{"q": "why", "n": [1, None]}], "metadata": [{"at": True}]})
    found = row(content)
    assert value(found.input) == {"q": "why", "n": [1, None]}
    assert value(found.metadata) == {"at": True}


def test_numbers_dates_and_maps_have_their_json() -> None:
    at = dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC)
    columns = {
        "input": [{"big": 2**62, "exact": Decimal("1.10"), "real": 0.1, "day": at.date()}],
        "context": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "at": pa.array([at], pa.timestamp("ns", "UTC")),
    }
    found = row(file_of(columns), mappings=[Mapping("at", "metadata.at")])
    assert found.input == '{"big":4611686018427387904,"exact":1.10,"real":0.1,"day":"2026-01-02"}'
    assert found.context == '{"k":1}'
    assert value(found.metadata) == {"at": "2026-01-02T03:04:05.000006Z"}


def test_nulls_are_absent() -> None:
    found = row(file_of({"input": ["x"], "expected": pa.array([None], pa.string())}))
    assert found.expected is None


def test_what_json_does_not_have_is_refused_by_row_and_column() -> None:
    content = file_of({"input": [{"n": 1.0}, {"n": float("nan")}, {"n": float("inf")}]})
    assert [(bad.line, bad.path) for bad in bad_rows(content)] == [(2, "input"), (3, "input")]


def test_rows_are_numbered_over_all_row_groups() -> None:
    content = file_of({"input": [str(number) for number in range(2_500)]}, row_group_size=700)
    assert [found.line for found in rows(content)] == list(range(1, 2_501))


def test_columns_can_be_mapped() -> None:
    content = file_of({"question": ["why?"], "answers": [["a", "b"]], "id": [7]})
    maps = [Mapping("question", "input.q"), Mapping("answers", "expected")]
    found = row(content, mappings=maps)
    assert (found.input, found.expected, found.item_id) == ('{"q":"why?"}', '["a","b"]', "7")


@pytest.mark.parametrize("kind", [pa.binary(), pa.list_(pa.large_binary()), pa.binary(2)])
def test_bytes_are_refused(kind: Any) -> None:
    content = file_of({"input": ["x"], "picture": pa.array([None], kind)})
    assert "picture" in unreadable(content, layout="trialbook").message


def test_a_file_that_is_cut_off_is_refused() -> None:
    whole = file_of({"input": ["x"] * 100})
    assert "Parquet" in unreadable(whole[:-20]).message


def test_a_file_that_is_damaged_inside_is_refused() -> None:
    whole = file_of({"input": [str(n) * 50 for n in range(1000)]}, compression="gzip")
    damaged = whole[:100] + bytes(len(whole[100:2000])) + whole[2000:]
    assert unreadable(damaged).message


def test_an_empty_file_has_no_rows() -> None:
    assert rows(file_of({"input": pa.array([], pa.string())})) == []


def test_what_is_written_is_flat_and_complete() -> None:
    writer = parquet.ParquetWriter()
    pieces = [writer.write([Row(1, f'"{number}"')]) for number in range(25_000)]
    pieces.append(writer.close())
    found = rows(b"".join(pieces))
    assert [row.input for row in found] == [f'"{number}"' for number in range(25_000)]
    assert sum(map(bool, pieces)) == 3, "the magic at once, then each row group as it is complete"


def test_large_rows_end_a_row_group_early() -> None:
    writer = parquet.ParquetWriter()
    writer.write([Row(1, '"' + "x" * 9_000_000 + '"')])
    assert writer.write([Row(2, '"' + "y" * 9_000_000 + '"')])


def test_the_reader_is_told_by_content() -> None:
    assert opened(file_of({"input": ["x"]}), file_name="rows.csv").format == "parquet"
