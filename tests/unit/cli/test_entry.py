"""How a command ends: exit codes, sentences, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from trialbook.services.cli.entry import run_command
from trialbook.services.cli.failures import CommandFailure, report_failure


def test_help_and_version_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0
    assert "experiment" in capsys.readouterr().out
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out.startswith("trialbook ")


@pytest.mark.parametrize("arguments", [["nonsense"], ["--format", "xml"], ["--nonsense"]])
def test_what_is_not_understood_ends_with_1_since_2_is_a_failed_gate(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run_command(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "hint: " in said


def test_help_imports_neither_grpc_nor_rich() -> None:
    program = (
        "import sys; from trialbook.services.cli.entry import run_command; run_command(['--help']);"
        "assert not {'grpc', 'rich', 'trialbook.client'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_failure_is_told_with_details_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    failure = CommandFailure("it is so", details=["here", "there"], hint="do that", exit_code=3)
    assert report_failure(failure) == 3
    assert capsys.readouterr().err == "error: it is so\n  here\n  there\nhint: do that\n"


def test_a_defect_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(KeyError("x")) == 1
    said = capsys.readouterr().err
    assert "KeyError" in said
    assert "Traceback" not in said


def test_debugging_raises_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_DEBUG", "1")
    with pytest.raises(CommandFailure):
        report_failure(CommandFailure("x"))
    assert report_failure(click.UsageError("x")) == 1


def test_a_file_error_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(FileNotFoundError(2, "No such file", "cases.jsonl")) == 1
    assert "cases.jsonl" in capsys.readouterr().err
