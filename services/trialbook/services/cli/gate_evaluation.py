"""`trialbook run gate`: asks a gate about a run that has ended."""

from __future__ import annotations

from typing import Any

import click

from trialbook.client import Client, GateVerdict, Run, RunStatus
from trialbook.services.cli.gate_condition import FORMS
from trialbook.services.cli.gate_options import baseline_name, gate_of, gate_options
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.run_end import exit_code, verdict_code
from trialbook.services.cli.run_report.form import REPORT_FORMS, print_gate
from trialbook.services.cli.run_wait import inconclusive_option
from trialbook.services.cli.session import open_client


@click.command(epilog=FORMS)
@click.argument("name", metavar="RUN")
@click.option("--dry-run", is_flag=True, help="Tell the verdict without recording it.")
@inconclusive_option
@gate_options
@report_options(*REPORT_FORMS)
@pass_options
def gate(
    options: CommonOptions,
    /,
    name: str,
    *,
    dry_run: bool,
    allow_inconclusive: bool,
    **given: Any,
) -> int:
    """Ask a gate, by default its own, about a run that has ended, and record the verdict.

    The exit code is 0 if it passed, 2 if it failed, 3 if the run itself failed or was cancelled,
    and 1 otherwise, also if the gate is inconclusive.
    """
    with open_client(options) as client:
        run = client.runs.get(name)
        verdict = client.runs.evaluate_gate(run, **_question(client, run, given), dry_run=dry_run)
    print_gate(options.form, run, verdict)
    return _code(run, verdict, allow_inconclusive=allow_inconclusive)


def _question(client: Client, run: Run, given: dict[str, Any]) -> dict[str, Any]:
    """The gate to ask, where it is not the run's own, and the baseline beside which it is asked."""
    if given["conditions"] or given["gate_file"] or given["confidence"] is not None:
        return {"gate": gate_of(client, given, run.gate)}
    return {"baseline": given["baseline"] and baseline_name(client, given["baseline"])}


def _code(run: Run, verdict: GateVerdict, *, allow_inconclusive: bool) -> int:
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        return exit_code(run)
    return verdict_code(run, verdict, allow_inconclusive=allow_inconclusive)
