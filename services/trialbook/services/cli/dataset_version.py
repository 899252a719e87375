"""The versions of a dataset on the command line: what they are, and going back to one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from trialbook.client import Client, DatasetVersion
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.options import (
    CommonOptions,
    change_options,
    common_options,
    page_size,
    pass_options,
)
from trialbook.services.cli.output import Column, Record, as_text, print_record, print_records
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

COUNTS = (("+", "added_count"), ("~", "changed_count"), ("-", "removed_count"))


def _changes(version: Record) -> str:
    """`+3 ~1 -2 settings`: items added, changed, removed; items that came back count as added."""
    counts = {**version, "added_count": version["added_count"] + version["restored_count"]}
    parts = [f"{sign}{counts[name]:,}" for sign, name in COUNTS if counts[name]]
    return " ".join([*parts, *(["settings"] if version["settings_changed"] else [])])


VERSION_COLUMNS = (
    Column("VERSION", "version", right=True),
    Column("ITEMS", "item_count", right=True),
    Column("CHANGES", _changes),
    Column("LABELS", lambda version: ", ".join(version["labels"]), flexible=True),
    Column("CREATED", "create_time"),
    Column("AUTHOR", "author"),
    Column("MESSAGE", "message", flexible=True),
)


@click.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.  [all]")
@common_options
@pass_options
def versions(options: CommonOptions, name: str, limit: int | None) -> None:
    """List the versions of a dataset, the newest first.

    +3 ~1 -2 means that the version added three items, changed one and removed two.
    """
    with open_client(options) as client:
        found = client.datasets.versions(name, page_size=page_size(limit))
        print_records(options.form, map(record_of, itertools.islice(found, limit)), VERSION_COLUMNS)


@click.command()
@click.argument("name")
@click.argument("version")
@change_options
@common_options
@pass_options
def restore(
    options: CommonOptions, name: str, version: str, message: str, expected_version: int | None
) -> None:
    """Make a dataset be as it was at a version, which is given by number or label.

    That makes a new version with the items and settings of the old one; nothing is lost.
    """
    with open_client(options) as client:
        before = client.datasets.get(name)
        done = client.datasets.restore_version(
            name, version, message=message, expected_version=expected_version
        )
    same = done.version == before.version
    outcome = "stays" if same else f"has the state of {version} again and is"
    print_record(
        options.form,
        record_of(done),
        lambda _: print(f"{done.id} {outcome} at version {done.version}", file=sys.stderr),
    )


def version_at(client: Client, name: str, point: Mapping[str, Any]) -> DatasetVersion:
    """The version that a number, a label or a time means. Raises CommandFailure for no version."""
    if point["as_of"] is None:
        return client.datasets.version(name, point["version"] or point["label"])
    moment: datetime = point["as_of"]
    for version in client.datasets.versions(name):
        if version.create_time <= moment:
            return version
    raise CommandFailure(f"{name} had no version yet at {as_text(moment)}")
