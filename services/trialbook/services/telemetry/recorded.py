"""Counts the results and scores that this server records."""

from __future__ import annotations

from collections import Counter
from functools import partial

from opentelemetry.metrics import Counter as CounterInstrument

from trialbook.eventstore import Projection, RecordedEvent, Transaction
from trialbook.services.domain.run import ResultsRecorded, ScoresRecorded


def counting(
    projection: Projection, results: CounterInstrument, scores: CounterInstrument
) -> Projection:
    """Return a projection that counts, by status, what it is shown once that is durable."""

    def project(recorded: RecordedEvent, tx: Transaction) -> None:
        projection(recorded, tx)
        match recorded.event:
            case ResultsRecorded(results=facts):
                statuses = Counter(fact.status.value for fact in facts)
                tx.after_commit(partial(_add, results, statuses))
            case ScoresRecorded(scores=facts):
                statuses = Counter(fact.status.value for fact in facts)
                tx.after_commit(partial(_add, scores, statuses))

    return project


def _add(instrument: CounterInstrument, statuses: Counter[str]) -> None:
    for status, count in statuses.items():
        instrument.add(count, {"trialbook.status": status})
