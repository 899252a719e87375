"""Pages of results: the last must not cost more than the first."""

from __future__ import annotations

import time
from statistics import median

from tests.bench.figures import Figure, at_most
from trialbook.client import Client, Result, Run
from trialbook.client.operation import Page
from trialbook.client.requests.run import list_results

PAGE_SIZE = 100


def paging_figures(client: Client, run: Run, reads: int) -> list[Figure]:
    """Read the first and the last page in turn, over the wire."""
    last = _last_token(client, run)
    seconds: dict[str, list[float]] = {"": [], last: []}
    for _ in range(reads):
        for token, taken in seconds.items():
            began = time.perf_counter()
            _read(client, run, token)
            taken.append(time.perf_counter() - began)
    first_ms, last_ms = (median(taken) * 1000 for taken in seconds.values())
    return [
        Figure(f"first page of {PAGE_SIZE} results, p50", first_ms, "ms"),
        Figure(f"last page of {PAGE_SIZE} results, p50", last_ms, "ms"),
        Figure("last page over the first", last_ms / first_ms, "×", at_most(2)),
    ]


def _last_token(client: Client, run: Run) -> str:
    token, newest = "", _read(client, run, "").next_token
    while newest:
        token, newest = newest, _read(client, run, newest).next_token
    return token


def _read(client: Client, run: Run, token: str) -> Page[Result]:
    # The public iterator hides the tokens.
    listing = list_results(
        client.project,
        run,
        status=None,
        order=None,
        include_items=False,
        page_size=PAGE_SIZE,
    )
    page: Page[Result] = client.runs._transport.execute(listing(token))
    return page
