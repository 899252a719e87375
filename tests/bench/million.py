"""A dataset of a million items: its import, its pages, its rebuild."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.processes import BenchFailure, anonymous_memory, peak_memory
from tests.bench.server import Served, serving
from trialbook.client import Client, DatasetItem, Item, Json
from trialbook.client.operation import Page
from trialbook.client.requests.item_read import list_items

ITEMS = 1_000_000
READS = 200
PAGE_SIZE = 100
DATASET = "million"
_CHANGED = 500
_PADDING = (
    "How many litres does the depot burn in a week of seven days, and how many lorries are on the "
    "way?"
)


def million_sqlite(bench: Bench) -> list[Figure]:
    """Import, read and rebuild a million items on SQLite."""
    return _million(bench, Backend.SQLITE)


def million_postgres(bench: Bench) -> list[Figure]:
    """Import, read and rebuild a million items on PostgreSQL."""
    return _million(bench, Backend.POSTGRES)


def _million(bench: Bench, backend: Backend) -> list[Figure]:
    folder, count = bench.folder / f"million-{backend.name.lower()}", bench.sized(ITEMS)
    with backend.database(folder) as database:
        with serving(database, folder, profile=bench.profile) as served:
            figures = _import(served, count)
            figures += _pages(served.client, count, bench.sized(READS))
        return figures + _rebuild(database, count)


def _items(count: int) -> Iterator[Item]:
    """Make items whose input has about 200 bytes."""
    for number in range(count):
        yield Item(
            Json(f'{{"crates": {number}, "question": "{_PADDING}", "depot": "{number:050}"}}'),
            Json(str(number * 31)),
            id=_id(number),
        )


def _id(number: int) -> str:
    return f"case-{number:07}"


def _import(served: Served, count: int) -> list[Figure]:
    served.client.datasets.create(DATASET)
    began = time.monotonic()
    done = served.client.datasets.import_items(DATASET, _items(count))
    rate = count / (time.monotonic() - began)
    if done.added_count != count or done.dataset.item_count != count:
        raise BenchFailure(f"{done.added_count} of {count} items were imported")
    memory, own = peak_memory(served.process), anonymous_memory(served.process)
    steady = _last_over_first(served.client, count)
    return [
        Figure(f"import of {count:,} items", rate, "items/s", at_least(20_000)),
        Figure("rate in the last tenth over the first", steady, "×", at_least(0.85)),
        Figure("server's peak memory", memory, "MB", at_most(300)),
        *([] if own is None else [Figure("of it at the end, without mapped files", own, "MB")]),
    ]


def _last_over_first(client: Client, count: int) -> float:
    """Return the rate in the last tenth over that in the first, by when items were recorded.

    The client cannot tell: what it has sent may still be on its way.
    """
    places = (0, count // 10, count - 1 - count // 10, count - 1)
    start, tenth, ninth, end = (
        client.datasets.item(DATASET, _id(place)).create_time for place in places
    )
    return (tenth - start) / (end - ninth)


def _pages(client: Client, count: int, reads: int) -> list[Figure]:
    """Read pages of the first version, of one in the middle, and of the current one, in turn."""
    for number in range(4):
        first = number * count // 5
        client.datasets.remove_items(
            DATASET, [_id(place) for place in range(first, first + _CHANGED // 2)]
        )
    current = client.datasets.get(DATASET).version
    places = {
        (version, name): token
        for version in (1, current // 2, current)
        for name, token in _tokens(client, version).items()
    }
    seconds: dict[tuple[int, str], list[float]] = {place: [] for place in places}
    for _ in range(reads):
        for (version, name), token in places.items():
            began = time.perf_counter()
            _read(client, version, token, PAGE_SIZE)
            seconds[version, name].append(time.perf_counter() - began)
    return [
        Figure(
            f"{name} page of {PAGE_SIZE}, version {version} of {current}, p50",
            median(taken) * 1000,
            "ms",
            at_most(5),
        )
        for (version, name), taken in seconds.items()
    ]


def _tokens(client: Client, version: int) -> dict[str, str]:
    """Return the tokens of the first, the middle and the last page."""
    tokens = [""]
    while following := _read(client, version, tokens[-1], 1000).next_token:
        tokens.append(following)
    return {"first": "", "middle": tokens[len(tokens) // 2], "last": tokens[-1]}


def _read(client: Client, version: int, token: str, size: int) -> Page[DatasetItem]:
    # The public iterator hides the tokens.
    listing = list_items(
        client.project,
        DATASET,
        version=version,
        label=None,
        as_of=None,
        selection=None,
        page_size=size,
    )
    page: Page[DatasetItem] = client.datasets._transport.execute(listing(token))
    return page


def _rebuild(database: str, count: int) -> list[Figure]:
    command = ("admin", "rebuild", "--database", database, "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "trialbook.services.cli", *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).resolve().parents[2],
    )
    if done.returncode != 0:
        raise BenchFailure(f"the rebuild failed: {done.stderr}")
    seconds = float(json.loads(done.stdout)["seconds"])
    return [
        Figure(f"rebuild of {count:,} item facts", count / seconds, "facts/s", at_least(50_000))
    ]
