"""The results of a run, for scorers that judge it as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.result import Result
from trialbook.client.operation import Listing, Operation, Page
from trialbook.client.requests.run import list_results
from trialbook.client.worker.scope import ResultReader

PAGE_SIZE: Final = 1_000


class RunResults:
    """All results of the run that is judged, by number, with inputs and expected values.

    Iterate over it, with `async for` in a coroutine, as often as needed: each pass reads them page
    by page, so that a run may be larger than memory. `run` is the run's full name.
    """

    def __init__(self, run: str, reader: ResultReader) -> None:
        self.run = run
        self._reader = reader

    def __iter__(self) -> Iterator[Result]:
        return self._reader.read(self.run)

    def __aiter__(self) -> AsyncIterator[Result]:
        return self._reader.read_async(self.run)


class ChannelReader:
    """Reads results through a worker's channel, which belongs to its event loop."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def read(self, run: str) -> Iterator[Result]:
        """Yield results in a thread."""
        listing, token, more = _listing(run), "", True
        while more:
            page = self._wait(listing(token))
            yield from page.values
            token = page.next_token
            more = bool(token)

    def read_async(self, run: str) -> AsyncIterator[Result]:
        """Yield results in the event loop."""
        return self._transport.pages(_listing(run))

    def _wait(self, operation: Operation[Any, Page[Result]]) -> Page[Result]:
        call = self._transport.execute(operation)
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()


def _listing(run: str) -> Listing[Result]:
    return list_results("", run, status=None, order=None, include_items=True, page_size=PAGE_SIZE)
