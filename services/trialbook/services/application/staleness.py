"""Which scores rest on traces that have grown since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from trialbook.services.application.ports import Queries
from trialbook.services.application.result_trace import ResultTrace
from trialbook.services.application.trace_set import late_links
from trialbook.services.application.trace_settlement import reads_traces
from trialbook.services.application.views import RunView, ScoreView


def stale(queries: Queries, run: RunView, numbers: Collection[int]) -> set[int]:
    """Return those of these results of whose traces something came after they were judged."""
    return stale_among(queries, run, queries.result_traces.of(run.number, numbers))


def stale_scores(
    queries: Queries, run: RunView, scores: Iterable[tuple[int, ScoreView]]
) -> set[tuple[int, int]]:
    """Return those of these scores, by number and place, that judged less than there is now."""
    found = [(number, score) for number, score in scores if reads_traces(run.scorers[score.scorer])]
    if not found:
        return set()
    judged = queries.result_traces.of(run.number, {number for number, _ in found})
    since = stale_among(queries, run, judged)
    return {
        (number, score.scorer)
        for number, score in found
        if (row := judged.get(number)) is not None
        and (number in since or score.recorded_at < (row.settled_at or 0))
    }


def stale_among(queries: Queries, run: RunView, judged: Mapping[int, ResultTrace]) -> set[int]:
    """Return those of these, by number, of whose traces something came since."""
    settled = [row for row in judged.values() if row.settled_at is not None]
    rows = queries.traces.rows({one for row in settled for one in row.trace_ids})
    grown = {
        row.number
        for row in settled
        if sum(rows[one].version for one in row.trace_ids if one in rows) > row.version
    }
    return grown | {number for number, _ in late_links(queries, run, settled)}
