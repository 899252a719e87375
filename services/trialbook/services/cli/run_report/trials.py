"""What several trials of the items of a run come to: pass^k by scorer, and means by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from statistics import fmean
from typing import Any

from trialbook.client import Client, Result, ResultScore, ResultStatus, Run
from trialbook.services.cli.comparison_sections import Section
from trialbook.services.cli.output import ABSENT, Column, Record, figure_text, printable
from trialbook.services.cli.records import record_of

MOST_ITEMS = 50
ONE_TRIAL: Record = {"trials": [], "items": [], "more_items": False}
"""The record of a run of one trial, which has nothing to tell."""
_PAGE = 100


def trials_record(client: Client, run: Run) -> Record:
    """Return what trials come to by scorer, with pass@k and pass^k, and by item, the first ones."""
    if (run.settings.trials or 1) == 1:
        return ONE_TRIAL
    told = client.runs.compare(run).baseline.trials
    results = client.runs.results(run, page_size=_PAGE)
    order = [summary.scorer for summary in run.scores]
    # No more are read than needed to know that there are more.
    items = list(islice(item_records(results, order), MOST_ITEMS + 1))
    return {
        "trials": [record_of(summary) for summary in told],
        "items": items[:MOST_ITEMS],
        "more_items": len(items) > MOST_ITEMS,
    }


def item_records(results: Iterable[Result], order: Sequence[str]) -> Iterator[Record]:
    """Yield for each item how many of its trials succeeded, and what each scorer says of them.

    Results come in the order of their numbers. A scorer's `mean` is over the `scored` trials, and
    `passed` of its `verdicts` passed. Scorers are in an order of aliases.
    """
    # The trials of an item have numbers in a row.
    for item_id, trials in groupby(results, lambda result: result.item_id):
        told = list(trials)
        scores = [score for result in told for score in result.scores]
        aliases = {score.scorer for score in scores}
        yield {
            "item_id": item_id,
            "trials": len(told),
            "succeeded": sum(result.status is ResultStatus.SUCCEEDED for result in told),
            "scores": [_said(alias, scores) for alias in order if alias in aliases],
        }


def sections(report: Record) -> Iterator[Section]:
    """Yield the tables of a report with the fields of `trials_record`; none for one trial."""
    if report["trials"]:
        yield Section("trials", list(_rate_columns(report["trials"])), report["trials"])
    if any(item["scores"] for item in report["items"]):
        yield Section("items, over their trials", _item_columns(report["items"]), report["items"])


def more_items(report: Record, run_id: str) -> str:
    """Where the items are told that the report does not have; "" if it has all."""
    return f"trialbook report export {run_id} --format jsonl" if report["more_items"] else ""


def _said(alias: str, scores: Sequence[ResultScore]) -> Record:
    own = [score for score in scores if score.scorer == alias]
    values = [score.value for score in own if score.value is not None]
    verdicts = [score.passed for score in own if score.passed is not None]
    return {
        "scorer": alias,
        "mean": fmean(values) if values else None,
        "scored": len(values),
        "passed": verdicts.count(True),
        "verdicts": len(verdicts),
    }


def _rate_columns(trials: Sequence[Record]) -> Iterator[Column]:
    most = max(len(summary["rates"]) for summary in trials)
    yield Column("SCORER", "scorer")
    yield Column("ITEMS", lambda summary: summary["rates"][0]["count"], right=True)
    for k in range(1, most + 1):
        yield Column(f"PASS^{k}", partial(_rate, "pass_hat_k", k), right=True)
    yield Column(f"PASS@{most}", partial(_rate, "pass_at_k", most), right=True)
    yield Column("FLAKY", "flaky_count", right=True)


def _rate(figure: str, k: int, summary: Record) -> str:
    """A rate; with the number of items where fewer have so many verdicts."""
    rates: Sequence[Record] = summary["rates"]
    if k > len(rates):
        return ABSENT
    return _figure(rates[k - 1][figure], rates[k - 1]["count"], rates[0]["count"])


def _item_columns(items: Sequence[Record]) -> list[Column]:
    # Items may be judged by scorers of their own; dict keeps the order in which they come.
    aliases = dict.fromkeys(score["scorer"] for item in items for score in item["scores"])
    return [
        Column("ITEM", lambda item: printable(item["item_id"])),
        Column("TRIALS", _trials, right=True),
        *(Column(alias, partial(_mean, alias), right=True) for alias in aliases),
    ]


def _trials(item: Record) -> str:
    succeeded, trials = item["succeeded"], item["trials"]
    return f"{trials:,}" if succeeded == trials else f"{succeeded:,} of {trials:,}"


def _mean(alias: str, item: Record) -> str:
    found: list[dict[str, Any]] = [said for said in item["scores"] if said["scorer"] == alias]
    if not found:
        return ABSENT
    return _figure(found[0]["mean"], found[0]["scored"], item["succeeded"])


def _figure(value: float | None, count: int, whole: int) -> str:
    text = figure_text(value)
    return text if value is None or count >= whole else f"{text} of {count:,}"
