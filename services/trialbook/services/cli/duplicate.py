"""Items of a dataset that are the same: seeing them, and removing them."""

from __future__ import annotations

import click

from trialbook.services.cli.item_table import say_change
from trialbook.services.cli.options import (
    CommonOptions,
    change_options,
    common_options,
    pass_options,
)
from trialbook.services.cli.output import Column, Record, print_record, print_records
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

MOST_NAMED = 5
FIELD_HELP = "What must be equal, such as input or input.question. May be repeated.  [all of it]"


def _others(group: Record) -> str:
    named = ", ".join(group["duplicate_ids"][:MOST_NAMED])
    return f"{named}, …" if group["duplicate_count"] > MOST_NAMED else named


COLUMNS = (
    Column("FIRST", "item_id"),
    Column("OTHERS", "duplicate_count", right=True),
    Column("ITEMS", _others, flexible=True),
)


@click.command()
@click.argument("name")
@click.option("--field", "fields", multiple=True, metavar="PATH", help=FIELD_HELP)
@common_options
@pass_options
def duplicates(options: CommonOptions, name: str, fields: tuple[str, ...]) -> None:
    """List items that are the same by value, whatever the form of their JSON. Changes nothing."""
    with open_client(options) as client:
        found = client.datasets.find_duplicates(name, fields=fields)
        print_records(options.form, map(record_of, found), COLUMNS)


@click.command()
@click.argument("name")
@click.option("--field", "fields", multiple=True, metavar="PATH", help=FIELD_HELP)
@change_options
@common_options
@pass_options
def deduplicate(
    options: CommonOptions,
    name: str,
    *,
    fields: tuple[str, ...],
    message: str,
    expected_version: int | None,
) -> None:
    """Remove all but the first of the items that are the same, as one version."""
    with open_client(options) as client:
        done = client.datasets.remove_duplicates(
            name, fields=fields, message=message, expected_version=expected_version
        )
    print_record(
        options.form,
        record_of(done),
        lambda _: say_change(done.dataset, removed=done.removed_count),
    )
