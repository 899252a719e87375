"""How a score came about: the facts of the log that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from trialbook.services.application import score as scores
from trialbook.services.application.item_extras import scorers_of
from trialbook.services.application.ports import Queries
from trialbook.services.application.score import ScoreKey
from trialbook.services.application.score_cause import Subject, sentence
from trialbook.services.application.score_reads import RecordedFact, RunScoreView
from trialbook.services.application.scorer_choice import PlaceBook
from trialbook.services.application.staleness import stale_scores
from trialbook.services.application.views import (
    DatasetView,
    ItemView,
    ResultView,
    ReviewView,
    RunView,
)
from trialbook.services.domain.dataset import ItemsAdded, ItemsChanged, ItemsRestored
from trialbook.services.domain.experiment import (
    ExperimentChanged,
    ExperimentCreated,
    ScorerSpec,
)
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import (
    ResultStatus,
    RunBegan,
    RunCancelRequested,
    RunRescored,
    RunRetried,
    RunStarted,
)


class Cause(msgspec.Struct, frozen=True):
    """One fact on the way to a score. The position is one of facts: see `domain.fact`."""

    position: int
    kind: str
    explanation: str
    author: str
    command: str
    reason: str
    recorded_at: int


class Explanation(msgspec.Struct, frozen=True):
    """How a score came about; causes are in the order of the log.

    There is no result for the run as a whole, and no item for that and after a purge. It is `stale`
    if it judged less of a trace than there is now.
    """

    run: RunView
    dataset: DatasetView
    score: RunScoreView
    scorer: ScorerSpec
    result: ResultView | None
    item: ItemView | None
    causes: tuple[Cause, ...]
    reviews: tuple[ReviewView, ...]
    stale: bool = False


def explain(queries: Queries, key: ScoreKey) -> Explanation:
    """Tell how a score came about. Raises NotFound."""
    run, score = scores.require(queries, key)
    result = scores.judged(queries, run, score)
    item = _item(queries, run, score)
    outcome = queries.scores.outcome_facts(run, score.number, score.score.scorer)
    history = queries.scores.definition_facts(run)
    facts = [
        *(queries.scores.item_facts(run, score.ordinal) if score.number else ()),
        *_bearing(history, score, result, until=outcome[-1].position),
        *outcome,
    ]
    scorer = _scorer(queries, run, score, item)
    trace = queries.result_traces.of(run.number, [score.number]).get(score.number)
    stale = bool(stale_scores(queries, run, [(score.number, score.score)]))
    subject = Subject(run, score, scorer, item, trace, stale)
    reviews = queries.reviews.reviews(run.number, [score.number])
    messages = _version_messages(queries, run, facts)
    return Explanation(
        run,
        _dataset(queries, history),
        score,
        subject.scorer,
        result,
        None if item is None or item.purged_at is not None else item,
        tuple(
            _cause(fact, subject, messages)
            for fact in sorted(facts, key=lambda fact: fact.position)
        ),
        tuple(reviews.get(score.number, ())),
        stale,
    )


def _item(queries: Queries, run: RunView, score: RunScoreView) -> ItemView | None:
    if not score.number:
        return None
    found = queries.datasets.items_at(run.dataset_number, run.dataset_version, [score.ordinal])
    return found[score.ordinal]


def _scorer(
    queries: Queries, run: RunView, score: RunScoreView, item: ItemView | None
) -> ScorerSpec:
    """Return the scorer of a score, with the parameters that it had for the item."""
    place = score.score.scorer
    spec = run.scorers[place]
    if not spec.per_item or item is None or item.purged_at is not None:
        return spec
    asked = scorers_of(item.extras)
    if not asked:
        asked = queries.datasets.settings(run.dataset_number, run.dataset_version).scorers
    # The one that is explained may have been superseded by now.
    alone = [
        msgspec.structs.replace(other, superseded=number != place)
        for number, other in enumerate(run.scorers)
    ]
    found = PlaceBook(alone).places(asked).get(place, spec)
    return msgspec.structs.replace(spec, params=found.params)


def _dataset(queries: Queries, history: Sequence[RecordedFact]) -> DatasetView:
    started = next(fact.event for fact in history if isinstance(fact.event, RunStarted))
    found = queries.datasets.by_uid(started.dataset_uid)
    if found is None:
        raise LookupError(f"dataset {started.dataset_uid} has no row")
    return found


def _bearing(
    history: Sequence[RecordedFact],
    score: RunScoreView,
    result: ResultView | None,
    *,
    until: int,
) -> Iterator[RecordedFact]:
    """Yield those facts of the experiment and the run that bear on a score, recorded before it."""
    place, count = score.score.scorer, 0
    retry: RecordedFact | None = None
    stop: RecordedFact | None = None
    for fact in history:
        match fact.event:
            case ExperimentCreated() | ExperimentChanged() | RunBegan():
                yield fact
            case RunStarted(scorers=added) | RunRescored(scorers=added):
                if isinstance(fact.event, RunStarted) or count <= place < count + len(added):
                    yield fact
                count += len(added)
            case RunRetried(round=number) if fact.position < until:
                if result is None or result.round == number:
                    retry, stop = fact, None
            case RunCancelRequested() if fact.position < until:
                stop = fact
    if retry is not None:
        yield retry
    if stop is not None and _was_stopped(score, result):
        yield stop


def _was_stopped(score: RunScoreView, result: ResultView | None) -> bool:
    """Say whether a score is missing because the run was stopped."""
    item_failed = result is not None and result.status is ResultStatus.FAILED
    return score.score.status is ScoreStatus.SKIPPED and not item_failed


def _version_messages(
    queries: Queries, run: RunView, facts: Sequence[RecordedFact]
) -> dict[int, str]:
    """Return what was said of the versions of the dataset that brought the item's content."""
    made = {
        fact.event.version
        for fact in facts
        if isinstance(fact.event, ItemsAdded | ItemsChanged | ItemsRestored)
    }
    found = queries.datasets.versions_at(run.dataset_number, sorted(made)) if made else {}
    return {version: view.message for version, view in found.items()}


def _cause(fact: RecordedFact, subject: Subject, messages: dict[int, str]) -> Cause:
    event = fact.event
    own = getattr(event, "reason", "")
    if isinstance(event, ItemsAdded | ItemsChanged | ItemsRestored):
        own = messages.get(event.version, "")
    return Cause(
        fact.position,
        fact.kind,
        sentence(fact, subject),
        fact.author,
        fact.command,
        fact.reason or own,
        fact.recorded_at,
    )
