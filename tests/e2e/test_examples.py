"""The examples that need no server of their own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Server, environment, run_command

EXAMPLES = ROOT / "clients" / "python" / "examples"
EXAMPLE = EXAMPLES / "evaluate.py"


@pytest.mark.skipif(
    not entry_points(group="trialbook.embedded"),
    reason="the trialbook distribution is not installed",
)
def test_an_evaluation_in_one_file_shows_a_summary_that_the_command_line_finds_again(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "exact_match" in done.stdout
    assert "is_one_word" in done.stdout
    assert "I do not know" in done.stdout
    listed = run_command(
        "run", "list", "--embedded", ".trialbook", "--format", "json", cwd=tmp_path
    )
    assert [run["counts"]["succeeded"] for run in listed.json()] == [4]


def test_a_folder_without_a_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    refused = run_command("run", "list", "--embedded", "nowhere", cwd=tmp_path)
    assert refused.code == 1
    assert "nowhere" in refused.err
    assert not list(tmp_path.iterdir())


def test_a_loop_of_one_s_own_is_judged_and_gated_and_goes_on_where_it_was(server: Server) -> None:
    variables = environment(TRIALBOOK_ADDRESS=server.address, JOB="job-7")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "caller_driven.py")],
            capture_output=True,
            text=True,
            timeout=60,
            env=variables,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("passed: pass rate of exact_match is 0.666667 over 3 results")
    (run,) = server.succeed("run", "list", "--format", "json").json()
    assert (run["id"], run["counts"]["succeeded"], run["counts"]["failed"]) == ("job-7", 2, 1)
