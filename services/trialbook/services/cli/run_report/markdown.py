"""A run as Markdown, for pull requests and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from trialbook.client import GateVerdict, Result, Run, ScorerSummary, Verdict
from trialbook.services.cli.gate_condition import condition_text
from trialbook.services.cli.markdown_output import markdown_table, markdown_text
from trialbook.services.cli.output import ABSENT, Record, duration_text, figure_text
from trialbook.services.cli.run_report.failing import name_of, problems, standing
from trialbook.services.cli.run_report.trials import ONE_TRIAL, more_items, sections

MOST_FAILING = 50
MARKS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INCONCLUSIVE: "❔"}


def run_markdown(run: Run, failing: Iterable[Result], trials: Record = ONE_TRIAL) -> Iterator[str]:
    """Yield the report line by line. Of the failing results the first ones are named."""
    title = f"{run.display_name} ({run.id})" if run.display_name else run.id
    yield f"## {markdown_text(title)}\n"
    yield from markdown_table(("run", markdown_text(run.id)), _facts(run))
    if run.gate_verdict is not None:
        yield from gate_markdown(run.gate_verdict)
    if run.scores:
        yield "\n### Scores\n"
        headings = ("scorer", "mean", "scored", "passed", "failed", "not evaluable", "skipped")
        yield from markdown_table(headings, map(_scores, run.scores))
    yield from _trials_markdown(run, trials)
    yield from failing_markdown(run, failing)


def gate_markdown(verdict: GateVerdict) -> Iterator[str]:
    """Yield what a gate says."""
    yield f"\n### {MARKS.get(verdict.verdict, '')} Gate {verdict.verdict}\n"
    if verdict.baseline:
        yield f"\nBaseline: {markdown_text(verdict.baseline.rpartition('/')[2])}\n"
    rows = (
        (MARKS.get(finding.verdict, ""), condition_text(finding.condition), finding.explanation)
        for finding in verdict.findings
    )
    yield from markdown_table(("", "condition", "figures"), rows)


def failing_markdown(run: Run, failing: Iterable[Result]) -> Iterator[str]:
    """Yield the first failing results, and where the others are told."""
    # No more are read than needed to know that there are more.
    first = list(islice(failing, MOST_FAILING + 1))
    if not first:
        return
    yield "\n### Failing items\n"
    rows = ((name_of(result), "; ".join(problems(result))) for result in first[:MOST_FAILING])
    yield from markdown_table(("item", "problem"), rows)
    if len(first) > MOST_FAILING:
        yield f"\nand more: `trialbook run failures {run.id}`\n"


def _trials_markdown(run: Run, trials: Record) -> Iterator[str]:
    for section in sections(trials):
        yield f"\n### {section.title.capitalize()}\n"
        headings = [markdown_text(column.heading.lower()) for column in section.columns]
        rows = ([column.text(row).plain for column in section.columns] for row in section.rows)
        yield from markdown_table(headings, rows)
    if more := more_items(trials, run.id):
        yield f"\nand more: `{more}`\n"


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    counts = run.counts
    yield "status", standing(run)
    yield "experiment", _short(run.experiment)
    yield "dataset", _short(run.dataset)
    yield "target", f"{run.target.name} {run.target.revision}".strip()
    done = f"{counts.succeeded:,} succeeded, {counts.failed:,} failed, {counts.skipped:,} skipped"
    yield "results", f"{done} of {counts.planned:,}"
    if run.latency.p50 is not None:
        p50, p95 = duration_text(run.latency.p50), duration_text(run.latency.p95)
        yield "latency", f"p50 {p50}, p95 {p95}"
    if run.usage.told:
        tokens = run.usage.input_tokens + run.usage.output_tokens
        yield "usage", f"{tokens:,} tokens, {run.usage.cost:.4f} USD"


def _scores(summary: ScorerSummary) -> tuple[str, ...]:
    verdicts = summary.passed + summary.not_passed
    return (
        summary.scorer,
        figure_text(summary.mean),
        f"{summary.scored:,}",
        f"{summary.passed:,} of {verdicts:,}" if verdicts else ABSENT,
        f"{summary.failed:,}",
        f"{summary.not_evaluable:,}",
        f"{summary.skipped:,}",
    )


def _short(name: str) -> str:
    """`projects/p/datasets/d/versions/7` as `d, version 7`."""
    return name.split("/", 3)[-1].replace("/versions/", ", version ")
