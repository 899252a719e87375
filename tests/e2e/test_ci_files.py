"""The files in deploy/ci, as CI servers run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.e2e.processes import COMMAND_LINE, ROOT, Server, environment
from tests.e2e.yaml_subset import read_yaml
from trialbook.client import Client
from trialbook.services.cli.gate_condition import gate_condition

ACTION = ROOT / "deploy" / "ci" / "github" / "action.yml"
GITLAB = ROOT / "deploy" / "ci" / "gitlab" / "trialbook.gitlab-ci.yml"
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


def test_the_github_action_runs_an_experiment_and_tells_its_outputs(
    story: Server, tmp_path: Path
) -> None:
    action = read_yaml(ACTION.read_text())
    given = {
        "experiment": "adds",
        "install": "",
        "address": story.address,
        "name": 'pr-7"; touch touched; "',
        "revision": "worse",
        "gates": "\nmean(exact_match)>=0.8\nskipped_results<=0",
        "arguments": "--metadata\nn=7",
        "junit-file": str(tmp_path / "report.xml"),
    }
    defaults = {name: str(told.get("default", "")) for name, told in action["inputs"].items()}
    inputs: dict[str, str] = defaults | given
    assert set(given) <= set(defaults)
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    *_, done = [
        run_step(
            step["run"],
            tmp_path,
            **{name: INPUT.sub(lambda m: inputs[m[1]], text) for name, text in step["env"].items()},
            **files,
            GITHUB_SHA="abc",
        )
        for step in action["runs"]["steps"]
    ]
    assert done.returncode == 2, done
    outputs = dict(
        line.split("=") for line in Path(files["GITHUB_OUTPUT"]).read_text().splitlines()
    )
    assert set(outputs) == set(action["outputs"])
    assert (outputs["verdict"], outputs["exit-code"]) == ("failed", "2")
    assert "Gate failed" in Path(files["GITHUB_STEP_SUMMARY"]).read_text()
    assert len(ET.parse(tmp_path / "report.xml").getroot()) == 2
    assert not (tmp_path / "touched").exists()
    with Client(story.address) as client:
        run = client.runs.get(outputs["run"])
        assert run.display_name == given["name"]
        assert run.metadata == {"commit": "abc", "n": 7}


def test_the_gitlab_job_runs_an_experiment_and_leaves_a_report(
    story: Server, tmp_path: Path
) -> None:
    job = read_yaml(GITLAB.read_text())[".trialbook"]
    given = {"INSTALL": "", "EXPERIMENT": "adds", "REVISION": "better", "GATES": "pass_rate>=0.9"}
    done = subprocess.run(
        ["sh", "-ec", "\n".join(job["script"])],
        env=job_environment(
            tmp_path, **(job["variables"] | given), TRIALBOOK_ADDRESS=story.address
        ),
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert job["artifacts"]["reports"]["junit"] == "$REPORT"
    suites = ET.parse(tmp_path / job["variables"]["REPORT"]).getroot()
    assert suites[1][0].get("name") == "pass_rate>=0.9"


def test_the_example_workflow_gives_the_action_inputs_that_it_has() -> None:
    inputs = read_yaml(ACTION.read_text())["inputs"]
    workflow = read_yaml((ACTION.parent / "example-workflow.yml").read_text())
    steps = workflow["jobs"]["evaluate"]["steps"]
    [used] = [step["with"] for step in steps if step.get("uses") == "./deploy/ci/github"]
    assert set(used) <= set(inputs)
    for condition in used["gates"].splitlines():
        gate_condition(condition)


def run_step(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env=job_environment(folder, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def job_environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a job in which the command `trialbook` is installed."""
    command = folder / "bin" / "trialbook"
    if not command.exists():
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND_LINE)} "$@"\n')
        command.chmod(0o755)
    python = Path(sys.executable).parent
    path = f"{command.parent}:{python}:{os.environ['PATH']}"
    inherited = environment(PATH=path)
    # These tests may run in a CI server's job themselves.
    ours = {n: text for n, text in inherited.items() if not n.startswith(("GITHUB_", "CI_"))}
    return ours | more
