"""`AsyncClient`: the way in for asyncio."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from trialbook.client.asynchronous.dataset import Datasets
from trialbook.client.asynchronous.event import Events
from trialbook.client.asynchronous.experiment import Experiments
from trialbook.client.asynchronous.review import Reviews
from trialbook.client.asynchronous.run import Runs
from trialbook.client.asynchronous.score import Scores
from trialbook.client.asynchronous.scorer import Scorers
from trialbook.client.asynchronous.trace import Traces
from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.connection import TlsSetting, connection


class AsyncClient:
    """A connection to a Trialbook server, for one event loop. Its methods are those of `Client`.

    What is not given comes from TRIALBOOK_ADDRESS (default 127.0.0.1:50051; `unix:` addresses
    work too), TRIALBOOK_TOKEN, TRIALBOOK_TLS_CA and TRIALBOOK_PROJECT (default `default`). `tls`
    is True, a path of a CA file, or a `Tls`. A token is not sent in plain text to another machine
    unless `insecure` says so: `InvalidConnection`.

    Calls raise a `TrialbookError`. They take 30 seconds at most, and are made again, with waits
    that grow, while the server is not available. Connecting is left to the first call.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        tls: TlsSetting = None,
        project: str | None = None,
        insecure: bool = False,
    ) -> None:
        settings = connection(address, project=project, token=token, tls=tls, insecure=insecure)
        self._transport = AsyncTransport(settings)
        self.address = settings.address
        self.project = settings.project
        self.datasets = Datasets(self._transport, settings.project)
        self.experiments = Experiments(self._transport, settings.project)
        self.runs = Runs(self._transport, settings.project)
        self.scores = Scores(self._transport, settings.project)
        self.traces = Traces(self._transport, settings.project)
        self.reviews = Reviews(self._transport, settings.project)
        self.scorers = Scorers(self._transport, settings.project)
        self.events = Events(self._transport, settings.project)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
