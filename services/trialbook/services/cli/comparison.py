"""`trialbook run compare`: runs beside a baseline."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from trialbook.client import Comparison, ComparisonOptions
from trialbook.services.cli.comparison_sections import sections
from trialbook.services.cli.csv_output import print_csv
from trialbook.services.cli.markdown_output import markdown_table, markdown_text
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.output import Record, print_record, print_records, print_table
from trialbook.services.cli.records import record_of
from trialbook.services.cli.run_report.github import workflow_command, write_summary
from trialbook.services.cli.session import open_client


@click.command()
@click.argument("baseline")
@click.argument("candidates", metavar="CANDIDATE...", nargs=-1, required=True)
@click.option("--scorer", "scorers", multiple=True, help="Only this one, by its alias; repeatable.")
@click.option("--confidence", type=float, metavar="SHARE", help="Of intervals.  [0.95]")
@click.option("--include-changed-items", is_flag=True, help="Also items with other content.")
@click.option("--include-changed-scorers", is_flag=True, help="Also scorers that are not the same.")
@click.option(
    "--cluster-by",
    default="",
    metavar="PATH",
    help="Items that have the same there belong together, say metadata.session.",
)
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option("--tag", "tags", multiple=True, help="Only with this tag; all, if many.")
@click.option("--seed", type=int, default=0, help="Of the bootstrap.  [0]")
@click.option("--most-items", type=int, help="How many items lists name.  [50]")
@report_options("markdown", "github")
@pass_options
def compare(
    options: CommonOptions, /, baseline: str, candidates: tuple[str, ...], **given: Any
) -> None:
    """Compare runs with a baseline, item by item, with intervals and tests.

    What is not the same in both runs is told first, and left out unless options say otherwise. The
    exit code is 0 whatever is found; trialbook run gate judges.
    """
    how = ComparisonOptions(**given)
    with open_client(options) as client:
        comparison = client.runs.compare(baseline, *candidates, options=how)
    _print(options.form, comparison)


def _print(form: str, comparison: Comparison) -> None:
    if form == "markdown":
        sys.stdout.writelines(comparison_markdown(comparison))
    elif form == "github":
        sys.stdout.writelines(_annotations(comparison))
        write_summary(comparison_markdown(comparison))
    elif form == "csv":
        print_csv(_rows(comparison))
    elif form == "jsonl":
        print_records(form, map(record_of, comparison.candidates), ())
    else:
        print_record(form, record_of(comparison), lambda _: _show(comparison))


def _show(comparison: Comparison) -> None:
    for number, section in enumerate(sections(comparison)):
        print_table(section.rows, section.columns, f"{chr(10) if number else ''}{section.title}")


def comparison_markdown(comparison: Comparison) -> Iterator[str]:
    """Yield the comparison line by line."""
    runs = ", ".join(candidate.run.id for candidate in comparison.candidates)
    yield f"## {markdown_text(f'{runs} beside {comparison.baseline.id}')}\n"
    for section in sections(comparison):
        yield f"\n### {markdown_text(section.title)}\n"
        headings = [column.heading.lower() for column in section.columns]
        rows = ([column.text(row).plain for column in section.columns] for row in section.rows)
        yield from markdown_table(headings, rows)


def _annotations(comparison: Comparison) -> Iterator[str]:
    for candidate in comparison.candidates:
        title = f"{candidate.run.id} beside {comparison.baseline.id}"
        for warning in candidate.comparability.warnings:
            yield workflow_command("warning", title, warning)
        for scorer in candidate.scorers:
            mean = scorer.difference.mean
            told = "cannot be compared" if mean is None else f"{mean:+.3f}"
            counts = f"{scorer.improved:,} items improved, {scorer.regressed:,} regressed"
            yield workflow_command("notice", title, f"{scorer.scorer} {told}: {counts}")


def _rows(comparison: Comparison) -> Iterator[Record]:
    """Yield a row for each candidate and scorer."""
    for candidate in comparison.candidates:
        for scorer in candidate.scorers:
            difference = record_of(scorer.difference)
            yield {
                "baseline": comparison.baseline.id,
                "run": candidate.run.id,
                "scorer": scorer.scorer,
                "baseline_mean": scorer.baseline.mean,
                "run_mean": scorer.candidate.mean,
                **{f"difference_{name}": value for name, value in difference.items()},
                "improved": scorer.improved,
                "regressed": scorer.regressed,
                "unchanged": scorer.unchanged,
                "unpaired": scorer.unpaired,
            }
