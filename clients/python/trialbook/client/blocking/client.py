"""`Client`: the way in."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from trialbook.client.blocking.dataset import Datasets
from trialbook.client.blocking.event import Events
from trialbook.client.blocking.experiment import Experiments
from trialbook.client.blocking.review import Reviews
from trialbook.client.blocking.run import Runs
from trialbook.client.blocking.score import Scores
from trialbook.client.blocking.scorer import Scorers
from trialbook.client.blocking.trace import Traces
from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.connection import TlsSetting, connection


class Client:
    """A connection to a Trialbook server, safe to share between threads.

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
        self._transport = BlockingTransport(settings)
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

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
