"""`trialbook event`: reads the log of what happened, and follows it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import click

from trialbook.client import Client, Event, EventBatch, EventOrder
from trialbook.services.cli.event_options import (
    filter_options,
    full_resource,
    short_resource,
    time_options,
)
from trialbook.services.cli.options import CommonOptions, common_options, page_size, pass_options
from trialbook.services.cli.output import Column, Record, as_text, print_records, printable
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client


def _columns(options: CommonOptions) -> tuple[Column, ...]:
    return (
        Column("POSITION", lambda event: str(event["position"]), right=True),
        Column("WHEN", "create_time"),
        Column("EVENT", lambda event: f"{event['noun']}.{event['kind']}"),
        Column("RESOURCE", lambda event: short_resource(options, event["resource"]), flexible=True),
        Column("WHO", "author", flexible=True),
        Column("COMMAND", "command"),
    )


CONSUMER_COLUMNS = (
    Column("CONSUMER", "id"),
    Column("POSITION", lambda consumer: str(consumer["position"]), right=True),
    Column("BEHIND", "behind", right=True),
    Column("ACKNOWLEDGED", "update_time"),
    Column("BY", "author", flexible=True),
)


@click.group()
def event() -> None:
    """Read the log of what happened, and follow it."""


@event.command("list")
@filter_options
@time_options
@click.option("--resource", help="Only of this and what lies below it, say datasets/support.")
@click.option("--after-position", type=click.IntRange(min=0), default=0, help="Skip events.  [0]")
@click.option("--newest", is_flag=True, help="The newest first.")
@click.option("--with-bodies", is_flag=True, help="With payloads above 1 KiB.")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="How many.  [50]")
@common_options
@pass_options
def list_(
    options: CommonOptions,
    /,
    resource: str | None,
    newest: bool,
    limit: int,
    **chosen: Any,
) -> None:
    """List events, the oldest first.

    Each is one fact: one item added, one result recorded. --format jsonl has all that it tells.
    """
    with open_client(options) as client:
        found = client.events.list(
            resource=full_resource(options, resource),
            order=EventOrder.NEWEST if newest else None,
            page_size=page_size(limit),
            **chosen,
        )
        print_records(
            options.form, map(record_of, itertools.islice(found, limit)), _columns(options)
        )


@event.command()
@filter_options
@click.option("--resource", help="Only of this and what lies below it, say datasets/support.")
@click.option("--after-position", type=click.IntRange(min=0), help="Begin after this position.")
@click.option("--from-start", is_flag=True, help="Begin with the first event.")
@click.option(
    "--consumer", metavar="NAME", help="Go on where NAME stood, and store how far it has come."
)
@click.option("--with-bodies", is_flag=True, help="With payloads above 1 KiB.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many.  [never]")
@common_options
@pass_options
def follow(
    options: CommonOptions,
    /,
    *,
    resource: str | None,
    after_position: int | None,
    from_start: bool,
    consumer: str | None,
    limit: int | None,
    **chosen: Any,
) -> None:
    """Print events as they are recorded, until Ctrl-C.

    Begins with the next event, unless told otherwise. A consumer that ends, however it ends, goes
    on where it stood: it may be told an event twice, but misses none.
    """
    if from_start and after_position is not None:
        raise click.UsageError("--from-start and --after-position exclude each other")
    everywhere: bool = chosen["all_projects"]
    with open_client(options) as client:
        after = 0 if from_start else after_position
        if after is None and consumer is None:
            after = client.events.last_position()
        batches = client.events.subscribe(
            resource=full_resource(options, resource), after=after, consumer=consumer, **chosen
        )
        done = partial(_acknowledge, client, consumer, everywhere)
        _print_live(options, _told(batches, limit, done))


@event.command()
@click.option("--all-projects", is_flag=True, help="Those that read all projects.")
@common_options
@pass_options
def consumers(options: CommonOptions, all_projects: bool) -> None:
    """List the named readers of the log, and how many of its entries lie before each."""
    with open_client(options) as client:
        found = client.events.consumers(all_projects=all_projects)
        print_records(options.form, map(record_of, found), CONSUMER_COLUMNS)


@event.command("delete-consumer")
@click.argument("name")
@click.option("--all-projects", is_flag=True, help="One that reads all projects.")
@common_options
@pass_options
def delete_consumer(options: CommonOptions, name: str, all_projects: bool) -> None:
    """Forget how far a consumer has come. Under its name one begins at the first event again."""
    with open_client(options) as client:
        client.events.delete_consumer(name, all_projects=all_projects)
    print(f"deleted consumer {name}", file=sys.stderr)


def _told(batches: Iterable[EventBatch], limit: int | None, done: Any) -> Iterator[Event]:
    """Yield events, and say of each batch that it is done once its last one was printed."""
    left = limit
    for batch in batches:
        for told in batch:
            yield told
            if left is not None:
                left -= 1
                if left == 0:
                    done(told.position)
                    return
        done(batch.through_position)


def _acknowledge(client: Client, consumer: str | None, everywhere: bool, position: int) -> None:
    sys.stdout.flush()
    if consumer is not None and position > 0:
        client.events.acknowledge(consumer, position, all_projects=everywhere)


def _print_live(options: CommonOptions, events: Iterator[Event]) -> None:
    records = map(record_of, events)
    if options.form != "table":
        print_records(options.form, records, _columns(options))
        return
    for record in records:
        print(_line(options, record))


def _line(options: CommonOptions, event: Record) -> str:
    when: datetime = event["create_time"]
    resource = short_resource(options, event["resource"])
    what = f"{event['noun']}.{event['kind']}"
    return printable(f"{as_text(when)}  {what:<26}  {resource}  {event['author']}")
