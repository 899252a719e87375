"""Brings the test cases of a file into a dataset: all of them, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from trialbook.client import (
    MISSING,
    Client,
    ImportedItems,
    Item,
    Json,
    NotFound,
    TrialbookError,
)
from trialbook.services.cli.dataset_file import DatasetFile, Row
from trialbook.services.cli.failures import CommandFailure

ROW_PATH = re.compile(r"items\[(\d+)\]\.?(.*)")
MOST_BAD_ROWS = 10
LONGEST_ID = 63


def dataset_id_for(path: str) -> str:
    """Make a dataset id of a file's name: `Support cases.jsonl` gives `support-cases`."""
    stem = Path(path).stem.lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:LONGEST_ID]
    if not name or path == "-":
        raise CommandFailure("this file's name makes no dataset id", hint="name it with --dataset")
    return name


def import_dataset(client: Client, source: DatasetFile, name: str, total: int) -> ImportedItems:
    """Add all rows as one version; a dataset that is made for them goes again if that fails."""
    made = _make_if_absent(client, name)
    try:
        with _progress(source.name, total) as items_of:
            return client.datasets.import_items(name, items_of(source))
    except BaseException as error:
        if made:
            with suppress(TrialbookError):
                client.datasets.delete(name)
        if isinstance(error, TrialbookError):
            raise _with_lines(source, error) from error
        raise


def item_of(row: Row) -> Item:
    """Return the item of a row, its payloads as they stand in the file."""
    return Item(
        input=Json(row.input),
        expected=MISSING if row.expected is None else Json(row.expected),
        id=row.item_id or None,
        context=None if row.context is None else Json(row.context),
        metadata=None if row.metadata is None else Json(row.metadata),
        tags=row.tags,
        split=row.split or None,
    )


def _make_if_absent(client: Client, name: str) -> bool:
    try:
        client.datasets.get(name)
    except NotFound:
        client.datasets.create(name)
        return True
    return False


@contextmanager
def _progress(name: str, total: int) -> Iterator[Callable[[DatasetFile], Iterator[Item]]]:
    """Gives the items of a file while a bar on stderr tells how many have gone."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(f"importing {name}", total=total)

        def items_of(source: DatasetFile) -> Iterator[Item]:
            for row in source.rows():
                yield item_of(row)
                progress.advance(task)

        yield items_of


def _with_lines(source: DatasetFile, error: TrialbookError) -> Exception:
    """Name the lines of the file instead of the indices of the request."""
    details = []
    for violation in error.violations:
        place = ROW_PATH.fullmatch(violation.field)
        if place is None:
            return error
        line, path = source.line_of(int(place[1])), place[2].removesuffix(".json")
        details.append(
            f"line {line}: {path}: {violation.description}"
            if path
            else f"line {line}: {violation.description}"
        )
    if not details:
        return error
    more = len(details) - MOST_BAD_ROWS
    shown = details[:MOST_BAD_ROWS] + ([f"and {more} more"] if more > 0 else [])
    return CommandFailure(
        f"{source.name} was refused; nothing was imported",
        details=shown,
        hint="mend these lines, then import the file again",
    )
