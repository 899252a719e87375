"""One watcher of a run: the past from the log, then the present as it becomes past."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec

from trialbook.services.application import hosting
from trialbook.services.application import run as application
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import (
    BeganFact,
    CancelFact,
    EndedFact,
    RescoredFact,
    ResultView,
    RetriedFact,
    RunFact,
    RunFactView,
    RunView,
    ScoredFact,
    StartedFact,
    VerdictView,
)
from trialbook.services.domain.errors import ShuttingDown
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc import run_message
from trialbook.services.rpc.definition import to_scorer, to_target
from trialbook.services.rpc.gate import to_verdict
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.result import to_result
from trialbook.services.rpc.score_message import to_score
from trialbook.v1 import run_pb2 as pb
from trialbook.v1 import run_service_pb2 as rpc

PAGE = 1000
SIGN_OF_LIFE = 15.0
"""Seconds between messages when nothing happens."""
_BETWEEN_RUNS = 0.2
_BETWEEN_PAGES = 0.01


class Watch:
    """Tells facts in order, each once; it keeps nothing but its position."""

    def __init__(self, store: Store, engine: Engine, view: RunView) -> None:
        self._store = store
        self._engine = engine
        self._view = view
        self._run_told_at = -_BETWEEN_RUNS

    async def after(self, position: int) -> AsyncIterator[rpc.WatchRunResponse]:
        """Yield messages until the run has ended. Raises ShuttingDown if the service goes away."""
        signal = self._engine.runs.watch(self._view.number)
        try:
            while True:
                seen = signal.count
                tell_run = time.monotonic() - self._run_told_at >= _BETWEEN_RUNS
                facts, view = await self._read(position, with_waiting=tell_run)
                position = facts[-1].position if facts else position
                # The verdict is the last fact of a run that has a gate.
                over = view.status.ended and not view.verdict_due
                ended = over and view.last_position == position
                if tell_run or ended:
                    self._run_told_at = time.monotonic()
                yield rpc.WatchRunResponse(
                    events=[to_event(view, fact) for fact in facts],
                    through_position=position,
                    run=run_message.to_run(view) if tell_run or ended else None,
                )
                if ended:
                    return
                if self._engine.draining:
                    raise ShuttingDown
                if position == view.last_position:
                    # A short rest gathers what is recorded meanwhile into one message.
                    await asyncio.sleep(_BETWEEN_PAGES)
                    await signal.wait(seen, SIGN_OF_LIFE)
        finally:
            self._engine.runs.leave(self._view.number)

    async def _read(
        self, position: int, *, with_waiting: bool
    ) -> tuple[list[RunFactView], RunView]:
        def query(queries: Queries) -> tuple[list[RunFactView], RunView]:
            facts = queries.runs.facts(self._view, position, PAGE)
            view = application.require(queries, self._view.project, self._view.run_id)
            if with_waiting:
                waiting_for = hosting.waiting_for(queries, view)
                view = msgspec.structs.replace(view, waiting_for=waiting_for)
            return facts, view

        return await self._store.read(query)


def to_event(run: RunView, view: RunFactView) -> pb.RunEvent:
    """Return a fact of a run for the wire."""
    event = pb.RunEvent(position=view.position, record_time=write_time(view.recorded_at))
    match view.fact:
        case ResultView() as result:
            event.result.CopyFrom(to_result(run, result))
        case ScoredFact(number, item_id, trial, score):
            event.scored.number = number
            event.scored.item_id = item_id
            event.scored.trial = trial
            event.scored.score.CopyFrom(to_score(run, number, score))
        case _:
            _fill_head_fact(event, view.fact)
    return event


def _fill_head_fact(event: pb.RunEvent, fact: RunFact) -> None:
    match fact:
        case StartedFact(planned):
            event.started.planned = planned
        case BeganFact(target):
            event.began.target.CopyFrom(to_target(target))
        case CancelFact(author, reason, end_reason):
            event.cancel_requested.author = author
            event.cancel_requested.reason = reason
            event.cancel_requested.end_reason = run_message.END_REASONS[end_reason]
        case RetriedFact(round_, count, author):
            event.retried.CopyFrom(pb.RunRetried(round=round_, count=count, author=author))
        case RescoredFact(scorers, author):
            event.rescored.scorers.extend(map(to_scorer, scorers))
            event.rescored.author = author
        case EndedFact():
            event.ended.CopyFrom(run_message.to_ended(fact))
        case VerdictView():
            event.gate_verdict.CopyFrom(to_verdict(fact))
