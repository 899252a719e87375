"""Recorded conversations as traced runs of an agent: pass^k, and scores of what it did."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests import tau
from tests.e2e.guide import Guide, needs_distribution
from tests.e2e.processes import ROOT, Server

EXAMPLES = ROOT / "clients" / "python" / "examples"


@tau.needs_file
@needs_distribution
def test_the_guide_says_what_comes_of_it_and_every_figure_is_that_of_the_file(
    server: Server, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    files = {name: EXAMPLES / name for name in ("tau_worker.py", "tau_experiment.py")}
    files["gpt-4o-airline.json"] = tau.FILE
    guide = Guide("tau.md", tmp_path / "guide", server.address, processes, files)
    assert guide.carry_out() == 8

    recorded = tau.conversations()
    expected = {
        item: [tau.figures(conversation) for conversation in trials]
        for item, trials in recorded.items()
    }
    results = server.succeed("run", "results", "gpt-4o", "--format", "jsonl").lines()
    assert len(results) == 48
    for result in results:
        said = {score["scorer"]: score["value"] for score in result["scores"]}
        assert said == pytest.approx(expected[result["item_id"]][result["trial"] - 1]), result
    report = server.succeed("report", "export", "gpt-4o", "--format", "json").json()
    trials_are_those_of_the_file(report, expected)
    items_are_those_of_the_file(report, expected)
    spans_are_those_of_the_file(server, recorded)


def trials_are_those_of_the_file(report: Any, expected: dict[str, list[tau.Figures]]) -> None:
    for scorer in ("reward", "actions", "tool_failures", "budget"):
        passed = [[figures[scorer] == 1 for figures in trials] for trials in expected.values()]
        (summary,) = (told for told in report["trials"] if told["scorer"] == scorer)
        assert [rate["k"] for rate in summary["rates"]] == [1, 2, 3, 4]
        for rate in summary["rates"]:
            assert rate["pass_hat_k"] == pytest.approx(tau.pass_hat(rate["k"], passed))
            assert rate["count"] == 12


def items_are_those_of_the_file(report: Any, expected: dict[str, list[tau.Figures]]) -> None:
    assert [item["item_id"] for item in report["items"]] == list(expected)
    assert not report["more_items"]
    for item in report["items"]:
        for score in item["scores"]:
            told = [figures[score["scorer"]] for figures in expected[item["item_id"]]]
            values = [value for value in told if value is not None]
            assert score["mean"] == (pytest.approx(fmean(values)) if values else None)
            assert score["scored"] == len(values)


def spans_are_those_of_the_file(server: Server, recorded: dict[str, list[Any]]) -> None:
    """Also where a conversation has one call id twice, as the first has."""
    steps = server.succeed("trace", "show", "gpt-4o/1", "--format", "jsonl").lines()
    calls = tau.calls_of(recorded["task-0"][0]["traj"])
    found = [step for step in steps if step["step_type"] == "tool_call"]
    assert [(step["name"], step["args"], step["success"]) for step in found] == calls
    turns = [message["role"] for message in recorded["task-0"][0]["traj"]].count("assistant")
    assert [step["step_type"] for step in steps].count("model_generation") == turns
