"""The catalogue of scorers, as `Client.scorers`."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.scorer import ScorerDescription
from trialbook.client.requests import scorer as requests


class Scorers:
    """The scorers that experiments can use: built in, and hosted by live workers."""

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def list(self, *, page_size: int = 0) -> Iterator[ScorerDescription]:
        """Iterate over the scorers by id."""
        return self._transport.pages(requests.list_scorers(self._project, page_size))

    def describe(self, scorer: str) -> ScorerDescription:
        """Tell all about one scorer. `NotFound` if it is neither built in nor hosted."""
        return self._transport.execute(requests.describe_scorer(self._project, scorer))
