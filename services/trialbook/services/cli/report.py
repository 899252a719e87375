"""`trialbook report`: a run's report as a file, for CI servers, pull requests and spreadsheets."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import click

from trialbook.client import Client, Run
from trialbook.client.requests.file import written
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.run_end import exit_code
from trialbook.services.cli.run_report.form import REPORT_FORMS, print_run
from trialbook.services.cli.run_wait import inconclusive_option
from trialbook.services.cli.session import open_client

STANDARD_STREAM = "-"
FILES = ("jsonl", "csv")
"""The forms with a line for each result."""


@click.group()
def report() -> None:
    """Write what came of a run for CI servers, pull requests and spreadsheets."""


@report.command()
@click.argument("name", metavar="RUN")
@click.option("-o", "--output", default=STANDARD_STREAM, metavar="FILE", help="Where to.  [-]")
@click.option(
    "--exit-code", "with_code", is_flag=True, help="End with the exit code of trialbook run wait."
)
@inconclusive_option
@report_options(*REPORT_FORMS)
@pass_options
def export(
    options: CommonOptions,
    name: str,
    output: str,
    *,
    with_code: bool,
    allow_inconclusive: bool,
) -> int:
    """Write the report of a run.

    table, json and markdown tell of the run, its gate, scores and failing items, and of several
    trials also pass^k by scorer and the means by item; junit has a test case for each result and
    each condition, github an annotation for each condition that does not hold and for some failing
    items, and the Markdown in the job's summary; jsonl and csv have a line for each result. A FILE
    that is there is replaced when the new one is complete.
    """
    with open_client(options) as client:
        run = client.runs.get(name)
        with _output(output):
            _write(options.form, client, run)
    return exit_code(run, allow_inconclusive=allow_inconclusive) if with_code else 0


def _write(form: str, client: Client, run: Run) -> None:
    if form in FILES:
        sys.stdout.flush()
        client.runs.export_file(run, sys.stdout.buffer, form)
    else:
        print_run(form, client, run)


@contextmanager
def _output(path: str) -> Iterator[None]:
    """Let what is printed go into a file, whole or not at all; - is standard output."""
    if path == STANDARD_STREAM:
        yield
        return
    with written(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
        with redirect_stdout(text):
            yield
        text.detach()
