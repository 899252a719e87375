"""The facts of a run in the order of their positions, read from the log itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from trialbook.eventstore import Reader, RecordedEvent
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
    ScoreView,
    StartedFact,
    VerdictView,
)
from trialbook.services.domain.content import BlobReference, Content
from trialbook.services.domain.gate import GateEvaluated
from trialbook.services.domain.run import (
    EndReason,
    ResultFact,
    ResultsRecorded,
    RunBegan,
    RunCancelRequested,
    RunEnded,
    RunRescored,
    RunRetried,
    RunStarted,
    ScoreFact,
    ScoresRecorded,
)
from trialbook.services.projections.bodies import PAGE_BYTES

_CHUNKS = 64
_SERVICE = "trialbook"


class SqlFacts:
    """The part of RunReads that tells a run's history."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def facts(self, run: RunView, after: int, limit: int) -> list[RunFactView]:
        """Return up to `limit` facts after a position, fewer if they are large."""
        chunks = self._reader.query(
            """
            SELECT event, first_position FROM run_chunk
            WHERE run = ? AND last_position > ? ORDER BY last_position LIMIT ?
            """,
            (run.number, after, _CHUNKS),
        )
        wanted = [event for event, _ in takewhile(lambda chunk: chunk[1] <= after + limit, chunks)]
        room = _Room(limit)
        chosen = [
            (position, recorded, fact)
            for recorded in self._reader.events_at(wanted)
            for position, fact in _facts(recorded)
            if position > after and room.takes(fact)
        ]
        bodies = self._reader.blobs(room.digests) if room.digests else {}
        return [
            RunFactView(position, recorded.metadata.recorded_at, _view(recorded, fact, bodies))
            for position, recorded, fact in chosen
        ]


Fact = (
    ResultFact
    | ScoreFact
    | RunStarted
    | RunBegan
    | RunCancelRequested
    | RunRetried
    | RunRescored
    | RunEnded
    | GateEvaluated
)


class _Room:
    """How many more facts, and how much of large bodies, a page may take. Once full, it stays."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._bytes_left = PAGE_BYTES
        self.digests: set[bytes] = set()

    def takes(self, fact: Fact) -> bool:
        """Say whether this fact still has room, and give it that room."""
        size = _size(fact)
        too_large = size > self._bytes_left and self._bytes_left < PAGE_BYTES
        if self._left <= 0 or too_large:
            self._left = 0
            return False
        self._left -= 1
        self._bytes_left -= size
        self.digests |= {body.digest for body in _bodies(fact) if isinstance(body, BlobReference)}
        return True


def _size(fact: Fact) -> int:
    """Return about how many bytes of text a fact brings."""
    size = sum(
        body.size if isinstance(body, BlobReference) else len(body or "") for body in _bodies(fact)
    )
    if isinstance(fact, ScoreFact):
        return size + len(fact.reason)
    if isinstance(fact, ResultFact) and fact.error is not None:
        size += len(fact.error.message.encode()) + len(fact.error.stack.encode())
    return size


def _bodies(fact: Fact) -> tuple[Content | None, ...]:
    if isinstance(fact, ResultFact):
        return fact.output, fact.steps
    return (fact.evidence,) if isinstance(fact, ScoreFact) else ()


def _facts(recorded: RecordedEvent) -> Iterator[tuple[int, Fact]]:
    match recorded.event:
        case ResultsRecorded() as event:
            yield from enumerate(event.results, event.first_position)
        case ScoresRecorded() as event:
            yield from enumerate(event.scores, event.first_position)
        case RunStarted() as event:
            yield 1, event
        case (
            RunBegan()
            | RunCancelRequested()
            | RunRetried()
            | RunRescored()
            | RunEnded()
            | GateEvaluated()
        ) as event:
            yield event.position, event


def _view(recorded: RecordedEvent, fact: Fact, bodies: dict[bytes, str]) -> RunFact:
    actor = recorded.metadata.actor
    match fact:
        case ResultFact():
            return _result_view(fact, bodies, recorded.metadata.recorded_at)
        case ScoreFact():
            return ScoredFact(
                fact.number,
                fact.item_id,
                fact.trial,
                _score_view(fact, _text(fact.evidence, bodies)),
            )
        case RunStarted():
            return StartedFact(fact.planned)
        case RunCancelRequested():
            # A limit is nobody's doing, whatever report reached it.
            by = actor if fact.end_reason is EndReason.CANCELLED else _SERVICE
            return CancelFact(by, fact.reason, fact.end_reason)
        case RunBegan():
            return BeganFact(fact.target)
        case RunRetried():
            return RetriedFact(fact.round, fact.count, actor)
        case RunRescored():
            return RescoredFact(fact.scorers, actor)
        case RunEnded():
            return EndedFact(
                fact.status, fact.succeeded, fact.failed, fact.skipped, fact.end_reason
            )
        case GateEvaluated():
            return VerdictView(
                fact.verdict,
                fact.gate,
                fact.findings,
                fact.baseline,
                recorded.metadata.recorded_at,
                actor,
            )


def _result_view(fact: ResultFact, bodies: dict[bytes, str], recorded_at: int) -> ResultView:
    return ResultView(
        fact.number,
        fact.ordinal,
        fact.item_id,
        fact.trial,
        fact.status,
        _text(fact.output, bodies),
        fact.error,
        fact.attempts,
        fact.latency,
        fact.worker_id,
        fact.trace_id,
        fact.skip_reason,
        _text(fact.steps, bodies),
        fact.usage,
        fact.round,
        recorded_at,
        trace=fact.trace,
    )


def _score_view(fact: ScoreFact, evidence: str | None) -> ScoreView:
    return ScoreView(
        fact.scorer,
        fact.status,
        fact.value,
        fact.passed,
        fact.label,
        fact.reason,
        evidence,
        fact.duration,
    )


def _text(content: Content | None, bodies: dict[bytes, str]) -> str | None:
    return bodies[content.digest] if isinstance(content, BlobReference) else content
