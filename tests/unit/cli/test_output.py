"""Data on stdout, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import click
import msgspec
import pytest

from trialbook.services.cli.output import (
    Column,
    Record,
    as_text,
    duration_text,
    print_fields,
    print_record,
    print_records,
    printable,
    shortened,
)

RECORDS: list[Record] = [
    {"name": "a", "count": 1234567, "payload": msgspec.Raw(b'{"x":  1.0}')},
    {"name": "[red]b", "count": 2, "payload": None},
]
COLUMNS = (Column("NAME", "name"), Column("COUNT", "count", right=True))


def test_a_table_shows_headings_and_values_without_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_records("table", RECORDS, COLUMNS)
    out = capsys.readouterr().out
    assert out.split() == ["NAME", "COUNT", *out.split()[2:]]
    assert "1,234,567" in out
    assert "[red]b" in out


def test_a_table_in_a_pipe_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_records("table", [{"name": "x" * 300, "count": 1}], COLUMNS)
    assert "x" * 300 in capsys.readouterr().out


def test_no_figure_is_cut_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    columns = (
        Column("NAME", "name", flexible=True),
        Column("P", "p", right=True),
        Column("INTERVAL", "interval"),
    )
    record = {"name": "a name of many words", "p": "0.0024", "interval": "0.0661 to 0.2537"}

    print_records("table", [record], columns)

    printed = capsys.readouterr().out
    assert "0.0024" in printed
    assert "0.0661 to 0.2537" in printed


def test_json_lines_keep_payloads_byte_for_byte(capsys: pytest.CaptureFixture[str]) -> None:
    print_records("jsonl", RECORDS, COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '{"name":"a","count":1234567,"payload":{"x":  1.0}}'
    assert json.loads(lines[1]) == {"name": "[red]b", "count": 2, "payload": None}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_json_is_one_array(capsys: pytest.CaptureFixture[str], count: int) -> None:
    print_records("json", RECORDS[:count], COLUMNS)
    assert len(json.loads(capsys.readouterr().out)) == count


def test_an_empty_table_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_records("table", [], COLUMNS)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_one_record_as_json(capsys: pytest.CaptureFixture[str], form: str) -> None:
    print_record(form, RECORDS[0], lambda _: None)
    assert json.loads(capsys.readouterr().out)["payload"] == {"x": 1.0}


def test_csv_has_a_heading_and_keeps_texts_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    record = {
        "name": 'a "b"\nc',
        "when": moment,
        "payload": msgspec.Raw(b'{"x":  1.0}'),
        "no": None,
    }
    print_records("csv", [record, {**record, "name": "d"}], COLUMNS)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["name", "when", "payload", "no"],
        ['a "b"\nc', "2026-03-01T12:30:00+00:00", '{"x":  1.0}', ""],
        ["d", "2026-03-01T12:30:00+00:00", '{"x":  1.0}', ""],
    ]


def test_csv_keeps_spreadsheets_from_taking_texts_for_formulas(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = {"a": "=1+1", "b": "@x", "c": "x=1", "d": -1, "e": msgspec.Raw(b"-1")}
    print_records("csv", [record], COLUMNS)
    assert capsys.readouterr().out.splitlines()[1] == "'=1+1,'@x,x=1,-1,-1"


def test_one_record_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    print_record("csv", {"a": 1, "b": True}, lambda _: None)
    assert capsys.readouterr().out.splitlines() == ["a,b", "1,true"]


def test_records_without_common_columns_are_no_csv() -> None:
    with pytest.raises(click.UsageError, match="jsonl"):
        print_records("csv", RECORDS, ())


def test_fields_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields({"a": 0, "b": None, "c": ""}, {"a": "first", "b": "second", "c": "third"})
    assert capsys.readouterr().out.split() == ["first", "0"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (0.123456, "0.1235"),
        (1234567, "1,234,567"),
        ("plain", "plain"),
        ("a\x1b[31mb\x07", "a [31mb "),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_values_for_people(value: object, text: str) -> None:
    assert as_text(value) == text


def test_times_are_told_in_the_local_zone() -> None:
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert as_text(moment) == moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.0123, "12.3 ms"), (1.5, "1.50 s"), (200.0, "3 min 20 s")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


def test_long_texts_are_cut_to_one_line() -> None:
    assert shortened("one\ntwo   three", 20) == "one two three"
    assert shortened("x" * 30, 10) == "x" * 9 + "…"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[2J\u202eb") == "a [2J b"
