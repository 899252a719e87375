"""`trialbook run`: starts runs, watches them, and reads what came of them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from trialbook.client import ResultOrder, ResultStatus, Run
from trialbook.services.cli.comparison import compare
from trialbook.services.cli.distribution import distribution
from trialbook.services.cli.gate_evaluation import gate
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
    as_text,
    duration_text,
    figure_text,
    print_record,
    print_records,
    shortened,
)
from trialbook.services.cli.progress import follow_run
from trialbook.services.cli.records import event_record, json_text, record_of
from trialbook.services.cli.regression_dataset import regression_dataset
from trialbook.services.cli.result_export import export
from trialbook.services.cli.rework import rescore, retry
from trialbook.services.cli.run_end import exit_code
from trialbook.services.cli.run_failures import failures
from trialbook.services.cli.run_report.form import REPORT_FORMS, print_run
from trialbook.services.cli.run_report.table import error_text, item_name
from trialbook.services.cli.run_start import start
from trialbook.services.cli.run_wait import Waiting, leave, wait_and_report, waiting_options
from trialbook.services.cli.session import open_client


def _means(run: Record) -> str:
    means = [(score["scorer"], score["mean"]) for score in run["scores"]]
    return "  ".join(f"{scorer} {figure_text(mean)}" for scorer, mean in means if mean is not None)


def _experiment(run: Record) -> str:
    """`projects/p/experiments/e/versions/2` as `e v2`."""
    name: str = run["experiment"].partition("/experiments/")[2]
    return name.replace("/versions/", " v")


def _done(run: Record) -> str:
    counts = run["counts"]
    done = counts["succeeded"] + counts["failed"] + counts["skipped"]
    return f"{done:,}/{counts['planned']:,}"


def _score_texts(result: Record) -> str:
    return "  ".join(
        f"{score['scorer']} "
        + (as_text(score["value"]) if score["value"] is not None else score["status"])
        for score in result["scores"]
    )


def _outcome(result: Record) -> str:
    if result["error"] is not None:
        return error_text(result, 60)
    return shortened(json_text(result["output"]), 60)


RUN_COLUMNS = (
    Column("RUN", "id"),
    Column("NAME", "display_name", flexible=True),
    Column("STATUS", lambda run: "with errors" if run["completed_with_errors"] else run["status"]),
    Column("GATE", lambda run: run["gate_verdict"] and run["gate_verdict"]["verdict"]),
    Column("DONE", _done, right=True),
    Column("EXPERIMENT", _experiment, flexible=True),
    Column("MEANS", _means, flexible=True),
    Column("STARTED", "create_time"),
)
RUN_STATUSES = ("pending", "running", "cancelling", "completed", "cancelled", "failed")
RESULT_COLUMNS = (
    Column("#", "number", right=True),
    Column("ITEM", item_name),
    Column("STATUS", "status"),
    Column("SCORES", _score_texts, flexible=True),
    Column("LATENCY", lambda result: duration_text(result["latency"]), right=True),
    Column("OUTPUT OR ERROR", _outcome, flexible=True),
)
ITEM_COLUMNS = (
    Column("INPUT", lambda result: shortened(json_text(result["input"]), 50), flexible=True),
    Column("EXPECTED", lambda result: shortened(json_text(result["expected"]), 50), flexible=True),
)


@click.group()
def run() -> None:
    """Start runs, watch them, and read what came of them."""


@run.command("list")
@click.option("--experiment", help="Only runs of this experiment.")
@click.option("--status", type=click.Choice(RUN_STATUSES), help="Only these.")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="How many.  [50]")
@common_options
@pass_options
def list_(options: CommonOptions, experiment: str | None, status: str | None, limit: int) -> None:
    """List runs, the newest first."""
    with open_client(options) as client:
        found = client.runs.list(experiment=experiment, status=status, page_size=page_size(limit))
        print_records(options.form, map(record_of, itertools.islice(found, limit)), RUN_COLUMNS)


@run.command()
@click.argument("name", metavar="RUN")
@report_options(*REPORT_FORMS)
@pass_options
def show(options: CommonOptions, name: str) -> None:
    """Show the report of a run.

    It has the scores, counts and latencies, what the gate says, what several trials come to, and
    names the slowest and the failed items. The forms markdown, junit and github are those of
    trialbook report export.
    """
    with open_client(options) as client:
        print_run(options.form, client, client.runs.get(name))


@run.command()
@click.argument("name", metavar="RUN")
@click.option("--after-position", type=click.IntRange(min=0), default=0, help="Skip facts.  [0]")
@common_options
@pass_options
def watch(options: CommonOptions, name: str, after_position: int) -> int:
    """Follow a run until it has ended.

    With --format jsonl, each fact is a line, told as it is recorded. The exit code is that of
    trialbook run wait.
    """
    with open_client(options) as client:
        if options.form == "table":
            with _going_on(name):
                ended = follow_run(client, client.runs.get(name), after_position=after_position)
            print_run(options.form, client, ended)
            return exit_code(ended)
        with _going_on(name):
            facts = (
                event_record(event)
                for update in client.runs.watch(name, after_position=after_position)
                for event in update.events
            )
            print_records(options.form, facts, ())
        return exit_code(client.runs.get(name))


@run.command()
@click.argument("name", metavar="RUN")
@waiting_options
@report_options(*REPORT_FORMS)
@pass_options
def wait(options: CommonOptions, /, name: str, **given: Any) -> int:
    """Wait for a run, then show its report.

    The exit code is 0 if the run completed and its gate, if it has one, passed; 2 if the gate
    failed; 3 if the run failed or was cancelled; 4 if it did not end in time, and goes on; and 1
    otherwise, also if the gate is inconclusive.
    """
    with open_client(options) as client:
        return wait_and_report(options, client, client.runs.get(name), Waiting.of(given))


@run.command()
@click.argument("name", metavar="RUN")
@click.option("--status", type=click.Choice(["succeeded", "failed", "skipped"]), help="Only these.")
@click.option("--order", type=click.Choice(["number", "slowest"]), default="number")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.  [all]")
@click.option("--include-items", is_flag=True, help="With each item's input and expected value.")
@common_options
@pass_options
def results(
    options: CommonOptions,
    name: str,
    *,
    status: str | None,
    order: str,
    limit: int | None,
    include_items: bool,
) -> None:
    """List the results of a run with their scores."""
    with open_client(options) as client:
        found = client.runs.results(
            name,
            status=ResultStatus(status) if status else None,
            order=ResultOrder.SLOWEST if order == "slowest" else None,
            include_items=include_items,
            page_size=page_size(limit),
        )
        columns = RESULT_COLUMNS + (ITEM_COLUMNS if include_items else ())
        print_records(options.form, map(record_of, itertools.islice(found, limit)), columns)


@run.command()
@click.argument("name", metavar="RUN")
@common_options
@pass_options
def cancel(options: CommonOptions, name: str) -> None:
    """Cancel a run.

    What is recorded stays; the other items become skipped. The run keeps the --reason.
    """
    with open_client(options) as client:
        cancelled = client.runs.cancel(name, reason=options.reason or "")
        print_record(options.form, record_of(cancelled), lambda _: _say_cancelled(cancelled))


@contextmanager
def _going_on(run_id: str) -> Iterator[None]:
    """Ctrl-C ends the watching, not the run, and says so."""
    try:
        yield
    except KeyboardInterrupt:
        leave(run_id)


for command in (
    start,
    compare,
    gate,
    failures,
    retry,
    rescore,
    regression_dataset,
    export,
    distribution,
):
    run.add_command(command)


def _say_cancelled(run: Run) -> None:
    print(f"run {run.id} is {run.status}", file=sys.stderr)
