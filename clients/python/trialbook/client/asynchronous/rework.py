"""Retry and rescore, as methods of `AsyncClient.runs`."""

from __future__ import annotations

from collections.abc import Iterable

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.rework import RescoredRun, RetriedRun
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.names import Reference
from trialbook.client.requests import rework as requests


class ReworkCalls:
    """What does more work on a run that has ended; the run is running again until it is done."""

    _transport: AsyncTransport
    _project: str

    async def retry(
        self,
        run: Reference,
        *,
        include_skipped: bool = False,
        numbers: Iterable[int] = (),
        wait_for_worker: bool = False,
        request_id: str | None = None,
    ) -> RetriedRun:
        """Run failed results again, and with `include_skipped` skipped ones, with all attempts.

        `numbers` names some of them. The new outcomes take the places of the old ones, which stay
        in the log. `FailedPrecondition` before the run's end, for caller-driven runs, and as in
        `start`.
        """
        operation = requests.retry_run(
            self._project,
            run,
            include_skipped=include_skipped,
            numbers=numbers,
            wait_for_worker=wait_for_worker,
            request_id=request_id,
        )
        return await self._transport.execute(operation)

    async def rescore(
        self,
        run: Reference,
        scorers: Iterable[Scorer | str] = (),
        *,
        force: bool = False,
        wait_for_worker: bool = False,
        request_id: str | None = None,
    ) -> RescoredRun:
        """Judge the recorded outputs by more scorers, without running the target.

        A scorer whose alias the run has already supersedes that one, whose scores are kept. None
        given: the run's own ones at their newest versions. Those that are what they were are left
        out, unless `force` is set. `FailedPrecondition` before the run's end.
        """
        operation = requests.rescore_run(
            self._project,
            run,
            scorers,
            force=force,
            wait_for_worker=wait_for_worker,
            request_id=request_id,
        )
        return await self._transport.execute(operation)
