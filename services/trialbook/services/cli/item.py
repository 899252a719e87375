"""`trialbook item`: single test cases of a dataset, or a few of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from trialbook.client import AddedItems, Client, Dataset, UpsertedItems
from trialbook.services.cli.dataset_diff import kind_text
from trialbook.services.cli.item_assignment import (
    TEXT_OPTIONS,
    assigned,
    assignment_options,
    identity_options,
    needs_before,
)
from trialbook.services.cli.item_fields import CLEARABLE, IDENTITIES, PAYLOADS
from trialbook.services.cli.item_file import CLEAR, ItemFile, read_item_file
from trialbook.services.cli.item_table import PURGED, say_change
from trialbook.services.cli.options import (
    CommonOptions,
    change_options,
    common_options,
    pass_options,
)
from trialbook.services.cli.output import (
    Column,
    Record,
    encode,
    print_fields,
    print_record,
    print_records,
)
from trialbook.services.cli.read_point import read_point_of, read_point_options
from trialbook.services.cli.records import record_of
from trialbook.services.cli.scorer_argument import scorer_text
from trialbook.services.cli.session import open_client

SHOWN = {
    "name": "item",
    "external_id": "external id",
    **{name: name.replace("_", " ") for name in PAYLOADS},
    "tags": "tags",
    "split": "split",
    "tool_mocks": "tool mocks",
    "unmocked_tools": "unmocked tools",
    "scorers": "scorers",
    "source": "source",
    "ordinal": "place",
    "added_version": "added in version",
    "version": "written in version",
    "create_time": "added",
    "update_time": "written",
}


def _paths(revision: Record) -> str:
    return ", ".join(change["path"] for change in revision["changes"])


REVISION_COLUMNS = (
    Column("VERSION", "version", right=True),
    Column("WHAT", lambda revision: kind_text(revision["kind"])),
    Column("FIELDS", _paths, flexible=True),
    Column("WHEN", "create_time"),
    Column("AUTHOR", "author"),
    Column("MESSAGE", "message", flexible=True),
)
file_option = click.option(
    "--file", metavar="FILE", help="Many instead: a JSON object a line, up to 1,000; - is stdin."
)


@click.group()
def item() -> None:
    """Read and change single items of a dataset."""


@item.command()
@click.argument("dataset")
@click.argument("item_id", metavar="ITEM")
@read_point_options
@common_options
@pass_options
def show(options: CommonOptions, /, dataset: str, item_id: str, **given: Any) -> None:
    """Show an item, as it is or as it was."""
    point = read_point_of(given)
    with open_client(options) as client:
        found = client.datasets.item(dataset, item_id, **point)
    print_record(options.form, record_of(found), _show)


@item.command()
@click.argument("dataset")
@identity_options
@assignment_options
@file_option
@change_options
@common_options
@pass_options
def add(options: CommonOptions, /, dataset: str, file: str | None, **given: Any) -> None:
    """Add an item, or those of a file, as one version.

    An item that is there with the same content is left as it is; other content is refused.
    """
    items, change = _items(given, file), _change(given)
    with open_client(options) as client, items.naming_lines():
        done = client.datasets.add_items(dataset, items.rows, **change)
    _print_ids(options, done, added=done.added_count)


@item.command()
@click.argument("dataset")
@identity_options
@assignment_options
@file_option
@change_options
@common_options
@pass_options
def upsert(options: CommonOptions, /, dataset: str, file: str | None, **given: Any) -> None:
    """Add an item, or those of a file, or replace what is there of the same id.

    An item is known by its external_id, or else its id, and gets exactly the content given.
    """
    items, change = _items(given, file), _change(given)
    with open_client(options) as client, items.naming_lines():
        done = client.datasets.upsert_items(dataset, items.rows, **change)
    counts = {
        "added": done.added_count,
        "changed": done.changed_count,
        "restored": done.restored_count,
    }
    _print_ids(options, done, **counts)


@item.command()
@click.argument("dataset")
@click.argument("item_id", metavar="[ITEM]", required=False)
@assignment_options
@click.option(
    "--clear", multiple=True, metavar="FIELD", type=click.Choice(CLEARABLE), help="Take it away."
)
@file_option
@change_options
@common_options
@pass_options
def update(
    options: CommonOptions, /, dataset: str, item_id: str | None, file: str | None, **given: Any
) -> None:
    """Change some fields of an item; the others stay.

    With --file, each line names its item by id or external_id, and has the fields to change; its
    field clear is a list of those to take away.
    """
    change = _change(given)
    with open_client(options) as client:
        if file is None:
            updates = _update(client, dataset, item_id, given, change)
        elif item_id is not None or _has_fields(given):
            raise click.UsageError("give either ITEM with its fields, or --file")
        else:
            updates = read_item_file(file, updates=True)
        with updates.naming_lines():
            done = client.datasets.update_items(dataset, updates.rows, **change)
    _print_change(options, done, done.dataset, changed=done.changed_count)


@item.command()
@click.argument("dataset")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@change_options
@common_options
@pass_options
def remove(options: CommonOptions, /, dataset: str, items: tuple[str, ...], **given: Any) -> None:
    """Remove items, as one version. Older versions keep them."""
    with open_client(options) as client:
        done = client.datasets.remove_items(dataset, items, **given)
    _print_change(options, done, done.dataset, removed=done.removed_count)


@item.command()
@click.argument("dataset")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option(
    "--version",
    type=click.IntRange(min=1),
    metavar="N",
    help="Give them the content of this version.  [as they were last]",
)
@change_options
@common_options
@pass_options
def restore(options: CommonOptions, /, dataset: str, items: tuple[str, ...], **given: Any) -> None:
    """Bring removed items back, or set items to what they were at a version."""
    with open_client(options) as client:
        done = client.datasets.restore_items(dataset, items, **given)
    counts = {"restored": done.restored_count, "changed": done.changed_count}
    _print_change(options, done, done.dataset, **counts)


@item.command()
@click.argument("dataset")
@click.argument("item_id", metavar="ITEM")
@common_options
@pass_options
def history(options: CommonOptions, dataset: str, item_id: str) -> None:
    """List what happened to an item, the newest first. Removed items are found too."""
    with open_client(options) as client:
        found = map(record_of, client.datasets.item_revisions(dataset, item_id))
        print_records(options.form, found, REVISION_COLUMNS)


def _change(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("message", "expected_version")}


def _has_fields(given: Mapping[str, Any]) -> bool:
    texts = (f"{name}_text" for name in TEXT_OPTIONS)
    names = ("assignments", "input_file", "expected_file", CLEAR, *texts)
    return any(given.get(name) for name in names)


def _items(given: Mapping[str, Any], file: str | None) -> ItemFile:
    """The items of a file, or the one that the options give."""
    if file is None:
        if not _has_fields(given):
            raise click.UsageError("give the item's fields with --set, or --file")
        return ItemFile("the item", (), (assigned(given),))
    if _has_fields(given):
        raise click.UsageError("give either the item's fields, or --file")
    return read_item_file(file)


def _update(
    client: Client,
    dataset: str,
    item_id: str | None,
    given: Mapping[str, Any],
    change: dict[str, Any],
) -> ItemFile:
    """The update that the options give. Parts are set in what the item holds now."""
    if item_id is None or not _has_fields(given):
        raise click.UsageError("give ITEM and its fields with --set or --clear, or --file")
    before: dict[str, str | None] = {}
    if needs_before(given["assignments"]):
        # Nobody may come between this read and the change that is made of it.
        version = client.datasets.get(dataset).version
        if change["expected_version"] is None:
            change["expected_version"] = version
        stored = client.datasets.item(dataset, item_id, version=version or None)
        before = {name: getattr(stored, f"{name}_json") for name in PAYLOADS}
    fields = assigned(given, before)
    if fields.keys() & IDENTITIES:
        raise click.UsageError("the id and the external_id of an item cannot be changed")
    return ItemFile("the item", (), ({"id": item_id, **fields, CLEAR: given[CLEAR]},))


def _print_ids(options: CommonOptions, done: AddedItems | UpsertedItems, **counts: int) -> None:
    """Print the ids on stdout, for scripts; what became of them goes to stderr."""

    def say(_: Record) -> None:
        print("\n".join(done.item_ids))
        say_change(done.dataset, **counts)

    print_record(options.form, record_of(done), say)


def _print_change(options: CommonOptions, done: Any, dataset: Dataset, **counts: int) -> None:
    print_record(options.form, record_of(done), lambda _: say_change(dataset, **counts))


def _show(item: Record) -> None:
    source = item["source"]
    shown = {
        **item,
        "tags": ", ".join(item["tags"]),
        "tool_mocks": encode(item["tool_mocks"]) if item["tool_mocks"] else "",
        "unmocked_tools": item["unmocked_tools"].replace("unspecified", ""),
        "scorers": ", ".join(map(scorer_text, item["scorers"])),
        "source": " ".join(filter(None, (source["type"], source["reference"]))),
    }
    print_fields(shown | ({"input": PURGED} if item["purged"] else {}), SHOWN)
