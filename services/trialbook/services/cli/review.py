"""`trialbook review`: what people say of results, and the queue of what waits for them."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import click

from trialbook.client import (
    Agreement,
    ResultFilter,
    ResultStatus,
    ReviewEntry,
    ReviewState,
    ReviewSubmission,
    ReviewSummary,
)
from trialbook.services.cli.arguments import time_span
from trialbook.services.cli.options import CommonOptions, common_options, page_size, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    figure_text,
    print_record,
    print_records,
    print_table,
    shortened,
    stdout_console,
)
from trialbook.services.cli.records import json_text, record_of
from trialbook.services.cli.run_report.table import item_name
from trialbook.services.cli.session import open_client

STATES = ("waiting", "in_review", "reviewed", "closed")


def _said(entry: Record) -> str:
    return "; ".join(map(_review_text, entry["reviews"]))


def _review_text(review: Record) -> str:
    verdict = {None: "", True: "passes", False: "does not pass"}[review["passed"]]
    value = "" if review["value"] is None else f"{review['value']:g}"
    words = " ".join(filter(None, (value, verdict, review["label"], review["comment"])))
    return shortened(f"{review['reviewer']}: {words}", 80)


def _content(name: str) -> Any:
    def text(entry: Record) -> str:
        content = entry["content"]
        return "" if content is None else shortened(json_text(content[name]), 60)

    return text


COLUMNS = (
    Column("RUN", lambda entry: entry["result"].split("/")[3]),
    Column("#", "number", right=True),
    Column("ITEM", item_name),
    Column("STATE", "state"),
    Column("WANTED", "reviewers_wanted", right=True),
    Column("IN HAND OF", lambda entry: ", ".join(entry["claimed_by"])),
    Column("REVIEWS", _said, flexible=True),
    Column("NOTE", "note", flexible=True),
)
CONTENT_COLUMNS = (
    Column("INPUT", _content("input"), flexible=True),
    Column("EXPECTED", _content("expected"), flexible=True),
    Column("OUTPUT", _content("output"), flexible=True),
)
AGREEMENT_COLUMNS = (
    Column("CRITERION", "criterion"),
    Column("SAYS", "field"),
    Column("RESULTS", "results", right=True),
    Column("RATINGS", "ratings", right=True),
    Column("KRIPPENDORFF'S ALPHA", lambda row: figure_text(row["krippendorff_alpha"]), right=True),
)
PAIR_COLUMNS = (
    Column("CRITERION", "criterion"),
    Column("SAYS", "field"),
    Column("FIRST", "first"),
    Column("SECOND", "second"),
    Column("RESULTS", "results", right=True),
    Column("SAME", lambda row: f"{row['observed']:.1%}", right=True),
    Column("COHEN'S KAPPA", lambda row: figure_text(row["cohen_kappa"]), right=True),
)


@click.group()
def review() -> None:
    """Let people judge results, and see how far they agree."""


@review.command()
@click.argument("name", metavar="RUN")
@click.option("--number", "numbers", type=int, multiple=True, help="Only this result; repeatable.")
@click.option("--item", "item_ids", multiple=True, help="Only of this item; repeatable.")
@click.option("--status", type=click.Choice(["succeeded", "failed"]), help="Only these.")
@click.option("--failing", is_flag=True, help="Only what failed, or does not pass.")
@click.option("--scorer", default="", help="With --failing: only by this one, by its alias.")
@click.option("--reviewers", type=int, default=1, help="How many each needs.  [1]")
@click.option("--note", default="", help="For the reviewers.")
@common_options
@pass_options
def request(
    options: CommonOptions,
    /,
    name: str,
    *,
    reviewers: int,
    note: str,
    status: str | None,
    **chosen: Any,
) -> None:
    """Put results of a run into the review queue: all but skipped ones, or some."""
    wanted = ResultFilter(status=ResultStatus(status) if status else None, **chosen)
    with open_client(options) as client:
        count = client.reviews.request(name, wanted, reviewers_wanted=reviewers, note=note)
    print_record(options.form, {"changed_count": count}, lambda _: None)
    print(f"{count:,} results wait for review anew", file=sys.stderr)


@review.command("list")
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--state", type=click.Choice(STATES), help="Only these.")
@click.option("--content", is_flag=True, help="With input, expected value and output.")
@click.option("--blind", is_flag=True, help="Without scores, and without what others say.")
@click.option("--limit", type=click.IntRange(min=1), default=100, help="How many.  [100]")
@common_options
@pass_options
def list_(
    options: CommonOptions,
    name: str | None,
    *,
    state: str | None,
    content: bool,
    blind: bool,
    limit: int,
) -> None:
    """List the review queue of a run, or of the project, oldest first."""
    with open_client(options) as client:
        entries = client.reviews.entries(
            name,
            state=ReviewState(state) if state else None,
            include_content=content,
            blind=blind,
            page_size=page_size(limit),
        )
        found = map(_record, itertools.islice(entries, limit))
        print_records(options.form, found, COLUMNS + (CONTENT_COLUMNS if content else ()))


@review.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--limit", type=int, default=1, help="How many.  [1]")
@click.option("--duration", type=time_span, default="15m", metavar="TIME", help="How long.  [15m]")
@common_options
@pass_options
def claim(options: CommonOptions, name: str | None, limit: int, duration: float) -> None:
    """Take waiting results of a run, or of the project, in hand for some time."""
    with open_client(options) as client:
        entries = client.reviews.claim(name, limit=limit, duration=duration)
    print_records(options.form, map(_record, entries), COLUMNS + CONTENT_COLUMNS)


@review.command()
@click.argument("name", metavar="RUN")
@click.argument("number", type=int)
@click.option("--passed/--not-passed", default=None, help="Whether the result passes.")
@click.option("--value", type=float, help="A number.")
@click.option("--label", default="", help="A word, say polite.")
@click.option("--comment", default="", help="For people.")
@click.option("--criterion", default="", help="What is judged.  [overall]")
@common_options
@pass_options
def submit(options: CommonOptions, /, name: str, number: int, **said: Any) -> None:
    """Say what one thinks of the result of that number.

    It takes the place of what one said before of the same result and criterion.
    """
    with open_client(options) as client:
        entries = client.reviews.submit(name, [ReviewSubmission(number, **said)])
    print_records(options.form, map(_record, entries), COLUMNS)


@review.command()
@click.argument("name", metavar="RUN")
@click.argument("numbers", metavar="NUMBER...", type=int, nargs=-1, required=True)
@click.option("--note", default="", help="Why.")
@common_options
@pass_options
def close(options: CommonOptions, name: str, numbers: tuple[int, ...], note: str) -> None:
    """Take results out of the review queue."""
    with open_client(options) as client:
        count = client.reviews.close(name, numbers, note=note)
    print_record(options.form, {"closed_count": count}, lambda _: None)
    print(f"closed {count:,} entries", file=sys.stderr)


@review.command()
@click.argument("name", metavar="RUN")
@common_options
@pass_options
def summary(options: CommonOptions, name: str) -> None:
    """Tell how far the reviews of a run are, and how far people and scorers agree."""
    with open_client(options) as client:
        found = client.reviews.summary(name)
    print_record(options.form, record_of(found), lambda _: _show(found))


def _record(entry: ReviewEntry) -> Record:
    return {"number": entry.number, **record_of(entry)}


def _show(found: ReviewSummary) -> None:
    stdout_console().print(
        f"{found.waiting:,} waiting, {found.in_review:,} in review, {found.reviewed:,} reviewed, "
        f"{found.closed:,} closed"
    )
    if found.agreements:
        print_table(map(record_of, found.agreements), AGREEMENT_COLUMNS, "\nagreement")
    pairs = [pair for agreement in found.agreements for pair in _pairs(agreement)]
    if pairs:
        print_table(pairs, PAIR_COLUMNS, "\npairs")


def _pairs(agreement: Agreement) -> list[Record]:
    head = {"criterion": agreement.criterion, "field": agreement.field}
    return [{**head, **record_of(pair)} for pair in agreement.pairs]
