"""`trialbook dataset diff`: what differs between two versions of a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec
from rich.text import Text

from trialbook.client import DatasetDiff, ItemDifference
from trialbook.services.cli.item_table import input_text
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    print_record,
    print_records,
    print_table,
    shortened,
    stdout_console,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

STYLES = {"added": "green", "restored": "green", "changed": "yellow", "removed": "red"}
LONGEST_VALUE = 50


def kind_text(kind: str) -> Text:
    """What happened, in its colour where there are colours."""
    return Text(kind, style=STYLES.get(kind, ""))


def value_text(value: msgspec.Raw | None) -> str:
    """One side of a change, in a short line; JSON, to tell the text "1" from the number."""
    return "" if value is None else shortened(bytes(value).decode(), LONGEST_VALUE)


COLUMNS = (
    Column("WHAT", lambda row: kind_text(row["kind"])),
    Column("ITEM", "item_id"),
    Column("FIELD", "path", flexible=True),
    Column("BEFORE", "before", flexible=True),
    Column("AFTER", "after", flexible=True),
)


@click.command()
@click.argument("name")
@click.argument("base", metavar="FROM")
@click.argument("head", metavar="[TO]", required=False)
@common_options
@pass_options
def diff(options: CommonOptions, name: str, base: str, head: str | None) -> None:
    """Show what differs between two versions, each given by number or label.

    Without TO, the current version is meant; 0 is the empty dataset. With --format json the answer
    is one document with the counts; with jsonl or csv each item that differs is a line.
    """
    with open_client(options) as client:
        total = client.datasets.diff(name, base, head)
        found = client.datasets.differences(name, total.from_version, total.to_version)
        if options.form == "table":
            _show(name, total, found)
        elif options.form == "json":
            everything = record_of(total) | {"differences": list(map(record_of, found))}
            print_record(options.form, everything, lambda _: None)
        else:
            print_records(options.form, map(record_of, found), COLUMNS)


def _show(name: str, total: DatasetDiff, found: Iterator[ItemDifference]) -> None:
    counts = (
        f"{total.added_count:,} added, {total.changed_count:,} changed, "
        f"{total.removed_count:,} removed"
    )
    title = f"{name} from version {total.from_version} to {total.to_version}: {counts}"
    stdout_console().print(Text(title))
    rows = [*_settings_rows(total), *(row for item in found for row in _item_rows(record_of(item)))]
    if rows:
        print_table(rows, COLUMNS)


def _settings_rows(total: DatasetDiff) -> Iterator[dict[str, Any]]:
    for change in map(record_of, total.settings_changes):
        yield _row("changed", "", change)


def _item_rows(item: Record) -> Iterator[dict[str, Any]]:
    """A row for each change of an item, or one that tells its input."""
    if item["changes"]:
        for change in item["changes"]:
            yield _row(item["kind"], item["item_id"], change)
        return
    sides = {side: input_text(item[side]) if item[side] else "" for side in ("before", "after")}
    yield {"kind": item["kind"], "item_id": item["item_id"], "path": "", **sides}


def _row(kind: str, item_id: str, change: Record) -> dict[str, Any]:
    before, after = value_text(change["before"]), value_text(change["after"])
    return {
        "kind": kind,
        "item_id": item_id,
        "path": change["path"],
        "before": before,
        "after": after,
    }
