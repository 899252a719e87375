"""Sends each recorded score to a collector, as it is recorded. See evaluation_record for what."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress

from trialbook.services.application import evaluation
from trialbook.services.application.evaluation_reads import RecordedScore, ScorePage
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.domain.errors import Unavailable
from trialbook.services.domain.identity import new_uid
from trialbook.services.engine.commit_watch import CommitWatch
from trialbook.services.otlp.evaluation_record import evaluation_records
from trialbook.services.otlp.signal import LOGS
from trialbook.services.otlp.tee_endpoint import TeeEndpoint
from trialbook.services.otlp.tee_sender import Backoff, Outcome, sender_to

_CONTEXT = CommandContext(actor="trialbook", command="SendEvaluations")
_BATCH = 512
_REST = 0.25
"""Seconds between two looks at what was recorded: scores go out in batches, not one by one."""
_CLAIM = 30.0
"""Seconds for which the sending is left to the server that did it last."""
_TOLD_EVERY = 60.0
_LOCKED_OUT = (
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "UNIMPLEMENTED",
    "NOT_FOUND",
    "RESOURCE_EXHAUSTED",
    "INTERNAL",
    "UNKNOWN",
    "HTTP 401",
    "HTTP 403",
    "HTTP 404",
    "HTTP 405",
    "HTTP 5",
)

_log = logging.getLogger(__name__)


class _Lost(Exception):
    """Another server has taken over."""


class EvaluationSender:
    """Follows the log and sends scores in its order, at least once each.

    How far it came is stored when the collector has acknowledged, so that a restart loses none.
    Of servers that share a database one sends, until it is silent for the time of its claim. A
    collector that does not answer is asked again for as long as it takes, and recording never
    waits for it. What it refuses for good is told in the log and left out: it would keep back all
    that follows. It lives on the event loop.
    """

    def __init__(self, store: Store, endpoint: TeeEndpoint) -> None:
        self._store = store
        self._endpoint = endpoint
        self._sender = sender_to(endpoint)
        self._server = f"trialbook/{new_uid()}"
        self._watch = CommitWatch(store, self._look, lambda: True, rest=_REST)
        self._claimed_at = -_CLAIM
        self._reached = 0
        self._told_at = -_TOLD_EVERY

    async def start(self) -> None:
        """Begin where the last one stopped, or at the end of the log. Call it on the event loop."""
        await self._claim()
        self._watch.start()

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        await self._watch.stop()
        await self._sender.close()
        with suppress(Unavailable):
            await self._store.transact(_CONTEXT, lambda uow: evaluation.release(uow, self._server))

    async def _look(self) -> None:
        """Send all that there is to send."""
        try:
            while await self._send_page():
                pass
        except _Lost:
            await asyncio.sleep(_CLAIM / 10)
            self._watch.hurry()

    async def _send_page(self) -> bool:
        """Send a batch; say whether more may follow."""
        await self._require_claim()
        page = await self._store.read(self._page)
        if page.rows:
            await self._deliver(page.rows)
        if page.rows or page.more:
            await self._store_reached(page.reached)
        self._reached = page.reached
        return page.more

    def _page(self, queries: Queries) -> ScorePage:
        return queries.recorded_scores.page(self._reached, _BATCH)

    async def _deliver(self, scores: Sequence[RecordedScore]) -> None:
        body = evaluation_records(scores)
        backoff = Backoff()
        while True:
            outcome = await self._sender.send(LOGS, body, self._endpoint.headers)
            if outcome is None:
                return
            if not outcome.retryable and not _is_locked_out(outcome):
                # Each loss is told, however soon after the last one.
                _log.warning(
                    "%d scores are left out, refused by %s: %s",
                    len(scores),
                    self._endpoint,
                    outcome.reason,
                )
                return
            self._tell_waiting(outcome)
            await backoff.rest(outcome)
            await self._require_claim()

    async def _require_claim(self) -> None:
        """Raise _Lost if another server sends; else see to it that none will soon."""
        if time.monotonic() - self._claimed_at < _CLAIM / 3:
            return
        if not await self._claim():
            raise _Lost

    async def _claim(self) -> bool:
        said_at = time.monotonic()
        lifetime = int(_CLAIM * 1_000_000) if self._store.shared else 0
        position = await self._store.transact(
            _CONTEXT, lambda uow: evaluation.claim(uow, self._server, lifetime)
        )
        if position is None:
            return False
        self._claimed_at = said_at
        # Beyond what is stored nothing but events without scores has been passed.
        self._reached = max(self._reached, position)
        return True

    async def _store_reached(self, reached: int) -> None:
        if not await self._store.transact(
            _CONTEXT, lambda uow: evaluation.store_reached(uow, self._server, reached)
        ):
            self._claimed_at = -_CLAIM
            raise _Lost

    def _tell_waiting(self, outcome: Outcome) -> None:
        if time.monotonic() - self._told_at >= _TOLD_EVERY:
            self._told_at = time.monotonic()
            _log.warning("scores wait for %s: %s", self._endpoint, outcome.reason)


def _is_locked_out(outcome: Outcome) -> bool:
    """Whether it is not the scores that are refused, but whoever sends them, or the whole signal.

    That is for people to put right, and nothing may be lost meanwhile.
    """
    return outcome.reason.startswith(_LOCKED_OUT)
