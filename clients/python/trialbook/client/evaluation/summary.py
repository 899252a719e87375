"""What came of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trialbook.client.models.gate import GateVerdict, Verdict
from trialbook.client.models.result import Result, ResultStatus
from trialbook.client.models.run import Run
from trialbook.client.models.score import ScorerSummary

WORST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """A run with its results, which can be iterated. `str()` of it is a table for people."""

    run: Run
    results: tuple[Result, ...]
    """By number, with inputs and expected values."""

    @property
    def scores(self) -> Mapping[str, ScorerSummary]:
        """What each scorer said over the whole run, by its alias."""
        return {summary.scorer: summary for summary in self.run.scores}

    @property
    def verdict(self) -> GateVerdict | None:
        """What the gate says; None if there is none."""
        return self.run.gate_verdict

    @property
    def failed(self) -> tuple[Result, ...]:
        """The results whose target did not answer."""
        return tuple(r for r in self.results if r.status is ResultStatus.FAILED)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def report(self) -> str:
        """Return a table for people: scorers, counts, latencies, verdict, failed items."""
        parts = (_heading(self.run), [""], _scorers(self.run), _gate(self.verdict))
        return "\n".join([*(line for part in parts for line in part), *_failures(self.failed)])

    def __str__(self) -> str:
        return self.report()


def _heading(run: Run) -> list[str]:
    counts, latency = run.counts, run.latency
    done = f"{run.id}: {run.status.value}, {counts.done} of {counts.planned} results"
    kinds = f"{counts.succeeded} succeeded, {counts.failed} failed, {counts.skipped} skipped"
    lines = [f"{done}: {kinds}"]
    if latency.p50 is not None and latency.p95 is not None:
        lines.append(f"latency p50 {latency.p50 * 1e3:.1f} ms, p95 {latency.p95 * 1e3:.1f} ms")
    return lines


def _scorers(run: Run) -> list[str]:
    if not run.scores:
        return ["no scorers"]
    rows = [("scorer", "mean", "scored", "passed", "not passed", "failed", "not evaluable")]
    for score in run.scores:
        mean = "-" if score.mean is None else f"{score.mean:.4f}"
        counts = (
            score.scored,
            score.passed,
            score.not_passed,
            score.failed,
            score.not_evaluable,
        )
        rows.append((score.scorer, mean, *map(str, counts)))  # type: ignore[arg-type]
    return _table(rows)


def _gate(verdict: GateVerdict | None) -> list[str]:
    """Return the verdict with what stands against it."""
    if verdict is None:
        return []
    open_findings = (f for f in verdict.findings if f.verdict is not Verdict.PASSED)
    lines = [f"  {finding.verdict.value}: {finding.explanation}" for finding in open_findings]
    return ["", f"gate: {verdict.verdict.value}", *lines]


def _failures(failed: Sequence[Result]) -> list[str]:
    lines = [
        f"  {result.item_id}: {result.error.kind}: {result.error.message.partition(chr(10))[0]}"
        for result in failed[:WORST_SHOWN]
        if result.error is not None
    ]
    if not lines:
        return []
    more = len(failed) - len(lines)
    return ["", "failed items:", *lines, *([f"  and {more} more"] if more else [])]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows in columns: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
