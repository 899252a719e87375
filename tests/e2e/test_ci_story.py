"""What a team does in CI: a baseline, a candidate, a gate that says no, and what follows."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.processes import (
    COMMAND_LINE,
    GRACE,
    Server,
    Trialbook,
    environment,
    interruptible,
    wait_until,
)
from tests.e2e.terminal import Terminal
from trialbook.client import Client

GATE = "mean(exact_match)>=baseline unless-shown"


@pytest.fixture
def candidate(trialbook: Trialbook) -> str:
    """The run of a candidate that breaks eight items."""
    if trialbook("run", "show", "worse").code:
        done = trialbook(
            "run", "start", "adds", "--id", "worse", "--name", "pr-1234", "--revision", "worse",
            "--baseline", "base", "--gate", GATE, "--wait", "--metadata", "commit=abc",
        )  # fmt: skip
        assert done.code == 2, done
    return "worse"


def test_a_worse_candidate_ends_with_2_and_the_gate_says_why(
    trialbook: Trialbook, candidate: str
) -> None:
    waited = trialbook("run", "wait", candidate)
    assert waited.code == 2
    assert "gate failed" in waited.err
    assert "pr-1234" in waited.out
    shown = trialbook("run", "show", candidate, "--format", "json").json()
    assert shown["display_name"] == "pr-1234"
    assert shown["metadata"] == {"commit": "abc"}
    verdict = shown["gate_verdict"]
    assert verdict["baseline"].endswith("/runs/base")
    assert [(f["form"], f["verdict"]) for f in verdict["findings"]] == [(GATE, "failed")]
    assert verdict["findings"][0]["upper"] < 0
    assert trialbook("report", "export", candidate, "--exit-code").code == 2
    assert trialbook("report", "export", candidate).code == 0


def test_a_better_candidate_ends_with_0(trialbook: Trialbook) -> None:
    done = trialbook(
        "run", "start", "adds@1", "--revision", "better", "--baseline", "experiments/adds",
        "--gate", GATE, "--gate", "failed_results<=0", "--wait", "--timeout", "1m",
        "--on-interrupt", "leave", "--format", "github",
    )  # fmt: skip
    assert done.code == 0, done
    assert done.out.endswith("::gate passed\n")


def test_a_gate_that_cannot_say_ends_with_1_unless_that_is_allowed(trialbook: Trialbook) -> None:
    arguments = ["run", "gate", "base", "--gate", "cost<=1", "--dry-run"]
    assert trialbook(*arguments).code == 1
    assert trialbook(*arguments, "--allow-inconclusive").code == 0
    assert trialbook("run", "show", "base", "--format", "json").json()["gate_verdict"] is None


def test_a_wait_that_takes_too_long_ends_with_4_and_a_cancelled_run_with_3(
    trialbook: Trialbook,
) -> None:
    late = trialbook("run", "start", "endless", "--id", "late", "--wait", "--timeout", "200ms")
    assert late.code == 4
    assert "it goes on" in late.err
    assert "trialbook run cancel late" in late.err
    assert trialbook("run", "wait", "late", "--timeout", "0").code == 4
    trialbook("run", "cancel", "late")
    waited = trialbook("run", "wait", "late", "--timeout", "30s")
    assert waited.code == 3
    asked = trialbook("run", "gate", "late", "--gate", "skipped_results<=20")
    assert "passed" in asked.out
    assert asked.code == 3


def test_the_candidate_beside_the_baseline(trialbook: Trialbook, candidate: str) -> None:
    told = trialbook("run", "compare", "base", candidate)
    assert told.code == 0
    assert told.out.startswith("not the same")
    row = next(line for line in told.out.splitlines() if line.startswith("exact_match "))
    assert row.split()[-4:] == ["0", "7", "12", "1"]
    assert "case-02, case-03" in told.out
    rows = trialbook("run", "compare", "base", candidate, "--format", "csv").out.splitlines()
    assert rows[1].startswith("base,worse,exact_match,")
    assert "| exact\\_match |" in trialbook(
        "run", "compare", "base", candidate, "--format", "markdown"
    ).out  # fmt: skip


def test_failures_become_a_regression_dataset_that_is_run(
    trialbook: Trialbook, candidate: str
) -> None:
    failing = trialbook("run", "failures", candidate, "--format", "jsonl").lines()
    assert [result["item_id"] for result in failing] == [f"case-{n:02}" for n in range(1, 10)]
    assert failing[0]["problems"][0].startswith("exact_match does not pass (0): ")
    assert "FinalError" in failing[8]["problems"][0]
    made = trialbook("run", "regression-dataset", candidate, "--wait", "--format", "json")
    assert made.code == 0, made
    assert made.json()["counts"]["planned"] == 9
    again = trialbook("run", "regression-dataset", candidate, "--format", "json").json()
    assert (again["added_count"], again["item_count"]) == (0, 9)


def test_a_score_is_explained_from_the_item_to_the_scorer(
    trialbook: Trialbook, candidate: str
) -> None:
    scores = trialbook("score", "list", candidate, "--not-passed", "--format", "jsonl").lines()
    assert scores[0]["item_id"] == "case-01"
    told = trialbook("score", "explain", f"{candidate}/1/exact_match", "--format", "json").json()
    assert told["score"]["score"]["name"] == scores[0]["name"]
    assert told["target"]["revision"] == "worse"
    positions = [cause["position"] for cause in told["causes"]]
    assert len(positions) >= 5
    assert positions == sorted(positions)


def test_a_run_is_retried_rescored_and_exported(
    trialbook: Trialbook, tmp_path: Path, candidate: str
) -> None:
    trialbook("run", "start", "adds", "--id", "again", "--revision", "worse", "--wait")
    retried = trialbook("run", "retry", "again", "--wait", "--format", "json")
    assert "1 results of run again are run again" in retried.err
    assert retried.json()["retries"] == 1
    rescored = trialbook(
        "run", "rescore", "again", "--scorer", 'near=levenshtein:{"threshold":0.5}',
        "--wait", "--format", "json",
    )  # fmt: skip
    assert [score["scorer"] for score in rescored.json()["scores"]] == ["exact_match", "near"]
    assert "nothing to do" in trialbook("run", "rescore", "again").err
    file = tmp_path / "again.csv"
    assert trialbook("run", "export", "again", "-o", str(file)).code == 0
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["score.near.passed"] for row in rows[:9]] == ["false"] * 8 + [""]
    assert len(rows) == 20
    assert "█" in trialbook("run", "distribution", "again", "exact_match", "--bins", "2").out
    assert "pr-1234" in trialbook("experiment", "trend", "adds").out


def test_people_review_what_fails(trialbook: Trialbook, candidate: str) -> None:
    assert trialbook("review", "request", candidate, "--failing").code == 0
    claimed = trialbook("review", "claim", candidate, "--limit", "2", "--format", "jsonl").lines()
    assert [entry["number"] for entry in claimed] == [1, 2]
    said = trialbook("review", "submit", candidate, "1", "--not-passed", "--comment", "a | b")
    assert "does not pass a | b" in " ".join(said.out.split())
    trialbook("review", "close", candidate, "3")
    told = trialbook("review", "summary", candidate, "--format", "json").json()
    assert [told[state] for state in ("waiting", "in_review", "reviewed", "closed")] == [7, 0, 1, 1]


def test_reports_of_hostile_answers_are_harmless(
    trialbook: Trialbook, tmp_path: Path, candidate: str
) -> None:
    file = tmp_path / "report.xml"
    done = trialbook("report", "export", candidate, "--format", "junit", "-o", str(file))
    assert (done.code, done.out) == (0, "")
    suites = ET.parse(file).getroot()
    assert [(s.get("tests"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("20", "8", "1"),
        ("1", "1", "0"),
    ]
    github = trialbook("run", "show", candidate, "--format", "github").out.splitlines()
    assert all(
        line.startswith(("::error title=", "::warning title=", "::notice title="))
        for line in github
    )
    assert any("%0A::error::answer" in line for line in github)
    assert "\x1b" not in "".join(github)


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [("c\n", 3, "cancelled"), ("\x03", 130, "running")],
    ids=["cancel", "leave"],
)
def test_ctrl_c_in_a_terminal_asks_what_becomes_of_the_run(
    story: Server, answer: str, code: int, status: str
) -> None:
    run = f"asked-{code}"
    terminal = Terminal(story, "run", "start", "endless", "--id", run, "--wait")
    terminal.expect("0/20")
    terminal.type("\x03")
    terminal.expect("cancel the run, or leave it going? [c/L]")
    terminal.type(answer)
    assert terminal.end() == code, terminal.said[-500:]
    assert "Traceback" not in terminal.said
    with Client(story.address) as client:
        found = wait_until(lambda: client.runs.get(run), what="the run is there")
        assert found.status == status
        if status == "running":
            client.runs.cancel(run)


def test_on_interrupt_says_what_becomes_of_the_run_where_nobody_can_be_asked(
    story: Server,
) -> None:
    arguments = ["run", "start", "endless", "--id", "stopped", "--wait", "--on-interrupt", "cancel"]
    with interruptible():
        waiting = subprocess.Popen(
            [*COMMAND_LINE, *arguments, "--format", "jsonl"],
            env=environment(TRIALBOOK_ADDRESS=story.address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert waiting.stderr is not None
    assert "0/20" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    told, said = waiting.communicate(timeout=GRACE)
    assert waiting.returncode == 3, said
    assert json.loads(told)["status"] == "cancelled"
    assert "cancelling run stopped" in said
