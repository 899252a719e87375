"""Scores, as `Client.scores`."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.score import RunScore, ScoreStatus
from trialbook.client.models.score_explanation import JudgedScore, ScoreExplanation
from trialbook.client.names import Reference
from trialbook.client.requests import score as requests


class Scores:
    """Scores, and how they came about.

    A score is given by model, by full name, or as `{run}/results/{number}/scores/{alias}`; number 0
    is the run as a whole.
    """

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def list(
        self,
        run: Reference,
        *,
        scorer: str = "",
        status: ScoreStatus | str | None = None,
        not_passed: bool = False,
        include_superseded: bool = False,
        page_size: int = 0,
    ) -> Iterator[RunScore]:
        """Iterate over the scores of a run by result and scorer, those of the whole run first.

        `scorer` is an alias. With `not_passed`, only those that say that the result does not pass.
        """
        listing = requests.list_scores(
            self._project,
            run,
            scorer=scorer,
            status=status,
            not_passed=not_passed,
            include_superseded=include_superseded,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    def get(self, score: Reference) -> JudgedScore:
        """Return one score with the result that was judged. `NotFound` if there is none."""
        return self._transport.execute(requests.get_score(self._project, score))

    def explain(self, score: Reference) -> ScoreExplanation:
        """Return the chain of facts that made a score: item, target, output, scorer, who and when.

        `NotFound` if there is none.
        """
        return self._transport.execute(requests.explain_score(self._project, score))
