"""`trialbook audit`: who changed what, when, why, and by which command."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import click

from trialbook.client import Event, EventOrder
from trialbook.services.cli.event_options import (
    filter_options,
    full_resource,
    short_resource,
    time_options,
)
from trialbook.services.cli.options import (
    LARGEST_PAGE,
    CommonOptions,
    common_options,
    pass_options,
)
from trialbook.services.cli.output import Column, Record, as_text, print_records
from trialbook.services.cli.session import open_client

# `projects/p/datasets/d` has so many slashes; what has more is a part of it.
MOST_SLASHES_OF_A_WHOLE = 3


def _what(entry: Record) -> str:
    event: str = entry["event"]
    count: int = entry["fact_count"]
    return f"{event} × {as_text(count)}" if count > 1 else event


def _columns(options: CommonOptions) -> tuple[Column, ...]:
    return (
        Column("WHEN", "create_time"),
        Column("WHO", "author", flexible=True),
        Column("WHAT", _what),
        Column("RESOURCE", lambda entry: short_resource(options, entry["resource"]), flexible=True),
        Column("WHY", "reason", flexible=True),
        Column("COMMAND", "command"),
    )


@click.command()
@click.argument("resource", required=False)
@filter_options
@time_options
@click.option("--limit", type=click.IntRange(min=1), default=50, help="How many entries.  [50]")
@common_options
@pass_options
def audit(options: CommonOptions, /, resource: str | None, limit: int, **chosen: Any) -> None:
    """Show who changed what, when, why, and by which command, the newest first.

    RESOURCE restricts it to a dataset, experiment or run and what lies below it, say
    datasets/support, or to one item or result, say datasets/support/items/a17. What one command did
    many times stands in one entry. Changes tell their reason when they are made, with --reason.
    """
    name = full_resource(options, resource)
    whole = name is None or name.count("/") <= MOST_SLASHES_OF_A_WHOLE
    with open_client(options) as client:
        events = client.events.list(
            resource=name,
            order=EventOrder.NEWEST,
            summary=whole,
            page_size=LARGEST_PAGE if whole else 0,
            **chosen,
        )
        entries = itertools.islice(_entries(events), limit)
        print_records(options.form, entries, _columns(options))


def _entries(events: Iterable[Event]) -> Iterator[Record]:
    """Yield an entry for what one command did to one resource in one go."""
    for _, group in itertools.groupby(
        events, key=lambda event: (event.command_id, event.noun, event.kind, event.resource)
    ):
        newest, *others = group
        yield {
            "create_time": newest.create_time,
            "author": newest.author,
            "event": f"{newest.noun}.{newest.kind}",
            "resource": newest.resource,
            "fact_count": newest.fact_count + sum(other.fact_count for other in others),
            "reason": newest.reason,
            "command": newest.command,
            "command_id": newest.command_id,
            "cause": newest.cause,
        }
