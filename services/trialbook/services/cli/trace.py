"""`trialbook trace`: what targets did, step by step."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import click
from rich.text import Text

from trialbook.client import (
    MISSING,
    Client,
    FoundTrajectory,
    TraceState,
    TrajectoryDiff,
)
from trialbook.services.cli.json_argument import read_json
from trialbook.services.cli.options import CommonOptions, common_options, page_size, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    duration_text,
    print_record,
    print_records,
    shortened,
    stdout_console,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client
from trialbook.services.cli.trace_diff import diff_table, link_lines, summary_text
from trialbook.services.cli.trace_evidence import evidence_lines, trace_lines
from trialbook.services.cli.trace_record import (
    diff_record,
    difference_record,
    step_record,
    trajectory_record,
)
from trialbook.services.cli.trace_tree import TreeDetail, tree_lines
from trialbook.services.cli.trace_viewer import viewers


def _took(span: Record) -> str:
    if span["end_time"] is None:
        return "never ended"
    return duration_text((span["end_time"] - span["start_time"]).total_seconds())


def _attributes(span: Record) -> str:
    return "" if span["attributes"] is None else shortened(bytes(span["attributes"]).decode(), 80)


def _status(span: Record) -> Text:
    if span["status_code"] != _ERROR:
        return Text("ok" if span["status_code"] else "")
    return Text(shortened(span["status_message"] or "error", 60), style="red")


_ERROR = 2
TRACE_ID = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
SPAN_COLUMNS = (
    Column("START", lambda span: span["start_time"].astimezone().strftime("%H:%M:%S.%f")[:-3]),
    Column("TOOK", _took, right=True),
    Column("SPAN", lambda span: span["ref"]["span_id"]),
    Column("PARENT", "parent_id"),
    Column("NAME", "name", flexible=True),
    Column("STATUS", _status, flexible=True),
    Column("SERVICE", "service", flexible=True),
    Column("ATTRIBUTES", _attributes, flexible=True),
)


@click.group()
def trace() -> None:
    """See what targets did: the trajectory of a result, and the spans behind it."""


@trace.command()
@click.argument("name", metavar="RESULT|TRACE_ID")
@click.option("--full", is_flag=True, help="All of arguments, outputs and errors.")
@click.option("--rules", is_flag=True, help="The rule that made each step.")
@click.option("--spans", is_flag=True, help="The spans that each step was made of.")
@click.option("--diff", is_flag=True, help="Beside what was expected.")
@click.option("--expected", metavar="FILE", help="What is expected, instead of what the item says.")
@click.option("--raw", is_flag=True, help="The spans as they came, as trace list-spans.")
@common_options
@pass_options
def show(
    options: CommonOptions,
    /,
    name: str,
    *,
    diff: bool,
    expected: str | None,
    raw: bool,
    **detail: bool,
) -> None:
    """Show what a target did for a result: a tree of steps with times, tokens and arguments.

    RESULT is RUN/NUMBER, NUMBER being that of the result, or a full name; TRACE_ID is any trace
    that came in, 32 hex digits. With --diff what should have been done stands beside it, with what
    is missing, what nobody asked for, what came out of order, and what differs in arguments. With
    --format jsonl or csv each step, span or difference is a line.
    """
    if expected and not diff:
        raise click.UsageError("--expected says nothing without --diff")
    if diff and raw:
        raise click.UsageError("--diff and --raw do not go together")
    _check(name)
    with open_client(options) as client:
        if raw:
            _print_spans(options, client, name, None)
        elif diff:
            wanted = read_json(expected) if expected else MISSING
            state = client.traces.get(name).state
            _print_diff(options, client, client.traces.diff(name, wanted), state, **detail)
        else:
            _print_trajectory(options, client, client.traces.trajectory(name), **detail)


@trace.command("list-spans")
@click.argument("name", metavar="RESULT|TRACE_ID")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.  [all]")
@common_options
@pass_options
def list_spans(options: CommonOptions, name: str, limit: int | None) -> None:
    """List the spans of a trace as they came, in the order in which they began."""
    _check(name)
    with open_client(options) as client:
        _print_spans(options, client, name, limit)


def _check(name: str) -> None:
    if "/" not in name and not TRACE_ID.fullmatch(name):
        raise click.UsageError(f"{name!r} is neither RUN/NUMBER nor a trace id of 32 hex digits")


def _print_spans(options: CommonOptions, client: Client, name: str, limit: int | None) -> None:
    found = client.traces.spans(name, page_size=page_size(limit))
    print_records(options.form, map(record_of, itertools.islice(found, limit)), SPAN_COLUMNS)


def _print_trajectory(
    options: CommonOptions,
    client: Client,
    found: FoundTrajectory,
    *,
    full: bool,
    rules: bool,
    spans: bool,
) -> None:
    trajectory = found.trajectory
    if options.form in ("jsonl", "csv"):
        steps = () if trajectory is None else trajectory.walk()
        print_records(options.form, map(step_record, steps), (Column("STEP", "name"),))
    elif options.form == "json":
        print_record(options.form, trajectory_record(found), lambda _: None)
    else:
        viewers = client.traces.viewers() if spans else ()
        detail = TreeDetail(full, rules, spans, viewers[0] if viewers else None)
        _show(found, detail)


def _show(found: FoundTrajectory, detail: TreeDetail) -> None:
    trajectory = found.trajectory
    _print_lines(trace_lines(found.state, found.links))
    _print_lines(evidence_lines(found.state, trajectory))
    if trajectory is None:
        _print_lines([Text(found.why_missing)])
        return
    width = stdout_console().width
    _print_lines([Text(""), *tree_lines(trajectory, detail, width)])


def _print_diff(
    options: CommonOptions,
    client: Client,
    diff: TrajectoryDiff,
    state: TraceState,
    *,
    full: bool,
    rules: bool,
    spans: bool,
) -> None:
    if options.form in ("jsonl", "csv"):
        print_records(options.form, map(difference_record, diff.differences), (Column("", ""),))
        return
    if options.form == "json":
        print_record(options.form, diff_record(diff), lambda _: None)
        return
    viewers = client.traces.viewers()
    _print_lines(trace_lines(state, diff.links))
    _print_lines(evidence_lines(state, diff.trajectory))
    console = stdout_console()
    console.print(Text(""))
    console.print(diff_table(diff, console.width, full=full))
    _print_lines([Text(""), summary_text(diff)])
    if viewers:
        _print_lines(link_lines(diff, viewers[0]))
    if rules or spans:
        viewer = viewers[0] if viewers else None
        detail = TreeDetail(full, rules, spans, viewer)
        _print_lines([Text(""), *tree_lines(diff.trajectory, detail, console.width)])


def _print_lines(lines: Iterable[Text]) -> None:
    console = stdout_console()
    for line in lines:
        console.print(line, soft_wrap=True)


trace.add_command(viewers)
