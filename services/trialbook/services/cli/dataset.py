"""`trialbook dataset`: keeps versioned collections of test cases."""

from __future__ import annotations

import itertools
import sys

import click

from trialbook.services.cli.dataset_file import open_dataset_file
from trialbook.services.cli.dataset_import import dataset_id_for, import_dataset
from trialbook.services.cli.options import CommonOptions, common_options, page_size, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    print_fields,
    print_record,
    print_records,
    shortened,
)
from trialbook.services.cli.records import json_text, record_of
from trialbook.services.cli.session import open_client

DATASET_COLUMNS = (
    Column("DATASET", "id"),
    Column("VERSION", "version", right=True),
    Column("ITEMS", "item_count", right=True),
    Column("UPDATED", "update_time"),
    Column("DISPLAY NAME", "display_name", flexible=True),
)
VERSION_COLUMNS = (
    Column("VERSION", "version", right=True),
    Column("ITEMS", "item_count", right=True),
    Column("ADDED", "added_count", right=True),
    Column("CREATED", "create_time"),
    Column("AUTHOR", "author"),
)
ITEM_COLUMNS = (
    Column("#", "ordinal", right=True),
    Column("ITEM", "id"),
    Column("INPUT", lambda item: shortened(json_text(item["input"]), 60), flexible=True),
    Column("EXPECTED", lambda item: shortened(json_text(item["expected"]), 40), flexible=True),
    Column("TAGS", lambda item: ", ".join(item["tags"]), flexible=True),
    Column("SPLIT", "split"),
)
DATASET_LABELS = {
    "name": "dataset",
    "display_name": "display name",
    "description": "description",
    "version": "version",
    "item_count": "items",
    "metadata": "metadata",
    "create_time": "created",
    "update_time": "updated",
}


@click.group()
def dataset() -> None:
    """Keep versioned collections of test cases."""


@dataset.command()
@click.argument("name")
@click.option("--display-name", default="", help="For people.  [default: NAME]")
@click.option("--description", default="", help="For people.")
@common_options
@pass_options
def create(options: CommonOptions, name: str, display_name: str, description: str) -> None:
    """Create an empty dataset."""
    with open_client(options) as client:
        created = client.datasets.create(name, display_name=display_name, description=description)
    _print_dataset(options, record_of(created))


@dataset.command("list")
@common_options
@pass_options
def list_(options: CommonOptions) -> None:
    """List the datasets of the project."""
    with open_client(options) as client:
        found = map(record_of, client.datasets.list())
        print_records(options.form, found, DATASET_COLUMNS)


@dataset.command()
@click.argument("name")
@common_options
@pass_options
def show(options: CommonOptions, name: str) -> None:
    """Show what is known of a dataset."""
    with open_client(options) as client:
        _print_dataset(options, record_of(client.datasets.get(name)))


@dataset.command("import")
@click.argument("file", metavar="FILE")
@click.option("--dataset", "name", help="Where to add; made if absent.  [the file's name]")
@click.option("--input-field", default="", help="Field that holds the input.  [input]")
@click.option("--expected-field", default="", help="Field with the expected value.  [expected]")
@common_options
@pass_options
def import_(
    options: CommonOptions, file: str, name: str | None, input_field: str, expected_field: str
) -> None:
    """Add the items of a file.

    All of them become one new version of the dataset, or none is added. Each line of FILE is a
    JSON object with the field input, and, as there is need, expected, id, context, metadata, tags
    and split. FILE may be - for standard input.
    """
    with open_dataset_file(file, input_field, expected_field) as source:
        total = source.check()
        if source.left_out:
            print(f"left out: {', '.join(sorted(source.left_out))}", file=sys.stderr)
        with open_client(options) as client:
            done = import_dataset(client, source, name or dataset_id_for(file), total)
    print(f"added {done.added_count:,} items", file=sys.stderr)
    _print_dataset(options, record_of(done.dataset))


@dataset.command()
@click.argument("name")
@click.option("--version", type=click.IntRange(min=0), help="Version to read.  [the current one]")
@click.option("--limit", type=click.IntRange(min=1), help="How many items at most.  [all]")
@common_options
@pass_options
def items(options: CommonOptions, name: str, version: int | None, limit: int | None) -> None:
    """List the items of a dataset, or of an old version of it."""
    with open_client(options) as client:
        found = client.datasets.items(name, version=version, page_size=page_size(limit))
        print_records(options.form, map(record_of, itertools.islice(found, limit)), ITEM_COLUMNS)


@dataset.command()
@click.argument("name")
@common_options
@pass_options
def versions(options: CommonOptions, name: str) -> None:
    """List the versions of a dataset, the newest first."""
    with open_client(options) as client:
        found = map(record_of, client.datasets.versions(name))
        print_records(options.form, found, VERSION_COLUMNS)


@dataset.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@pass_options
def delete(options: CommonOptions, name: str, yes: bool) -> None:
    """Delete a dataset. Runs keep the versions that they used."""
    with open_client(options) as client:
        found = client.datasets.get(name)
        if not yes:
            click.confirm(
                f"Delete dataset {name} with {found.item_count} items?", abort=True, err=True
            )
        client.datasets.delete(name)
    print(f"deleted dataset {name}", file=sys.stderr)


def _print_dataset(options: CommonOptions, record: Record) -> None:
    print_record(options.form, record, lambda shown: print_fields(shown, DATASET_LABELS))
