"""A process that changes datasets without end and writes down what the server acknowledged.

Started as `python -m tests.fault.writing ADDRESS JOURNAL SEED`. Its changes follow from the seed,
so that whoever reads the journal can tell what each of them was, and repeat it.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TextIO, TypeVar

from trialbook.client import Aborted, Client, Unavailable

T = TypeVar("T")

DATASETS = 3
_PADDING = "x" * 200
_BETWEEN_TRIES = 0.05


@dataclass(frozen=True)
class Change:
    """One change: which dataset, and how many items come in which way."""

    number: int
    kind: str
    dataset: str
    items: int

    @property
    def request_id(self) -> str:
        return f"change-{self.number}"


def changes(seed: str) -> Iterator[Change]:
    """All changes that follow from a seed: first the datasets, then their items."""
    for number in range(DATASETS):
        yield Change(number, "create", f"d{number}", 0)
    source = random.Random(seed)
    for number in count(DATASETS):
        kind = source.choice(("add", "import", "import"))
        most = 100 if kind == "add" else 2500
        yield Change(number, kind, f"d{source.randrange(DATASETS)}", source.randint(1, most))


def item_ids(change: Change) -> Iterator[str]:
    """The ids of the items that a change brings; they tell which change it was."""
    return (f"c{change.number}-{index}" for index in range(change.items))


def _items(change: Change) -> Iterator[Mapping[str, object]]:
    return ({"id": item_id, "input": _PADDING} for item_id in item_ids(change))


def perform(client: Client, change: Change) -> dict[str, Any]:
    """Make a change and return what the server answers."""
    if change.kind == "create":
        created = client.datasets.create(change.dataset, request_id=change.request_id)
        return {"uid": created.uid, "version": created.version}
    if change.kind == "add":
        added = client.datasets.add_items(
            change.dataset, _items(change), request_id=change.request_id
        )
        return {"version": added.dataset.version, "ids": list(added.item_ids)}
    imported = client.datasets.import_items(
        change.dataset, _items(change), request_id=change.request_id
    )
    return {"version": imported.dataset.version, "added": imported.added_count}


def until_answered(call: Callable[[], T]) -> T:
    """Make a call again and again while the server is away, or an import is being dropped."""
    while True:
        try:
            return call()
        except Unavailable:
            time.sleep(_BETWEEN_TRIES)
        except Aborted as error:
            if error.reason != "IMPORT_IN_PROGRESS":
                raise
            time.sleep(_BETWEEN_TRIES)


def _note(journal: TextIO, line: Mapping[str, Any]) -> None:
    journal.write(json.dumps(line) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


def main(address: str, journal_path: Path, seed: str) -> None:
    """Make changes until somebody ends the process."""
    with Client(address) as client, journal_path.open("a") as journal:
        for change in changes(seed):
            _note(journal, {"begun": asdict(change)})
            answer = until_answered(partial(perform, client, change))
            _note(journal, {"acknowledged": change.number, "answer": answer})


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
