"""The examples that need no server of their own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, environment, run_command

EXAMPLE = ROOT / "clients" / "python" / "examples" / "evaluate.py"


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
