"""`trialbook run failures`: the results that failed, or that a scorer says do not pass."""

from __future__ import annotations

import itertools

import click

from trialbook.services.cli.options import CommonOptions, page_size, pass_options, report_options
from trialbook.services.cli.run_report.form import REPORT_FORMS, print_failing
from trialbook.services.cli.session import open_client


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--scorer", default="", help="Only by the verdict of this one, by its alias.")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.  [all]")
@report_options(*REPORT_FORMS)
@pass_options
def failures(options: CommonOptions, name: str, scorer: str, limit: int | None) -> None:
    """List the results that failed, or that a scorer says do not pass, with what is wrong."""
    with open_client(options) as client:
        run = client.runs.get(name)
        found = client.runs.results(
            run, failing=True, scorer=scorer, include_items=True, page_size=page_size(limit)
        )
        print_failing(options.form, run, itertools.islice(found, limit))
