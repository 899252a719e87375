"""A run as annotations of a GitHub workflow, with the Markdown report in its summary.

The form of workflow commands, and how their texts are escaped, are GitHub's: a property's value
also hides `:` and `,`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from trialbook.client import GateVerdict, Result, Run, RunStatus, Verdict
from trialbook.services.cli.gate_condition import condition_text
from trialbook.services.cli.output import printable
from trialbook.services.cli.run_report.failing import name_of, problems, standing

MOST_ANNOTATIONS = 10
"""A step shows no more of a kind than this."""
SUMMARY = "GITHUB_STEP_SUMMARY"
LONGEST_MESSAGE = 4_000


def run_annotations(run: Run, failing: Iterable[Result]) -> Iterator[str]:
    """Yield workflow commands: one for each unmet condition, then some failing results."""
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        yield workflow_command("error", f"run {run.id}", standing(run))
    if run.gate_verdict is not None:
        yield from gate_annotations(run.id, run.gate_verdict)
    yield from failing_annotations(failing)


def gate_annotations(run_id: str, verdict: GateVerdict) -> Iterator[str]:
    """Yield a workflow command for each unmet condition, and one for the verdict."""
    for finding in verdict.findings:
        if finding.verdict is not Verdict.PASSED:
            level = "error" if finding.verdict is Verdict.FAILED else "warning"
            title = f"gate: {condition_text(finding.condition)}"
            yield workflow_command(level, title, finding.explanation)
    yield workflow_command("notice", f"run {run_id}", f"gate {verdict.verdict}")


def failing_annotations(failing: Iterable[Result]) -> Iterator[str]:
    """Yield a workflow command for each of the first failing results."""
    for result in islice(failing, MOST_ANNOTATIONS):
        yield workflow_command("warning", name_of(result), "; ".join(problems(result)))


def workflow_command(level: str, title: str, message: str) -> str:
    """Return an annotation: `level` is error, warning or notice. The texts may hold anything."""
    text = "\n".join(printable(line) for line in message[:LONGEST_MESSAGE].splitlines())
    return f"::{level} title={_property(printable(title))}::{_data(text)}\n"


def write_summary(lines: Iterable[str]) -> None:
    """Append a report to the job's summary, if there is one."""
    path = os.environ.get(SUMMARY)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
