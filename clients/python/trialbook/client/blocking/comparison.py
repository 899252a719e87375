"""Comparisons, trends and distributions, as methods of `Client.runs`."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.comparison import Comparison, ComparisonOptions
from trialbook.client.models.distribution import ScoreDistribution
from trialbook.client.models.trend import TrendPoint
from trialbook.client.names import Reference
from trialbook.client.requests import comparison as requests
from trialbook.client.requests import trend


class ComparisonCalls:
    """What sets runs beside each other. The runs may go on still."""

    _transport: BlockingTransport
    _project: str

    def compare(
        self,
        baseline: Reference,
        *candidates: Reference,
        options: ComparisonOptions | None = None,
    ) -> Comparison:
        """Compare up to 10 runs with a baseline, item by item, with intervals and tests.

        Without any, the baseline is only told by itself: its means, and what its trials come to.
        What is not the same in both runs is told, and left out unless the options say otherwise.
        `InvalidArgument` for runs of other projects, and for options that make no sense.
        """
        operation = requests.compare_runs(self._project, baseline, candidates, options)
        return self._transport.execute(operation)

    def distribution(self, run: Reference, scorer: str, *, bins: int = 0) -> ScoreDistribution:
        """Return how the values of a scorer, given by alias, are distributed over 1 to 200 bins.

        Default: 20 bins.
        """
        return self._transport.execute(trend.get_distribution(self._project, run, scorer, bins))

    def trend(
        self, experiment: Reference, *, scorer: str = "", page_size: int = 0
    ) -> Iterator[TrendPoint]:
        """Iterate over the ended runs of an experiment with what scorers said, newest first."""
        listing = trend.list_trend_points(self._project, experiment, scorer, page_size)
        return self._transport.pages(listing)
