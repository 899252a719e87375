"""`trialbook score`: what scorers said, and how it came about."""

from __future__ import annotations

import itertools
from typing import Any

import click
from rich.text import Text

from trialbook.client import RunScore, ScoreExplanation, ScorerScope, ScoreStatus, Trace
from trialbook.services.cli.options import (
    CommonOptions,
    common_options,
    page_size,
    pass_options,
    report_options,
)
from trialbook.services.cli.output import (
    Column,
    Record,
    print_fields,
    print_record,
    print_records,
    print_table,
    shortened,
    stdout_console,
)
from trialbook.services.cli.records import json_text, record_of
from trialbook.services.cli.run_report.table import item_name
from trialbook.services.cli.scorer_argument import scorer_text
from trialbook.services.cli.session import open_client
from trialbook.services.cli.trace_evidence import evidence_lines, trace_lines

STATUSES = ("scored", "failed", "not_evaluable", "skipped")


def _item(score: Record) -> str:
    return item_name(score) if score["number"] else "(the run)"


COLUMNS = (
    Column("#", "number", right=True),
    Column("ITEM", _item),
    Column("SCORER", "scorer"),
    Column("STATUS", "status"),
    Column("VALUE", "value", right=True),
    Column("PASSED", "passed"),
    Column("LABEL", "label", flexible=True),
    Column("REASON", lambda score: shortened(score["reason"], 80), flexible=True),
)
CAUSE_COLUMNS = (
    Column("POSITION", "position", right=True),
    Column("WHEN", "record_time"),
    Column("WHO", "author"),
    Column("WHAT", "kind"),
    Column("BY", "command"),
    Column("MEANING", "explanation", flexible=True),
    Column("REASON", "reason", flexible=True),
)
REVIEW_COLUMNS = (
    Column("REVIEWER", "reviewer"),
    Column("CRITERION", "criterion"),
    Column("VALUE", "value", right=True),
    Column("PASSED", "passed"),
    Column("LABEL", "label"),
    Column("COMMENT", "comment", flexible=True),
)
LABELS = {
    "name": "score",
    "status": "status",
    "value": "value",
    "passed": "passed",
    "label": "label",
    "reason": "reason",
    "stale": "stale",
    "evidence": "evidence",
    "scorer": "scorer",
    "target": "target",
    "item": "item",
    "input": "input",
    "expected": "expected",
    "output": "output",
}


@click.group()
def score() -> None:
    """Read what scorers said, and how it came about."""


@score.command("list")
@click.argument("name", metavar="RUN")
@click.option("--scorer", default="", help="Only this one, by its alias.")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--not-passed", is_flag=True, help="Only where the result does not pass.")
@click.option("--include-superseded", is_flag=True, help="Also scores that others have replaced.")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.  [all]")
@report_options("markdown")
@pass_options
def list_(
    options: CommonOptions,
    name: str,
    *,
    scorer: str,
    status: str | None,
    not_passed: bool,
    include_superseded: bool,
    limit: int | None,
) -> None:
    """List the scores of a run, those of the run as a whole first."""
    with open_client(options) as client:
        found = client.scores.list(
            name,
            scorer=scorer,
            status=ScoreStatus(status) if status else None,
            not_passed=not_passed,
            include_superseded=include_superseded,
            page_size=page_size(limit),
        )
        print_records(options.form, map(score_record, itertools.islice(found, limit)), COLUMNS)


@score.command()
@click.argument("name")
@common_options
@pass_options
def explain(options: CommonOptions, name: str) -> None:
    """Tell how a score came about: item, target, output, scorer, and who did what when.

    NAME is RUN/NUMBER/SCORER, where NUMBER is that of the result, 0 for the run as a whole, and
    SCORER the alias; or the full name that score list --format json tells.
    """
    with open_client(options) as client:
        explanation = client.scores.explain(_full(name))
        wanted = options.form == "table" and explanation.scorer.scope is ScorerScope.TRAJECTORY
        judged = explanation.result if wanted else None
        trace = None if judged is None else client.traces.get(judged)
    print_record(options.form, record_of(explanation), lambda _: _show(explanation, trace))


def score_record(found: RunScore) -> dict[str, Any]:
    """Return a score on one level: where it belongs, and what it says."""
    place = {
        "name": found.name,
        "number": found.number,
        "item_id": found.item_id,
        "trial": found.trial,
        "record_time": found.record_time,
    }
    return place | record_of(found.score)


def _full(name: str) -> str:
    parts = name.split("/")
    if len(parts) == 3:
        run, number, alias = parts
        return f"{run}/results/{number}/scores/{alias}"
    return name


def _show(explanation: ScoreExplanation, trace: Trace | None) -> None:
    record: dict[str, Any] = record_of(explanation)
    judged = score_record(explanation.score)
    stale = explanation.score.score.stale
    target, item, result = record["target"], record["item"], record["result"]
    shown = {
        **judged,
        "stale": "spans came after it; trialbook run rescore --force judges anew"
        if stale
        else None,
        "evidence": json_text(judged["evidence"]),
        "scorer": f"{scorer_text(record['scorer'])}, version {record['scorer']['version']}",
        "target": f"{target['name']} {target['revision']}".strip(),
        "item": explanation.score.item_id,
        "input": json_text(item and item["input"]),
        "expected": json_text(item and item["expected"]),
        "output": json_text(result and result["output"]),
    }
    print_fields(shown, LABELS)
    if trace is not None:
        _show_trace(explanation, trace)
    print_table(record["causes"], CAUSE_COLUMNS, "\nwhat led to it")
    if record["reviews"]:
        print_table(record["reviews"], REVIEW_COLUMNS, "\nwhat people say")


def _show_trace(explanation: ScoreExplanation, trace: Trace) -> None:
    """Print how much of a trace came, and where the trajectory is to be seen."""
    run, _, rest = explanation.score.name.partition("/results/")
    place = f"{run.rpartition('/')[2]}/{rest.partition('/')[0]}"
    console = stdout_console()
    for line in (
        Text(),
        *trace_lines(trace.state, trace.links),
        *evidence_lines(trace.state, None),
        Text(f"trialbook trace show {place} --diff"),
    ):
        console.print(line, soft_wrap=True)
