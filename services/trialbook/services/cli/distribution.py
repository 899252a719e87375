"""`trialbook run distribution`: how the values of a scorer lie in one run."""

from __future__ import annotations

from typing import Any

import click

from trialbook.client import ScoreDistribution
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    figure_text,
    print_record,
    print_table,
    stdout_console,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client
from trialbook.services.cli.trend import interval

WIDTH = 40


@click.command()
@click.argument("name", metavar="RUN")
@click.argument("scorer")
@click.option("--bins", type=click.IntRange(1, 200), default=20, help="How many.  [20]")
@common_options
@pass_options
def distribution(options: CommonOptions, name: str, scorer: str, bins: int) -> None:
    """Show how the values of a scorer, given by its alias, lie in a run, and its labels."""
    with open_client(options) as client:
        found = client.runs.distribution(name, scorer, bins=bins)
    print_record(options.form, record_of(found), lambda _: _show(found))


def _show(found: ScoreDistribution) -> None:
    values = record_of(found.values)
    stdout_console().print(
        f"{found.scorer}: {found.values.count:,} values, mean {figure_text(found.values.mean)} "
        f"({interval(values)}), median {figure_text(found.values.median)}"
    )
    if found.bins:
        print_table(_bars(map(record_of, found.bins)), BIN_COLUMNS, "\nvalues")
    if found.labels:
        print_table(_bars(map(record_of, found.labels)), LABEL_COLUMNS, "\nlabels")


def _bars(rows: Any) -> list[Record]:
    """Give each row a bar; whatever is there is seen."""
    counted = list(rows)
    most = max(row["count"] for row in counted) or 1
    return [{**row, "bar": "█" * -(-row["count"] * WIDTH // most)} for row in counted]


BIN_COLUMNS = (
    Column("FROM", lambda row: figure_text(row["lower"]), right=True),
    Column("TO", lambda row: figure_text(row["upper"]), right=True),
    Column("COUNT", "count", right=True),
    Column("", "bar"),
)
LABEL_COLUMNS = (
    Column("LABEL", "label", flexible=True),
    Column("COUNT", "count", right=True),
    Column("", "bar"),
)
