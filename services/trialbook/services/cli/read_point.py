"""The options that say which state of a dataset is read, and which of its items."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from trialbook.client import ItemSample, ItemSelection
from trialbook.services.cli.moment import moment

Command = TypeVar("Command", bound=Callable[..., Any])
SAMPLE = re.compile(r"(?P<count>\d+)|(?P<percent>\d+(?:\.\d+)?)%", re.ASCII)


def sample_size(text: str) -> ItemSample:
    """Return the sample that a number of items (100) or a share of them (2.5%) means."""
    parts = SAMPLE.fullmatch(text)
    if parts is None:
        raise click.BadParameter(f"{text!r} is neither a number of items nor a share such as 10%")
    if parts["count"]:
        return ItemSample(count=int(parts["count"]))
    return ItemSample(fraction=float(parts["percent"]) / 100)


def read_point_options(command: Command) -> Command:
    """Give a command the options that say which state is read."""
    for option in reversed(
        (
            click.option(
                "--version", type=click.IntRange(min=1), help="Version to read.  [the current one]"
            ),
            click.option("--label", help="Read the version that this label names."),
            click.option(
                "--as-of",
                type=moment,
                metavar="TIME",
                help="Read what was current at this time, or so long ago.",
            ),
        )
    ):
        command = option(command)
    return command


def selection_options(command: Command) -> Command:
    """Give a command the options that say which items are meant."""
    return _with_selection(command, "--id")


def item_selection_options(command: Command) -> Command:
    """The same for a command with other ids of its own: an item's is `--item`."""
    return _with_selection(command, "--item")


def _with_selection(command: Command, identifier: str) -> Command:
    for option in reversed(
        (
            click.option(identifier, "item_ids", multiple=True, help="Only this item; repeatable."),
            click.option("--split", "splits", multiple=True, help="Only this split; repeatable."),
            click.option("--tag", "tags", multiple=True, help="Only with this tag; all, if many."),
            click.option(
                "--filter",
                "condition",
                default="",
                metavar="CONDITION",
                help="""Only where this holds, say 'metadata.level = "hard" AND input.n > 3'.""",
            ),
            click.option(
                "--sample", type=sample_size, metavar="N|P%", help="Only so many of them, by lot."
            ),
            click.option("--seed", type=int, default=0, help="Of the lot.  [0]"),
        )
    ):
        command = option(command)
    return command


def read_point_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say of the state, as arguments of the client; one of them at most."""
    point = {name: given[name] for name in ("version", "label", "as_of")}
    if sum(value is not None for value in point.values()) > 1:
        raise click.UsageError("give only one of --version, --label and --as-of")
    return point


def selection_of(given: Mapping[str, Any]) -> ItemSelection | None:
    """What the options say of the items; None: all."""
    sample: ItemSample | None = given["sample"]
    if sample is not None:
        sample = ItemSample(sample.count, sample.fraction, given["seed"])
    selection = ItemSelection(
        given["item_ids"], given["splits"], given["tags"], given["condition"], sample
    )
    return None if selection == ItemSelection() else selection


def selection_text(selection: ItemSelection | None) -> str:
    """Return a selection in the words of the options that make it."""
    if selection is None:
        return ""
    parts = [f"--id {identifier}" for identifier in selection.item_ids]
    parts += [f"--split {split}" for split in selection.splits]
    parts += [f"--tag {tag}" for tag in selection.tags]
    if selection.filter:
        parts.append(f"--filter {selection.filter!r}")
    if selection.sample is not None:
        sample = selection.sample
        size = f"{(sample.fraction or 0) * 100:g}%" if sample.count is None else str(sample.count)
        parts.append(f"--sample {size} --seed {sample.seed}")
    return " ".join(parts)
