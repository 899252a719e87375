"""`trialbook experiment trend`: what scorers said of the runs of an experiment over time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from trialbook.client import TrendPoint, TrendValue
from trialbook.services.cli.options import CommonOptions, page_size, pass_options, report_options
from trialbook.services.cli.output import (
    ABSENT,
    Column,
    Record,
    figure_text,
    print_records,
    print_table,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

BARS = "▁▂▃▄▅▆▇█"


def interval(estimate: Record) -> str:
    """Word the interval of an estimate or a difference."""
    if estimate["lower"] is None:
        return ABSENT
    return f"{estimate['lower']:.3f} to {estimate['upper']:.3f}"


COLUMNS = (
    Column("RUN", "run"),
    Column("NAME", "display_name", flexible=True),
    Column("REVISION", "revision"),
    Column("STARTED", "create_time"),
    Column("SCORER", "scorer"),
    Column("VERSION", "scorer_version", right=True),
    Column("MEAN", lambda point: figure_text(point["mean"]), right=True),
    Column("INTERVAL", interval),
    Column("PASSED", lambda point: _share(point["pass_rate"]), right=True),
    Column("VERDICT", "verdict"),
)
LINE_COLUMNS = (
    Column("SCORER", "scorer"),
    Column("OLDEST TO NEWEST", "line", flexible=True),
    Column("LOWEST", lambda line: figure_text(line["lowest"]), right=True),
    Column("HIGHEST", lambda line: figure_text(line["highest"]), right=True),
)


@click.command()
@click.argument("name")
@click.option("--scorer", default="", help="Only this one, by its alias.")
@click.option("--limit", type=click.IntRange(min=1), default=30, help="How many runs.  [30]")
@report_options("markdown")
@pass_options
def trend(options: CommonOptions, name: str, scorer: str, limit: int) -> None:
    """Show what scorers said of the ended runs of an experiment, the newest first."""
    with open_client(options) as client:
        found = client.runs.trend(name, scorer=scorer, page_size=page_size(limit))
        points = itertools.islice(found, limit)
        records = (record for point in points for record in _records(point))
        if options.form != "table":
            print_records(options.form, records, COLUMNS)
            return
        shown = list(records)
    print_table(shown, COLUMNS)
    if shown:
        print_table(_lines(shown), LINE_COLUMNS, "\ntrend")


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values as bars between the lowest and the highest of them; a gap where there is none."""
    known = [value for value in values if value is not None]
    lowest, width = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    return "".join(" " if value is None else _bar(value, lowest, width) for value in values)


def _bar(value: float, lowest: float, width: float) -> str:
    if not width:
        return BARS[len(BARS) // 2]
    return BARS[min(int((value - lowest) / width * len(BARS)), len(BARS) - 1)]


def _share(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.1%}"


def _records(point: TrendPoint) -> Iterator[dict[str, Any]]:
    run = point.run
    head = {
        "run": run.id,
        "display_name": run.display_name,
        "revision": run.target.revision,
        "status": run.status,
        "create_time": run.create_time,
        "verdict": run.gate_verdict.verdict if run.gate_verdict else "",
    }
    # A run without scorers has its line too.
    for value in point.values or (None,):
        yield head | _value(value)


def _value(value: TrendValue | None) -> dict[str, Any]:
    if value is None:
        named = ("scorer", "scorer_version", "count", "mean", "lower", "upper", "pass_rate")
        return dict.fromkeys(named)
    told = record_of(value.value)
    return {
        "scorer": value.scorer,
        "scorer_version": value.scorer_version,
        **{name: told[name] for name in ("count", "mean", "lower", "upper")},
        "pass_rate": value.pass_rate,
    }


def _lines(newest_first: Iterable[Record]) -> Iterator[Record]:
    means: dict[str, list[float | None]] = {}
    for record in newest_first:
        if record["scorer"] is not None:
            means.setdefault(record["scorer"], []).insert(0, record["mean"])
    for scorer, values in means.items():
        known = [value for value in values if value is not None]
        yield {
            "scorer": scorer,
            "line": sparkline(values),
            "lowest": min(known, default=None),
            "highest": max(known, default=None),
        }
