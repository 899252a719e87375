"""The report of a run, its failures and its verdict, in each of their forms."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from trialbook.client import Client, GateVerdict, Result, Run
from trialbook.services.cli.options import LARGEST_PAGE
from trialbook.services.cli.output import Column, Record, print_record, print_records, shortened
from trialbook.services.cli.records import json_text, record_of
from trialbook.services.cli.run_report.failing import problems
from trialbook.services.cli.run_report.github import (
    failing_annotations,
    gate_annotations,
    run_annotations,
    write_summary,
)
from trialbook.services.cli.run_report.junit import gate_junit, junit_xml
from trialbook.services.cli.run_report.markdown import (
    MOST_FAILING,
    failing_markdown,
    gate_markdown,
    run_markdown,
)
from trialbook.services.cli.run_report.table import (
    FINDING_COLUMNS,
    item_name,
    print_report,
    print_verdict,
    report_record,
    verdict_record,
)
from trialbook.services.cli.run_report.trials import trials_record

REPORT_FORMS = ("markdown", "junit", "github")
FAILURE_COLUMNS = (
    Column("#", "number", right=True),
    Column("ITEM", item_name, flexible=True),
    Column("PROBLEM", lambda result: shortened("; ".join(result["problems"]), 120), flexible=True),
    Column("INPUT", lambda result: shortened(json_text(result["input"]), 50), flexible=True),
    Column("EXPECTED", lambda result: shortened(json_text(result["expected"]), 50), flexible=True),
    Column("OUTPUT", lambda result: shortened(json_text(result["output"]), 50), flexible=True),
)


def print_run(form: str, client: Client, run: Run) -> None:
    """Print what came of a run."""
    if form == "markdown":
        _print(run_markdown(run, _failing(client, run), trials_record(client, run)))
    elif form == "junit":
        _print(junit_xml(run, client.runs.results(run, page_size=LARGEST_PAGE)))
    elif form == "github":
        _print(run_annotations(run, _failing(client, run)))
        write_summary(run_markdown(run, _failing(client, run), trials_record(client, run)))
    else:
        print_record(form, report_record(client, run), print_report)


def print_failing(form: str, run: Run, failing: Iterable[Result]) -> None:
    """Print the failing results of a run, as they come."""
    if form == "junit":
        _print(junit_xml(run, failing, with_gate=False))
    elif form == "github":
        kept = list(islice(failing, MOST_FAILING + 1))
        _print(failing_annotations(kept))
        write_summary(failing_markdown(run, kept))
    else:
        print_records(form, map(failure_record, failing), FAILURE_COLUMNS)


def print_gate(form: str, run: Run, verdict: GateVerdict) -> None:
    """Print what a gate says of a run."""
    if form == "markdown":
        _print(gate_markdown(verdict))
    elif form == "junit":
        _print(gate_junit(run, verdict))
    elif form == "github":
        _print(gate_annotations(run.id, verdict))
        write_summary(gate_markdown(verdict))
    elif form == "csv":
        print_records(form, verdict_record(verdict)["findings"], FINDING_COLUMNS)
    else:
        print_record(form, verdict_record(verdict), print_verdict)


def failure_record(result: Result) -> Record:
    """Return a failing result with what is wrong with it."""
    return {**record_of(result), "problems": problems(result)}


def _failing(client: Client, run: Run) -> Iterator[Result]:
    return client.runs.results(run, failing=True, page_size=100)


def _print(parts: Iterable[str]) -> None:
    sys.stdout.writelines(parts)
