"""The report of a run as JUnit XML, Markdown and GitHub annotations, with answers that mean ill."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.cli.runs import HOSTILE, a_run, finding, hostile_results, verdict_of
from trialbook.client import Verdict
from trialbook.services.cli.markdown_output import LONGEST_CELL, markdown_table, markdown_text
from trialbook.services.cli.run_report.github import (
    MOST_ANNOTATIONS,
    run_annotations,
    write_summary,
)
from trialbook.services.cli.run_report.junit import gate_junit, junit_xml
from trialbook.services.cli.run_report.markdown import MOST_FAILING, run_markdown

VERDICT = verdict_of(finding(Verdict.PASSED), finding(Verdict.FAILED, HOSTILE))


def test_junit_has_a_case_for_each_result_with_what_is_wrong_with_it() -> None:
    [suite] = ET.fromstring("".join(junit_xml(a_run(), hostile_results())))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert suite.get("time") == "2.000"
    properties, *cases = suite
    assert properties[0].attrib == {"name": "run", "value": "projects/default/runs/first"}
    assert [[problem.tag for problem in case] for case in cases] == [
        [],
        ["failure"],
        ["error"],
        ["skipped"],
    ]
    failure = cases[1][0]
    assert (cases[1].get("classname"), failure.get("type")) == ("support", "x")
    assert "y broke: broke" in (failure.text or "")
    assert "::error::c]]>&<d>\ufffd" in (failure.text or "")
    assert "run_cancelled" in (cases[3][0].get("message") or "")


def test_junit_has_a_suite_of_the_gates_conditions() -> None:
    run = a_run(verdict=VERDICT)
    _, gate = ET.fromstring("".join(junit_xml(run, [])))
    assert (gate.get("name"), gate.get("tests"), gate.get("failures")) == ("first gate", "2", "1")
    assert [case.get("name") for case in gate] == ["mean(exact_match)>=0.8"] * 2
    [alone] = ET.fromstring("".join(gate_junit(run, VERDICT)))
    assert ET.tostring(alone) == ET.tostring(gate)
    assert len(ET.fromstring("".join(junit_xml(run, [], with_gate=False)))) == 1


def test_junit_reads_the_results_once_and_keeps_their_order() -> None:
    results = (result for result in hostile_results())
    [suite] = ET.fromstring("".join(junit_xml(a_run(), results)))
    assert [case.get("name") for case in suite][1::2] == ["fine", "failed"]


def test_annotations_are_one_workflow_command_a_line() -> None:
    run = a_run(verdict=VERDICT, display_name=HOSTILE)
    lines = "".join(run_annotations(run, hostile_results()[1:3])).split("\n")
    assert lines.pop() == ""
    kinds = [re.match(r"::(error|warning|notice) title=[^:,]*::", line) for line in lines]
    assert [kind and kind[1] for kind in kinds] == ["error", "notice", "warning", "warning"]
    assert "%25" in lines[0]
    assert "%0A::error::c" in lines[0]
    assert not any(character in "".join(lines) for character in "\r\x1b\x00")


def test_few_of_many_failing_results_are_annotated() -> None:
    lines = list(run_annotations(a_run(), hostile_results()[1:2] * 100))
    assert len(lines) == MOST_ANNOTATIONS


def test_a_summary_is_appended_where_the_job_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    write_summary(["nowhere"])
    file = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    write_summary(["a", "b"])
    write_summary(["c"])
    assert file.read_text() == "abc"


def test_markdown_takes_nothing_for_markup() -> None:
    run = a_run(verdict=VERDICT, display_name=HOSTILE)
    text = "".join(run_markdown(run, hostile_results()[1:3]))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    borders = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(borders) == {3, 4}
    assert "### ❌ Gate failed" in text
    assert "\\|b" in text
    assert "\\@team \\`x\\` \\[y\\]" in text
    assert "\\<d>" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_markdown_names_the_first_failing_results() -> None:
    results = iter(hostile_results()[2:3] * (MOST_FAILING + 5))
    text = "".join(run_markdown(a_run(), results))
    assert text.count("| failed |") == MOST_FAILING
    assert "and more: `trialbook run failures first`" in text
    assert len(list(results)) == 4


def test_cells_are_on_one_line_and_cut() -> None:
    assert markdown_text("a\n b\t c") == "a b c"
    assert len(markdown_text("x" * 1000)) == LONGEST_CELL
    assert (
        "".join(markdown_table(("a", "b"), [("1", "|")])) == "\n| a | b |\n|---|---|\n| 1 | \\| |\n"
    )
