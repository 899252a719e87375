"""Rows of files on their way to items, and the report of what became of them."""

from __future__ import annotations

import io

import pytest

from trialbook.services.application.dataset_import import (
    DraftMaker,
    ReportBook,
    RowBatch,
    RowBatches,
    check_options,
    open_file,
    rows_refused,
)
from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_write import Tally
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.formats.columns import Mapping
from trialbook.services.formats.reading import ReadOptions
from trialbook.services.formats.row import BadRow, MockRow, Row, ScorerRow

FILE = open_file(io.BytesIO(b'{"input": 1}\n'), ReadOptions())


def test_a_row_that_does_not_say_comes_from_the_file() -> None:
    make = DraftMaker("csv", "cases.csv")

    plain = make(Row(1, "1"))
    full = make(Row(1, "1", start_options="{}"))
    foreign = make(Row(1, "1", source_type="trace", source_reference="t"))
    manual = make(Row(1, "1", source_type="manual"))

    assert (plain.source, plain.extras.source_reference) == ("csv", "cases.csv")
    assert (full.extras.start_options, full.extras.source_reference) == ("{}", "cases.csv")
    assert (foreign.source, foreign.extras.source_reference) == ("trace", "t")
    assert (manual.source, manual.extras.source_reference) == ("", "")


def test_everything_in_a_row_is_in_the_item() -> None:
    row = Row(
        line=7,
        input="1",
        expected="2",
        context="{}",
        metadata="{}",
        tags=("t",),
        split="s",
        item_id="i",
        external_id="e",
        expected_trajectory="{}",
        tool_mocks=(MockRow("tool", "1", "2"),),
        unmocked_tools="deny",
        scorers=(ScorerRow("levenshtein", "near", "{}"),),
    )

    draft = DraftMaker("jsonl", "")(row)

    assert (draft.item_id, draft.external_id, draft.tags, draft.split) == ("i", "e", ("t",), "s")
    assert (draft.input, draft.expected, draft.context, draft.metadata) == ("1", "2", "{}", "{}")
    extras = draft.extras
    assert (extras.tool_mocks[0].arguments, extras.tool_mocks[0].output) == ("1", "2")
    assert (extras.unmocked_tools, extras.expected_trajectory) == ("deny", "{}")
    assert (extras.scorers[0].scorer, extras.scorers[0].alias) == ("levenshtein", "near")


def test_allowing_calls_is_what_an_item_does_anyway() -> None:
    draft = DraftMaker("jsonl", "")(Row(1, "1", unmocked_tools="allow"))
    assert draft.extras.unmocked_tools == ""


def test_batches_are_bounded_in_rows_and_in_size() -> None:
    many = open_file(io.BytesIO(b'{"input": 1}\n' * 2_300), ReadOptions())
    large = open_file(io.BytesIO((b'{"input": "' + b"x" * 900_000 + b'"}\n') * 7), ReadOptions())

    assert sizes(RowBatches(many, "")) == [1_000, 1_000, 300]
    assert sizes(RowBatches(large, "")) == [5, 2]


def sizes(batches: RowBatches) -> list[int]:
    found = []
    while (batch := batches.read()) is not None:
        found.append(len(batch.drafts))
    return found


def test_a_report_names_the_fields_as_the_rows_do_and_counts_rows_once() -> None:
    book = ReportBook()
    drafts = [ItemDraft("", "1")] * 3
    bad = [BadRow(4, "", "is not JSON")]
    problems = {
        2: [
            Violation("items[9].input.json", "one", "INVALID_JSON"),
            Violation("items[9].item_id", "two"),
        ],
        0: [Violation("items[7].input.a.json", "three", "SCHEMA_VIOLATED")],
    }

    book.add(RowBatch(drafts, [1, 2, 5], bad), Tally(added=1), problems)
    report = book.report(FILE)

    assert [(row.line, row.path) for row in report.refused] == [
        (1, "input.a.json"),
        (4, ""),
        (5, "input"),
        (5, "id"),
    ]
    assert (report.row_count, report.refused_count, report.tally.added) == (4, 3, 1)
    told = rows_refused(report)
    assert [violation.path for violation in told.violations] == [
        "line[1].input.a.json",
        "line[4]",
        "line[5].input",
        "line[5].id",
    ]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (ReadOptions(mappings=[Mapping("a", "b")]), "options.columns[0].target"),
        (ReadOptions(mappings=[Mapping("a", "input")], layout="phoenix"), "options.columns"),
        (ReadOptions(delimiter="ab"), "options.delimiter"),
        (ReadOptions(delimiter="\n"), "options.delimiter"),
    ],
)
def test_options_that_cannot_be_are_refused(options: ReadOptions, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_options("options", options)
    assert caught.value.violations[0].path == path


def test_options_that_can_be_are_accepted() -> None:
    check_options("options", ReadOptions(delimiter="\t"))
    check_options("options", ReadOptions(mappings=[Mapping("a", "input")], layout="columns"))
