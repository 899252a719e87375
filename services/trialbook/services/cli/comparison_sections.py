"""A comparison as tables, for people and for Markdown: first of all what is not the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trialbook.client import (
    Comparability,
    ComparedRun,
    Comparison,
    Difference,
    Estimate,
    RunComparison,
    ScorerComparison,
    TrialSummary,
)
from trialbook.services.cli.output import ABSENT, Column, Record, duration_text, figure_text
from trialbook.services.cli.records import record_of
from trialbook.services.cli.trend import interval

MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Record]


def sections(comparison: Comparison) -> Iterator[Section]:
    """Yield the tables of a comparison that have rows."""
    warnings = [
        {"run": candidate.run.id, "warning": warning}
        for candidate in comparison.candidates
        for warning in candidate.comparability.warnings
    ]
    yield from _section("not the same", WARNING_COLUMNS, warnings)
    runs = [comparison.baseline, *(candidate.run for candidate in comparison.candidates)]
    yield from _section("runs", RUN_COLUMNS, map(_run, runs))
    for candidate in comparison.candidates:
        yield from _beside(comparison.baseline, candidate)
    trials = ((run, summary) for run in runs for summary in run.trials)
    yield from _section("trials", TRIAL_COLUMNS, (_trial(run, told) for run, told in trials))


def _beside(baseline: ComparedRun, candidate: RunComparison) -> Iterator[Section]:
    """Yield the tables of one run beside the baseline."""
    title = f"{candidate.run.id} beside {baseline.id}"
    yield from _section(title, SCORER_COLUMNS, map(_scorer, candidate.scorers))
    flips = [row for scorer in candidate.scorers for row in _flips(scorer)]
    yield from _section(f"{candidate.run.id}: verdicts that changed", FLIP_COLUMNS, flips)
    spent = _spent(baseline, candidate)
    yield from _section(f"{candidate.run.id}: time, tokens and cost", SPENT_COLUMNS, spent)
    items = _items(candidate.comparability)
    yield from _section(f"{candidate.run.id}: items that are not the same", ITEM_COLUMNS, items)


def _section(title: str, columns: Sequence[Column], rows: Iterable[Record]) -> Iterator[Section]:
    kept = list(rows)
    if kept:
        yield Section(title, columns, kept)


def _run(run: ComparedRun) -> Record:
    return {**record_of(run), "revision": run.target.revision}


def _scorer(scorer: ScorerComparison) -> Record:
    record = record_of(scorer)
    return {**record["difference"], **record}


def _flips(scorer: ScorerComparison) -> Iterator[Record]:
    verdicts = scorer.verdicts
    if verdicts is None:
        return
    flips = (
        ("fixed", verdicts.fixed, verdicts.fixed_item_ids),
        ("broken", verdicts.broken, verdicts.broken_item_ids),
    )
    for what, count, names in flips:
        if count:
            yield {
                **record_of(verdicts),
                "scorer": scorer.scorer,
                "what": what,
                "count": count,
                "names": _names(names, count),
            }


def _spent(baseline: ComparedRun, candidate: RunComparison) -> Iterator[Record]:
    metrics = (
        ("latency", baseline.latency, candidate.run.latency, candidate.latency),
        ("tokens", baseline.tokens, candidate.run.tokens, candidate.tokens),
        ("cost", baseline.cost, candidate.run.cost, candidate.cost),
    )
    for name, before, after, difference in metrics:
        if before.count or after.count:
            yield _metric(name, before, after, difference)


def _metric(name: str, before: Estimate, after: Estimate, difference: Difference) -> Record:
    return {
        **record_of(difference),
        "metric": name,
        "before": before.mean,
        "after": after.mean,
    }


def _items(told: Comparability) -> Iterator[Record]:
    kinds = (
        ("changed", told.changed_items, told.changed_item_ids),
        ("added", told.added_items, told.added_item_ids),
        ("removed", told.removed_items, told.removed_item_ids),
    )
    for what, count, names in kinds:
        if count:
            yield {"what": what, "count": count, "names": _names(names, count)}


def _trial(run: ComparedRun, summary: TrialSummary) -> Record:
    flaky = [item.item_id for item in summary.flaky_items]
    return {
        "run": run.id,
        "scorer": summary.scorer,
        "rates": "  ".join(
            f"pass@{rate.k} {rate.pass_at_k:.3f} pass^{rate.k} {rate.pass_hat_k:.3f}"
            for rate in summary.rates
        ),
        "count": summary.flaky_count,
        "names": _names(flaky, summary.flaky_count),
    }


def _names(names: Sequence[str], count: int) -> str:
    shown = list(names[:MOST_NAMES])
    return ", ".join([*shown, "…"] if count > len(shown) else shown)


def _p(value: float | None) -> str:
    if value is None:
        return ABSENT
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return ABSENT if value is None else f"{value:+.3f}"


def _mean(estimate: Record, name: str) -> str:
    return figure_text(estimate[name]["mean"])


def _amount(metric: str, value: float | None) -> str:
    if value is None:
        return ABSENT
    if metric == "latency":
        return f"-{duration_text(-value)}" if value < 0 else duration_text(value)
    return f"{value:.6g}"


WARNING_COLUMNS = (Column("RUN", "run"), Column("WARNING", "warning", flexible=True))
RUN_COLUMNS = (
    Column("RUN", "id"),
    Column("NAME", "display_name", flexible=True),
    Column("REVISION", "revision"),
    Column("STATUS", "status"),
    Column("SUCCEEDED", lambda run: run["counts"]["succeeded"], right=True),
    Column("FAILED", lambda run: run["counts"]["failed"], right=True),
    Column("SKIPPED", lambda run: run["counts"]["skipped"], right=True),
    Column("LATENCY P95", lambda run: duration_text(run["latency"]["p95"]), right=True),
)
SCORER_COLUMNS = (
    Column("SCORER", "scorer"),
    Column("BASELINE", lambda scorer: _mean(scorer, "baseline"), right=True),
    Column("CANDIDATE", lambda scorer: _mean(scorer, "candidate"), right=True),
    Column("DIFFERENCE", lambda scorer: _signed(scorer["mean"]), right=True),
    Column("INTERVAL", interval),
    Column("P", lambda scorer: _p(scorer["p_value"]), right=True),
    Column("ADJUSTED P", lambda scorer: _p(scorer["adjusted_p_value"]), right=True),
    Column("IMPROVED", "improved", right=True),
    Column("REGRESSED", "regressed", right=True),
    Column("UNCHANGED", "unchanged", right=True),
    Column("UNPAIRED", "unpaired", right=True),
)
FLIP_COLUMNS = (
    Column("SCORER", "scorer"),
    Column("VERDICT", "what"),
    Column("ITEMS", "count", right=True),
    Column("MCNEMAR P", lambda row: _p(row["p_value"]), right=True),
    Column("ADJUSTED P", lambda row: _p(row["adjusted_p_value"]), right=True),
    Column("NAMES", "names", flexible=True),
)
SPENT_COLUMNS = (
    Column("", "metric"),
    Column("BASELINE", lambda row: _amount(row["metric"], row["before"]), right=True),
    Column("CANDIDATE", lambda row: _amount(row["metric"], row["after"]), right=True),
    Column("DIFFERENCE", lambda row: _amount(row["metric"], row["mean"]), right=True),
    Column("LOWER", lambda row: _amount(row["metric"], row["lower"]), right=True),
    Column("UPPER", lambda row: _amount(row["metric"], row["upper"]), right=True),
)
ITEM_COLUMNS = (
    Column("", "what"),
    Column("ITEMS", "count", right=True),
    Column("NAMES", "names", flexible=True),
)
TRIAL_COLUMNS = (
    Column("RUN", "run"),
    Column("SCORER", "scorer"),
    Column("RATES", "rates", flexible=True),
    Column("FLAKY", "count", right=True),
    Column("NAMES", "names", flexible=True),
)
