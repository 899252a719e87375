"""`trialbook dataset`: keeps versioned collections of test cases."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.text import Text

from trialbook.client import FailedPrecondition, SchemaReport
from trialbook.services.cli.dataset_diff import diff
from trialbook.services.cli.dataset_export import export
from trialbook.services.cli.dataset_import import import_
from trialbook.services.cli.dataset_label import label
from trialbook.services.cli.dataset_settings import (
    SCHEMAS,
    changes_of,
    clear_options,
    settings_of,
    settings_options,
)
from trialbook.services.cli.dataset_version import restore, version_at, versions
from trialbook.services.cli.duplicate import deduplicate, duplicates
from trialbook.services.cli.failures import EXIT_REFUSED, CommandFailure
from trialbook.services.cli.item_table import ITEM_COLUMNS
from trialbook.services.cli.options import CommonOptions, common_options, page_size, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    print_fields,
    print_record,
    print_records,
    print_table,
    shortened,
    stdout_console,
)
from trialbook.services.cli.purge import purge
from trialbook.services.cli.read_point import (
    read_point_of,
    read_point_options,
    selection_of,
    selection_options,
)
from trialbook.services.cli.records import json_text, record_of
from trialbook.services.cli.scorer_argument import scorer_text
from trialbook.services.cli.session import open_client

DATASET_COLUMNS = (
    Column("DATASET", "id"),
    Column("VERSION", "version", right=True),
    Column("ITEMS", "item_count", right=True),
    Column("TAGS", lambda dataset: ", ".join(dataset["settings"]["tags"]), flexible=True),
    Column("UPDATED", "update_time"),
    Column("DISPLAY NAME", "display_name", flexible=True),
)
FAILURE_COLUMNS = (
    Column("ITEM", "item_id"),
    Column("FIELD", "path", flexible=True),
    Column("PROBLEM", "description", flexible=True),
)
SHOWN = {
    "name": "dataset",
    "display_name": "display name",
    "description": "description",
    "version": "version",
    "labels": "labels",
    "item_count": "items",
    "tags": "tags",
    "default_scorers": "default scorers",
    **{name: name.replace("_", " ") for name in SCHEMAS},
    "metadata": "metadata",
    "message": "message",
    "author": "author",
    "create_time": "created",
    "update_time": "updated",
}


@click.group()
def dataset() -> None:
    """Keep versioned collections of test cases."""


@dataset.command()
@click.argument("name")
@settings_options
@common_options
@pass_options
def create(options: CommonOptions, /, name: str, **given: Any) -> None:
    """Create an empty dataset."""
    settings = settings_of(given)
    with open_client(options) as client:
        created = client.datasets.create(name, **settings)
    _print_dataset(options, record_of(created))


@dataset.command()
@click.argument("name")
@settings_options
@clear_options
@click.option("--force", is_flag=True, help="Change schemas also if items do not fit them.")
@click.option("--dry-run", is_flag=True, help="Change nothing; only tell how the items fit.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Note that the version keeps.")
@common_options
@pass_options
def update(
    options: CommonOptions, /, name: str, *, force: bool, dry_run: bool, message: str, **given: Any
) -> int:
    """Change what describes a dataset, or what its items must fit.

    What is not given stays; --tag and --default-scorer replace all there are. A change of schemas,
    default scorers or tags makes a version. With --dry-run the exit code is 1 if items do not fit.
    """
    changes = changes_of(given)
    with open_client(options) as client, _schema_refusals():
        done = client.datasets.update(
            name, **changes, force=force, dry_run=dry_run, message=message
        )
    report = done.schema_report
    record = record_of(done.dataset) | {"schema_report": report and record_of(report)}
    print_record(options.form, record, lambda shown: _show_update(shown, report, dry_run=dry_run))
    return EXIT_REFUSED if dry_run and report is not None and report.failing_count else 0


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
@read_point_options
@common_options
@pass_options
def show(options: CommonOptions, /, name: str, **given: Any) -> None:
    """Show what is known of a dataset, or of an old version of it."""
    point = read_point_of(given)
    with open_client(options) as client:
        if all(value is None for value in point.values()):
            found = record_of(client.datasets.get(name))
        else:
            found = record_of(version_at(client, name, point))
    _print_dataset(options, found)


@dataset.command()
@click.argument("name")
@read_point_options
@selection_options
@click.option("--limit", type=click.IntRange(min=1), help="How many items at most.  [all]")
@common_options
@pass_options
def items(options: CommonOptions, /, name: str, limit: int | None, **given: Any) -> None:
    """List the items of a dataset, all or some, as they are or as they were."""
    point, selection = read_point_of(given), selection_of(given)
    with open_client(options) as client:
        found = client.datasets.items(
            name, **point, selection=selection, page_size=page_size(limit)
        )
        print_records(options.form, map(record_of, itertools.islice(found, limit)), ITEM_COLUMNS)


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


for command in (import_, export, versions, diff, label, restore, duplicates, deduplicate, purge):
    dataset.add_command(command)


@contextmanager
def _schema_refusals() -> Iterator[None]:
    """Say how a schema can be changed that items do not fit."""
    try:
        yield
    except FailedPrecondition as error:
        if error.reason != "SCHEMA_VIOLATED":
            raise
        hint = "--dry-run lists the items, --force changes the schema all the same"
        raise CommandFailure(error.message, hint=hint) from error


def _print_dataset(options: CommonOptions, record: Record) -> None:
    print_record(options.form, record, _show)


def _show(record: Record) -> None:
    settings = record["settings"]
    schemas = {name: shortened(json_text(settings[name]), 200) for name in SCHEMAS}
    shown = {
        **record,
        **schemas,
        "labels": ", ".join(record.get("labels", ())),
        "tags": ", ".join(settings["tags"]),
        "default_scorers": ", ".join(map(scorer_text, settings["default_scorers"])),
    }
    print_fields(shown, SHOWN)


def _show_update(record: Record, report: SchemaReport | None, *, dry_run: bool) -> None:
    if dry_run:
        print("nothing was changed", file=sys.stderr)
    else:
        _show(record)
    if report is None:
        return
    told = f"{report.checked_count:,} items checked; do not fit: {report.failing_count:,}"
    stdout_console().print(Text(told if dry_run else f"\n{told}"))
    if report.failures:
        print_table(map(record_of, report.failures), FAILURE_COLUMNS)
