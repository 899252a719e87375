"""Files of results."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pyarrow.parquet as pq
import pytest

from trialbook.services.domain.run import ErrorCode, TaskError, Usage
from trialbook.services.formats.result_row import ResultRow, ReviewRow, ScoreRow
from trialbook.services.formats.result_table import ResultTable
from trialbook.services.formats.result_writing import ResultFormat, open_result_writer
from trialbook.services.formats.row import Unreadable

SECOND = 1_000_000
ROW = ResultRow(
    name="projects/p/runs/r/results/1",
    number=1,
    item_id="i1",
    trial=1,
    status="succeeded",
    skip_reason="",
    round=0,
    input='{"n": 1.10}',
    expected=None,
    output="12345678901234567890",
    error=None,
    attempts=2,
    latency=1_500_000,
    usage=Usage(10, 20, 0.25),
    steps='[{"step_id":"s"}]',
    trace_id="ab",
    worker_id="w",
    recorded_at=90 * SECOND,
    scores=(ScoreRow("exact", 3, "scored", 0.5, False, "near", "=1+1", '{"a": 1}'),),
    reviews=(ReviewRow("ann", "overall", None, True, "", "fine", 91 * SECOND),),
)
FAILED = ROW._replace(
    number=2,
    status="failed",
    output=None,
    error=TaskError(ErrorCode.EXECUTION, "-1 is\nno number", "ValueError", "line 1"),
    latency=None,
    usage=None,
    steps=None,
    worker_id="",
    scores=(),
    reviews=(),
)


def written(form: ResultFormat, *rows: ResultRow, scorers: tuple[str, ...] = ("exact",)) -> bytes:
    writer = open_result_writer(form, scorers)
    data = writer.write(rows) + writer.close()
    assert writer.count == len(rows)
    return data


def test_a_line_holds_all_of_a_result() -> None:
    first, second = written("jsonl", ROW, FAILED).splitlines()

    assert b'"input":{"n": 1.10},"output":12345678901234567890,' in first
    fields = json.loads(first)
    assert (fields["latency"], fields["attempts"], fields["round"]) == (1.5, 2, 0)
    assert fields["usage"] == {"input_tokens": 10, "output_tokens": 20, "cost": 0.25}
    assert fields["steps"] == [{"step_id": "s"}]
    assert fields["record_time"] == "1970-01-01T00:01:30Z"
    assert fields["scores"]["exact"] == {
        "scorer_version": 3,
        "status": "scored",
        "value": 0.5,
        "passed": False,
        "label": "near",
        "reason": "=1+1",
        "evidence": {"a": 1},
    }
    assert fields["reviews"] == [
        {
            "reviewer": "ann",
            "criterion": "overall",
            "passed": True,
            "comment": "fine",
            "create_time": "1970-01-01T00:01:31Z",
        }
    ]
    failed = json.loads(second)
    assert failed["error"]["message"] == "-1 is\nno number"
    assert not {"output", "latency", "usage", "reviews", "expected"} & failed.keys()


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_table_has_a_column_for_each_value_and_verdict() -> None:
    first, second = table(written("csv", ROW, FAILED))

    assert (first["score.exact"], first["score.exact.passed"]) == ("0.5", "false")
    assert (first["input_json"], first["output_json"]) == ('{"n": 1.10}', ROW.output)
    assert (first["latency"], first["cost"], first["record_time"]) == (
        "1.5",
        "0.25",
        "1970-01-01T00:01:30Z",
    )
    assert json.loads(first["reviews_json"])[0]["reviewer"] == "ann"
    assert (second["score.exact"], second["latency"], second["output_json"]) == ("", "", "")


def test_texts_are_no_formulas_in_a_table() -> None:
    first, second = table(written("csv", ROW, FAILED))

    assert first["score.exact.reason"] == "'=1+1"
    assert second["error_message"] == "'-1 is\nno number"


def test_a_parquet_file_has_types() -> None:
    found = pq.read_table(io.BytesIO(written("parquet", ROW, FAILED))).to_pylist()

    assert (found[0]["number"], found[0]["score.exact"], found[0]["score.exact.passed"]) == (
        1,
        0.5,
        False,
    )
    assert found[0]["record_time"].isoformat() == "1970-01-01T00:01:30+00:00"
    assert found[0]["score.exact.reason"] == "=1+1"
    assert (found[1]["latency"], found[1]["error_code"]) == (None, "execution")


@pytest.mark.parametrize(
    ("form", "begin"), [("jsonl", b""), ("csv", b"name,"), ("parquet", b"PAR1")]
)
def test_a_file_without_results_is_a_file(form: Any, begin: bytes) -> None:
    assert written(form)[:5].startswith(begin)


def test_parquet_counts_what_its_bytes_hold() -> None:
    writer = open_result_writer("parquet", ())
    writer.write([ROW])
    assert writer.count == 0
    writer.close()
    assert writer.count == 1


def test_columns_have_names_of_their_own() -> None:
    names = [column.name for column in ResultTable(["a", "a.passed"]).columns]

    assert len(names) == len(set(names))
    assert {"score.a", "score.a.passed", "score.a.passed_"} <= set(names)


def test_without_pyarrow_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(Unreadable, match=r"pip install 'trialbook\[parquet\]'"):
        open_result_writer("parquet", ())
