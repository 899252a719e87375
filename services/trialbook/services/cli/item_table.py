"""Items in tables, and what was done to them in a sentence."""

from __future__ import annotations

import sys

from trialbook.client import Dataset
from trialbook.services.cli.output import Column, Record, shortened
from trialbook.services.cli.records import json_text

PURGED = "(purged)"


def input_text(item: Record, length: int = 60) -> str:
    """An item's input in one short line."""
    return PURGED if item["purged"] else shortened(json_text(item["input"]), length)


ITEM_COLUMNS = (
    Column("#", "ordinal", right=True),
    Column("ITEM", "id"),
    Column("INPUT", input_text, flexible=True),
    Column("EXPECTED", lambda item: shortened(json_text(item["expected"]), 40), flexible=True),
    Column("TAGS", lambda item: ", ".join(item["tags"]), flexible=True),
    Column("SPLIT", "split"),
)


def say_change(dataset: Dataset, **counts: int) -> None:
    """Say on stderr what became of how many items, and which version that made."""
    done = [f"{what} {count:,}" for what, count in counts.items() if count]
    if not done:
        print(f"nothing changed; {dataset.id} stays at version {dataset.version}", file=sys.stderr)
        return
    print(f"{', '.join(done)}; {dataset.id} is at version {dataset.version}", file=sys.stderr)
