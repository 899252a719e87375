"""The facts of a run in the order of their positions, read from the log itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from trialbook.eventstore import Reader, RecordedEvent
from trialbook.services.application.views import (
    CancelFact,
    EndedFact,
    ResultView,
    RunFactView,
    RunView,
    ScoredFact,
    ScoreView,
    StartedFact,
)
from trialbook.services.domain.content import BlobReference, Content
from trialbook.services.domain.run import (
    ResultFact,
    ResultsRecorded,
    RunCancelRequested,
    RunEnded,
    RunStarted,
    ScoreFact,
    ScoresRecorded,
)
from trialbook.services.projections.bodies import PAGE_BYTES

_CHUNKS = 64


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


Fact = ResultFact | ScoreFact | RunStarted | RunCancelRequested | RunEnded


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
        body = _body(fact)
        if isinstance(body, BlobReference):
            self.digests.add(body.digest)
        return True


def _size(fact: Fact) -> int:
    """Return about how many bytes of text a fact brings."""
    body = _body(fact)
    size = body.size if isinstance(body, BlobReference) else len(body or "")
    if isinstance(fact, ScoreFact):
        return size + len(fact.reason)
    if isinstance(fact, ResultFact) and fact.error is not None:
        size += len(fact.error.message.encode()) + len(fact.error.stack.encode())
    return size


def _body(fact: Fact) -> Content | None:
    if isinstance(fact, ResultFact):
        return fact.output
    return fact.evidence if isinstance(fact, ScoreFact) else None


def _facts(recorded: RecordedEvent) -> Iterator[tuple[int, Fact]]:
    match recorded.event:
        case ResultsRecorded() as event:
            yield from enumerate(event.results, event.first_position)
        case ScoresRecorded() as event:
            yield from enumerate(event.scores, event.first_position)
        case RunStarted() as event:
            yield 1, event
        case (RunCancelRequested() | RunEnded()) as event:
            yield event.position, event


def _view(
    recorded: RecordedEvent, fact: Fact, bodies: dict[bytes, str]
) -> ResultView | ScoredFact | StartedFact | CancelFact | EndedFact:
    match fact:
        case ResultFact():
            return _result_view(fact, _text(fact.output, bodies), recorded.metadata.recorded_at)
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
            return CancelFact(recorded.metadata.actor, fact.reason)
        case RunEnded():
            return EndedFact(fact.status, fact.succeeded, fact.failed, fact.skipped)


def _result_view(fact: ResultFact, output: str | None, recorded_at: int) -> ResultView:
    return ResultView(
        fact.number,
        fact.ordinal,
        fact.item_id,
        fact.trial,
        fact.status,
        output,
        fact.error,
        fact.attempts,
        fact.latency,
        fact.worker_id,
        fact.trace_id,
        recorded_at,
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
