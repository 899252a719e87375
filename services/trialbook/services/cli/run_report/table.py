"""A run's report for people: what it was, what scorers said, how long it took, what stands out."""

from __future__ import annotations

import itertools
from typing import Any

from rich.text import Text

from trialbook.client import Client, GateVerdict, Result, ResultOrder, ResultStatus, Run
from trialbook.services.cli.gate_condition import condition_text
from trialbook.services.cli.output import (
    ABSENT,
    Column,
    Record,
    as_text,
    duration_text,
    figure_text,
    print_table,
    printable,
    shortened,
    stdout_console,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.run_report.trials import more_items, sections, trials_record

MOST_SLOWEST = 5
MOST_FAILED = 10
STATUS_STYLES = {
    "completed": "green",
    "running": "cyan",
    "cancelled": "yellow",
    "failed": "red",
}
VERDICT_STYLES = {"passed": "green", "failed": "red", "inconclusive": "yellow"}


def report_record(client: Client, run: Run) -> Record:
    """Return the run with what its trials come to, its slowest and its failed results."""
    slowest = client.runs.results(run, order=ResultOrder.SLOWEST, page_size=MOST_SLOWEST)
    failed = client.runs.results(run, status=ResultStatus.FAILED, page_size=MOST_FAILED)
    return {
        **record_of(run),
        "gate_verdict": verdict_record(run.gate_verdict) if run.gate_verdict else None,
        **trials_record(client, run),
        "slowest": [_mention(result) for result in itertools.islice(slowest, MOST_SLOWEST)],
        "failed": [_mention(result) for result in itertools.islice(failed, MOST_FAILED)],
    }


def print_report(report: Record) -> None:
    """Print the report for people."""
    _print_heading(report)
    if report["gate_verdict"]:
        print_table(report["gate_verdict"]["findings"], FINDING_COLUMNS, "\ngate")
    if report["scores"]:
        print_table(report["scores"], SCORER_COLUMNS, "\nscores")
    _print_trials(report)
    if report["slowest"]:
        print_table(report["slowest"], SLOWEST_COLUMNS, "\nslowest items")
    if report["failed"]:
        more = report["counts"]["failed"] - len(report["failed"])
        print_table(report["failed"], FAILED_COLUMNS, "\nfailed items")
        if more > 0:
            stdout_console().print(
                f"and {more:,} more: trialbook run results {report['id']} --status failed"
            )


def verdict_record(verdict: GateVerdict) -> Record:
    """Return a verdict, each finding with its condition as the command line takes it."""
    findings = [
        {"form": condition_text(finding.condition), **record_of(finding)}
        for finding in verdict.findings
    ]
    return {**record_of(verdict), "findings": findings}


def print_verdict(verdict: Record) -> None:
    """Print what a gate says for people."""
    baseline = f", baseline {_baseline(verdict)}" if verdict["baseline"] else ""
    stdout_console().print(Text("gate ").append(_verdict(verdict)).append(baseline))
    print_table(verdict["findings"], FINDING_COLUMNS)


def item_name(result: Record) -> str:
    """The item's id; with the trial from the second one on."""
    name: str = result["item_id"]
    return f"{name} #{result['trial']}" if result["trial"] > 1 else name


def error_text(result: Record, length: int) -> str:
    """The error of a failed result on one line."""
    error = result["error"]
    if error is None:
        return ""
    return shortened(": ".join(part for part in (error["kind"], error["message"]) if part), length)


def _mention(result: Result) -> Record:
    record = record_of(result)
    kept = ("number", "item_id", "trial", "status", "attempts", "latency", "error")
    return {name: record[name] for name in kept}


def _print_heading(report: Record) -> None:
    counts, latency = report["counts"], report["latency"]
    status = Text(report["status"], style=STATUS_STYLES.get(report["status"], ""))
    if report["end_reason"] not in ("unspecified", "cancelled"):
        status.append(f" ({report['end_reason'].replace('_', ' ')})")
    if report["completed_with_errors"]:
        status = Text("completed with errors", style="yellow")
    done = [f"{counts['succeeded']:,} succeeded", f"{counts['failed']:,} failed"]
    done += [f"{counts['skipped']:,} skipped", f"of {counts['planned']:,}"]
    lines: list[tuple[str, Any]] = [
        ("run", report["id"]),
        ("name", printable(report["display_name"])),
        ("status", status),
        ("gate", _verdict(report["gate_verdict"])),
        ("waiting for", report["waiting_for"]),
        ("experiment", _without_project(report["experiment"])),
        ("dataset", _without_project(report["dataset"])),
        ("target", _target(report["target"])),
        ("results", ", ".join(done[:-1]) + " " + done[-1]),
        ("latency", _latency(latency)),
        ("usage", _usage(report["usage"])),
        ("baseline", _baseline(report["gate_verdict"])),
        ("started", as_text(report["create_time"]) + _took(report)),
    ]
    console = stdout_console()
    for label, value in lines:
        if value:
            console.print(Text(f"{label:<12}").append(value), soft_wrap=True)


def _print_trials(report: Record) -> None:
    for section in sections(report):
        print_table(section.rows, section.columns, f"\n{section.title}")
    if more := more_items(report, report["id"]):
        stdout_console().print(f"and more: {more}")


def _latency(latency: Record) -> str:
    if latency["p50"] is None:
        return ""
    return f"p50 {duration_text(latency['p50'])}, p95 {duration_text(latency['p95'])}"


def _usage(usage: Record) -> str:
    if not usage["told"]:
        return ""
    tokens = usage["input_tokens"] + usage["output_tokens"]
    return f"{tokens:,} tokens, {usage['cost']:.4f} USD"


def _verdict(verdict: Record | None) -> Text | str:
    return (
        Text(verdict["verdict"], style=VERDICT_STYLES.get(verdict["verdict"], ""))
        if verdict
        else ""
    )


def _baseline(verdict: Record | None) -> str:
    return verdict["baseline"].rpartition("/")[2] if verdict else ""


def _took(report: Record) -> str:
    if report["end_time"] is None:
        return ""
    took = report["end_time"] - report["create_time"]
    return f", took {duration_text(took.total_seconds())}"


def _without_project(name: str) -> str:
    """`projects/p/datasets/d/versions/7` as `d, version 7`."""
    identifier, _, version = name.split("/", 3)[3].partition("/versions/")
    return f"{identifier}, version {version}" if version else identifier


def _target(target: Record) -> str:
    revision = f", revision {target['revision']}" if target["revision"] else ""
    return printable(f"{target['name']} ({target['kind']}{revision})")


def _passed(score: Record) -> str:
    """How many passed, and which share of those that say; nothing where the scorer never says."""
    verdicts = score["passed"] + score["not_passed"]
    return f"{score['passed']:,} ({score['passed'] / verdicts:.0%})" if verdicts else ABSENT


FINDING_COLUMNS = (
    Column("VERDICT", _verdict),
    Column("CONDITION", "form", flexible=True),
    Column("FIGURES", "explanation", flexible=True),
)
SCORER_COLUMNS = (
    Column("SCORER", "scorer"),
    Column("MEAN", lambda score: figure_text(score["mean"]), right=True),
    Column("SCORED", "scored", right=True),
    Column("PASSED", _passed, right=True),
    Column("FAILED", "failed", right=True),
    Column("NOT EVALUABLE", "not_evaluable", right=True),
    Column("SKIPPED", "skipped", right=True),
)
SLOWEST_COLUMNS = (
    Column("ITEM", item_name),
    Column("LATENCY", lambda result: duration_text(result["latency"]), right=True),
    Column("ATTEMPTS", "attempts", right=True),
)
FAILED_COLUMNS = (
    Column("ITEM", item_name),
    Column("ATTEMPTS", "attempts", right=True),
    Column("CODE", lambda result: (result["error"] or {}).get("code")),
    Column("ERROR", lambda result: error_text(result, 80), flexible=True),
)
