"""What must be true of a run when the curtain falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.fault.scene import RUN, all_events
from trialbook.client import (
    Client,
    Result,
    ResultScored,
    ResultStatus,
    Run,
    RunEvent,
    RunRescored,
    RunRetried,
    RunScore,
    ScorerScope,
)


def run_scores(client: Client, run: str = RUN) -> list[RunScore]:
    """The scores of a run as a whole."""
    return [score for score in client.scores.list(run, page_size=1000) if score.number == 0]


def assert_recorded_once(client: Client, planned: int) -> list[Result]:
    """Every (item, trial) has one result, and one score of each scorer unless it was skipped.

    The run as a whole has one of each other scorer, and all figures add up.
    """
    run = client.runs.get(RUN)
    results = list(client.runs.results(RUN, page_size=1000))
    assert [result.number for result in results] == list(range(1, planned + 1))
    assert len({(result.item_id, result.trial) for result in results}) == planned
    _assert_counts(run, results, planned)
    of_run = {scorer.alias for scorer in run.scorers if scorer.scope is ScorerScope.RUN}
    of_results = [scorer.alias for scorer in run.scorers if scorer.alias not in of_run]
    for result in results:
        judged = [] if result.status is ResultStatus.SKIPPED else sorted(of_results)
        assert sorted(score.scorer for score in result.scores) == judged, result
    whole = run_scores(client)
    assert sorted(score.score.scorer for score in whole) == sorted(of_run)
    _assert_summaries(run, results, whole)
    _assert_history(run, all_events(client), results, whole)
    return results


def _assert_counts(run: Run, results: Iterable[Result], planned: int) -> None:
    status = Counter(result.status.value for result in results)
    counts = run.counts
    assert counts.planned == planned
    assert counts.done == planned
    assert (counts.succeeded, counts.failed, counts.skipped) == (
        status["succeeded"],
        status["failed"],
        status["skipped"],
    )


def _assert_summaries(run: Run, results: Iterable[Result], whole: Iterable[RunScore]) -> None:
    said = Counter(
        (score.scorer, score.status.value) for result in results for score in result.scores
    )
    said.update((score.score.scorer, score.score.status.value) for score in whole)
    for summary in run.scores:
        counted = {
            "scored": summary.scored,
            "failed": summary.failed,
            "not_evaluable": summary.not_evaluable,
            "skipped": summary.skipped,
        }
        assert counted == {status: said[summary.scorer, status] for status in counted}, summary


def _assert_history(
    run: Run, events: Sequence[RunEvent], results: Sequence[Result], whole: Sequence[RunScore]
) -> None:
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert run.last_position == len(events)
    told, scored = set[int](), set[tuple[int, str]]()
    for part in rounds(events):
        told_now, scored_now = told_in(part)
        assert set(told_now.values()) <= {1}
        assert set(scored_now.values()) <= {1}
        told |= told_now.keys()
        scored |= scored_now.keys()
    assert told == {result.number for result in results}
    assert scored == {
        *((result.number, score.scorer) for result in results for score in result.scores),
        *((0, score.score.scorer) for score in whole),
    }


def rounds(events: Iterable[RunEvent]) -> list[list[RunEvent]]:
    """A history in parts: up to the first end, and what each retry and rescore brought."""
    parts: list[list[RunEvent]] = [[]]
    for event in events:
        if isinstance(event.fact, RunRetried | RunRescored):
            parts.append([])
        parts[-1].append(event)
    return parts


def told_in(events: Iterable[RunEvent]) -> tuple[Counter[int], Counter[tuple[int, str]]]:
    """How often a history tells each result, and each result's score of each scorer."""
    facts = [event.fact for event in events]
    told = Counter(fact.number for fact in facts if isinstance(fact, Result))
    scored = Counter(
        (fact.number, fact.score.scorer) for fact in facts if isinstance(fact, ResultScored)
    )
    return told, scored
