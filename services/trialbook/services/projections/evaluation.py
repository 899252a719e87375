"""The scores of the log with their runs and traces, for those who are told of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trialbook.eventstore import Reader
from trialbook.services.application.evaluation_reads import RecordedScore, ScorePage
from trialbook.services.application.event import Selection
from trialbook.services.application.views import RunView
from trialbook.services.domain.fact import NAMES, TOPICS, end_of, fact_position, log_position
from trialbook.services.domain.run import ScoreFact, ScoresRecorded
from trialbook.services.projections.columns import placeholders, slices
from trialbook.services.projections.result_columns import read_trace_report
from trialbook.services.projections.run import SqlRunHeads
from trialbook.services.projections.scan import LogScan

_NAME = NAMES[ScoresRecorded]
_SCORES = Selection(topics=frozenset(topic for topic, name in TOPICS.items() if name == _NAME))
_Place = tuple[str, str]
"""A trace id and a span id, empty if they are not known."""


@dataclass(frozen=True, slots=True)
class _Found:
    position: int
    uid: str
    fact: ScoreFact
    recorded_at: int


class SqlRecordedScores:
    """Implements RecordedScores."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def page(self, after: int, limit: int) -> ScorePage:
        """Return up to `limit` scores after a position, fewer if few of many events are scores."""
        head = int(self._reader.query("SELECT MAX(position) FROM event")[0][0] or 0)
        first = max(1, log_position(after + 1))
        scan = LogScan(self._reader, _SCORES, None, first, head, downwards=False)
        chosen: list[_Found] = []
        for found in _scores(scan, after):
            if len(chosen) == limit:
                return ScorePage(self._told(chosen), found.position - 1, more=True)
            chosen.append(found)
        reached = max(after, end_of(head if scan.exhausted else scan.reached))
        return ScorePage(self._told(chosen), reached, more=not scan.exhausted)

    def _told(self, chosen: Sequence[_Found]) -> list[RecordedScore]:
        heads = SqlRunHeads(self._reader)
        runs = {uid: heads.by_uid(uid) for uid in {found.uid for found in chosen}}
        numbers: defaultdict[str, set[int]] = defaultdict(set)
        for found in chosen:
            numbers[found.uid].add(found.fact.number)
        places = {uid: self._places(run, sorted(numbers[uid])) for uid, run in runs.items() if run}
        return [
            RecordedScore(
                found.position,
                run,
                run.scorers[found.fact.scorer],
                found.fact,
                found.recorded_at,
                *places[found.uid].get(found.fact.number, ("", "")),
            )
            for found in chosen
            if (run := runs[found.uid]) is not None
        ]

    def _places(self, run: RunView, numbers: Sequence[int]) -> dict[int, _Place]:
        """Return where results were made, by number; 0 stands for the run itself."""
        places = {0: _split(run.pins.traceparent)}
        for some in slices(numbers):
            for number, trace_id, report in self._reader.query(
                "SELECT number, trace_id, trace_report FROM result WHERE run = ? "
                f"AND number IN ({placeholders(len(some))})",
                (run.number, *some),
            ):
                told = read_trace_report(report)
                span_id = "" if told is None else told.span_id
                places[number] = (trace_id or "", span_id)
        return places


def _scores(scan: LogScan, after: int) -> Iterator[_Found]:
    for found in scan:
        event = found.recorded.event
        if not isinstance(event, ScoresRecorded):
            continue
        for index, fact in enumerate(event.scores):
            position = fact_position(found.recorded.position, index)
            if position > after:
                recorded_at = found.recorded.metadata.recorded_at
                yield _Found(position, event.uid, fact, recorded_at)


def _split(traceparent: str) -> _Place:
    if not traceparent:
        return "", ""
    _, trace_id, span_id, _ = traceparent.split("-")
    return trace_id, span_id
