"""What makes up an experiment and a run on the command line, and mistakes with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.processes import Trialbook


def test_an_experiment_has_all_that_its_options_say(trialbook: Trialbook, tmp_path: Path) -> None:
    scorers, gate = tmp_path / "scorers.json", tmp_path / "gate.json"
    near = {"name": "levenshtein", "alias": "near", "params": {"threshold": 0.5}}
    scorers.write_text(json.dumps(["exact_match", {**near, "output_pointer": "/answer"}]))
    gate.write_text(json.dumps({"conditions": ["mean(near)>=0.5"], "confidence": 0.9}))
    made = trialbook(
        "experiment", "create", "full", "--dataset", "adds@1", "--target", "adder",
        "--scorers", str(scorers), "--gate-file", str(gate), "--gate", "failed_results<=3",
        "--baseline", "experiments/adds", "--split", "test", "--sample", "10%", "--seed", "3",
        "--run-deadline", "1h", "--rate-limit", "2.5", "--max-failures", "4", "--run-seed", "7",
        "--target-options", '{"t": 1.0}', "--context", '{"who": "x"}', "--format", "json",
    )  # fmt: skip
    assert made.code == 0, made
    told = made.json()
    assert told["dataset"].endswith("/datasets/adds/versions/1")
    assert [scorer["alias"] for scorer in told["scorers"]] == ["exact_match", "near"]
    assert told["scorers"][1]["output_pointer"] == "/answer"
    assert (
        told["settings"] | {"run_deadline": 3600.0, "rate_limit": 2.5, "seed": 7}
        == told["settings"]
    )
    assert told["selection"]["sample"] == {"count": None, "fraction": 0.1, "seed": 3}
    assert (told["gate"]["confidence"], len(told["gate"]["conditions"])) == (0.9, 2)
    assert told["gate"]["baseline"].endswith("/experiments/adds")
    assert (told["target_options"], told["context"]) == ({"t": 1.0}, {"who": "x"})
    shown = trialbook("experiment", "show", "full").out
    assert "mean(near)>=0.5, failed_results<=3 (baseline projects/" in shown
    assert "--split test --sample 10% --seed 3" in shown


def test_an_update_changes_what_is_given_and_takes_away_what_is_said(trialbook: Trialbook) -> None:
    trialbook(
        "experiment", "create", "changing", "--dataset", "adds", "--target", "adder",
        "--scorer", "exact_match", "--gate", "mean(exact_match)>=0.5", "--split", "test",
    )  # fmt: skip
    name = ["experiment", "update", "changing", "--format", "json"]
    compared = trialbook(*name, "--baseline", "base", "--trials", "2").json()
    assert compared["gate"]["baseline"].endswith("/runs/base")
    assert compared["gate"]["conditions"][0]["at_least"] == 0.5
    assert compared["settings"]["trials"] == 2
    cleared = trialbook(*name, "--no-gate", "--no-selection", "--no-scorers").json()
    assert (cleared["gate"], cleared["selection"], cleared["scorers"]) == (None, None, [])
    assert cleared["settings"]["trials"] == 2
    assert cleared["version"] == 3


def test_a_run_has_what_its_options_say_in_place_of_the_experiments(trialbook: Trialbook) -> None:
    run = trialbook(
        "run", "start", "adds", "--no-scorers", "--item", "case-01", "--item", "case-02",
        "--trials", "2", "--metadata", "n=1", "--target-options", '{"a": 1}', "--wait",
        "--gate", "failed_results<=0", "--format", "json",
    ).json()  # fmt: skip
    assert (run["scorers"], run["counts"]["succeeded"]) == ([], 4)
    assert (run["metadata"], run["target_options"]) == ({"n": 1}, {"a": 1})
    assert run["gate_verdict"]["verdict"] == "passed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "start", "adds@9"], "has no version 9"),
        (["run", "start", "adds@"], "names no version"),
        (["run", "start", "adds", "--gate", "mean(x)>1"], "from column 9"),
        (["run", "start", "adds", "--gate", "mean(nix)>=1"], "'nix' is none of the scorers"),
        (["run", "start", "adds", "--baseline", "nix"], "neither a run nor an experiment"),
        (["run", "start", "adds", "--baseline", "experiments/adds"], "has no gate"),
        (["run", "start", "adds", "--no-scorers", "--scorer", "x"], "--no-scorers"),
        (["run", "start", "adds", "--timeout", "3s"], "need --wait"),
        (["run", "start", "adds", "--format", "junit"], "need --wait"),
        (["run", "start", "adds", "--metadata", "x"], "KEY=VALUE"),
        (["run", "start", "adds", "--target-options", "[1]"], "not a JSON object"),
        (["run", "start", "adds", "--scorers", "no-such-file"], "no-such-file"),
        (["run", "gate", "base"], "--gate 'mean(exact_match)>=0.8'"),
        (["run", "compare", "base", "nix"], "nix does not exist"),
        (["run", "compare", "base"], "CANDIDATE"),
        (["run", "distribution", "base", "nix"], "there are: exact_match"),
        (["run", "export", "base", "--scorer", "x"], "--failing"),
        (["run", "regression-dataset", "base", "--item", "nix"], "trialbook run failures base"),
        (["run", "rescore", "base", "--scorer", "nix"], "trialbook scorer list"),
        (["report", "export", "base", "-o", "/no/such/folder/file"], "No such file"),
        (["score", "explain", "base/1/nix"], "does not exist"),
        (["score", "explain", "base"], "results/{number}/scores"),
        (["review", "submit", "base", "1"], "says nothing"),
        (["experiment", "update", "adds", "--no-gate", "--gate", "cost<=1"], "--no-gate"),
        (["experiment", "trend", "nix"], "nix does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_and_end_with_1(
    trialbook: Trialbook, arguments: list[str], said: str
) -> None:
    done = trialbook(*arguments)
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert said in done.err
    assert "defect" not in done.err
