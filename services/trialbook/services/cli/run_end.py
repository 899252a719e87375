"""How a command that waits for a run ends: the exit code, and why it is not 0."""

from __future__ import annotations

import sys

from trialbook.client import GateVerdict, Run, RunStatus, Verdict
from trialbook.services.cli.failures import (
    EXIT_GATE_FAILED,
    EXIT_REFUSED,
    EXIT_RUN_FAILED,
)
from trialbook.services.cli.run_report.failing import standing


def exit_code(run: Run, *, allow_inconclusive: bool = False) -> int:
    """Return the exit code of a command that shows a run; say on stderr why it is not 0."""
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        print(f"run {run.id}: {standing(run)}", file=sys.stderr)
        return EXIT_RUN_FAILED
    if not run.ended:
        print(f"run {run.id} has not ended: it is {run.status}", file=sys.stderr)
        return EXIT_REFUSED
    if run.gate is None:
        return 0
    return verdict_code(run, run.gate_verdict, allow_inconclusive=allow_inconclusive)


def verdict_code(run: Run, verdict: GateVerdict | None, *, allow_inconclusive: bool) -> int:
    """Return the exit code that a verdict means; say on stderr why it is not 0."""
    said = Verdict.INCONCLUSIVE if verdict is None else verdict.verdict
    if said is Verdict.PASSED:
        return 0
    print(f"run {run.id}: gate {said}", file=sys.stderr)
    if said is Verdict.FAILED:
        return EXIT_GATE_FAILED
    return 0 if allow_inconclusive else EXIT_REFUSED
