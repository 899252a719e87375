"""Writes the golden history of version 3: the stored bytes of the events that a run got then.

Run once, at the release of the names. What has been released never changes, so an existing file
is never overwritten: events of later releases get a history of their own beside this one. Versions
1 and 2, which earlier states of this script wrote, have the events of the releases before.

    .venv/bin/python -m tests.golden.write_history
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from trialbook.eventstore import EventRegistry, Metadata, StructMapper
from trialbook.services.application.item_content import digest_of
from trialbook.services.domain import review
from trialbook.services.domain.content import BlobReference
from trialbook.services.domain.dataset import (
    DatasetCreated,
    ItemCounts,
    ItemFact,
    ItemsAdded,
    VersionMade,
    items_stream_of,
)
from trialbook.services.domain.dataset import stream_of as dataset_stream
from trialbook.services.domain.experiment import (
    Definition,
    ExperimentCreated,
    RunSettings,
    ScorerScope,
    ScorerSpec,
    Target,
    TargetKind,
)
from trialbook.services.domain.experiment import stream_of as experiment_stream
from trialbook.services.domain.gate import (
    Condition,
    Finding,
    Gate,
    GateEvaluated,
    Metric,
    RegressionRule,
    Verdict,
)
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.review import (
    RequestFact,
    ReviewFact,
    ReviewsClosed,
    ReviewsRecorded,
    ReviewsRequested,
)
from trialbook.services.domain.run import (
    EndReason,
    ErrorCode,
    ResultFact,
    ResultsRecorded,
    ResultStatus,
    RunBegan,
    RunCancelRequested,
    RunEnded,
    RunFinishRequested,
    RunRescored,
    RunRetried,
    RunStarted,
    RunStatus,
    ScoreFact,
    ScorerSource,
    ScoresRecorded,
    SkipReason,
    TaskError,
    Usage,
    facts_stream_of,
)
from trialbook.services.domain.run import stream_of as run_stream
from trialbook.services.domain.selection import SampleTerms, SelectionTerms

PLACE = Path(__file__).parent / "v3" / "history.json"
LARGE = '"' + "ä" * 600 + '"'
STEPS = f'[{{"step_id":"search","output":{LARGE},"duration":1500}},{{"step_id":"s","error":"no"}}]'
DATASET, EXPERIMENT = "d" * 32, "e" * 32
WORKED, SUBMITTED, STOPPED = "1" * 32, "2" * 32, "3" * 32
FIRST_MOMENT = 1_796_000_000_000_000
EXACT = ScorerSpec("exact_match", "exact", '{"case_sensitive":false}', 1, built_in=True)
STEP = ScorerSpec(
    "contains",
    "found",
    "",
    1,
    built_in=True,
    scope=ScorerScope.STEP,
    step_id="search",
    output_pointer="/hits/0",
    expected_pointer="/hit",
)
WHOLE = ScorerSpec("agreement", "kappa", "{}", 2, built_in=False, scope=ScorerScope.RUN)
ITEMS_OWN = ScorerSpec("tone", "tone", "", 1, built_in=False, per_item=True)
CALLERS = ScorerSpec("mine", "mine", "", 1, built_in=False, by_caller=True)
AGENT = Target(TargetKind.PROCESSOR, "shop")
PINNED = Target(TargetKind.PROCESSOR, "shop", "r7")
SELECTION = SelectionTerms(
    ("one", "two"), ("test",), ("t",), "metadata.a = 1", SampleTerms(7, count=2, threshold=9)
)
GATE = Gate(
    (
        Condition(Metric.PASS_RATE, "exact", at_least=0.25),
        Condition(Metric.QUANTILE, "exact", quantile=0.5, split="test", tag="t", at_most=1.0),
        Condition(Metric.MEAN, "exact", max_regression=0.01, rule=RegressionRule.UNLESS_SHOWN),
    ),
    "projects/default/experiments/nightly",
    0.9,
)
FINDINGS = (
    Finding(Verdict.PASSED, "half of them pass", 2, 0.5),
    Finding(Verdict.FAILED, "it is too large", 1, 2.0),
    Finding(Verdict.INCONCLUSIVE, "too few", 2, 0.5, 0.5, 0.0, -0.5, 0.5),
)

Step = tuple[str, msgspec.Struct]


def blob(text: str) -> tuple[str, str]:
    """Return the digest of a large body, and the body."""
    return hashlib.sha256(text.encode()).hexdigest(), text


def reference(text: str) -> BlobReference:
    """Return what stands for a large body."""
    encoded = text.encode()
    return BlobReference(hashlib.sha256(encoded).digest(), len(encoded))


def main() -> None:
    """Write the history, unless it is there."""
    if PLACE.exists():
        raise SystemExit(f"{PLACE} is there already, and what was released never changes")
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    content = {"blobs": dict(map(blob, (LARGE, STEPS))), "events": list(map(stored, steps()))}
    PLACE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def steps() -> list[tuple[int, int, Step]]:
    """Return position, version in the stream, and stream and event of each step."""
    versions = Counter[str]()
    numbered = []
    parts = (definitions(), worked(), judged_again(), reviewed(), submitted(), stopped())
    for position, step in enumerate((step for part in parts for step in part), 1):
        versions[step[0]] += 1
        numbered.append((position, versions[step[0]], step))
    return numbered


def stored(numbered: tuple[int, int, Step]) -> dict[str, Any]:
    """Return an event as it lies in the log."""
    position, version, (stream, event) = numbered
    registry = EventRegistry()
    for topic, event_class in EVENT_TYPES.items():
        registry.register(topic, event_class, upcast=UPCASTS.get(topic))
    mapper = StructMapper(registry)
    metadata = Metadata(
        FIRST_MOMENT + position, "ada", f"command-{position}", "", "StartRun", "because"
    )
    return {
        "stream": stream,
        "version": version,
        "topic": mapper.topic_of(event),
        "state": mapper.encode_state(event, metadata).hex(),
    }


def item(item_id: str, ordinal: int, text: str) -> ItemFact:
    """Return an item of this input."""
    return ItemFact(
        item_id, ordinal, text, digest=digest_of((text, None, None, None), None, (), "")
    )


def definitions() -> list[Step]:
    """A dataset of two items, and an experiment that says all that one can say."""
    definition = Definition(
        "Nightly",
        "Every night",
        DATASET,
        "cases",
        0,
        AGENT,
        (EXACT, STEP),
        RunSettings(run_deadline=60_000_000, rate_limit=2.5, max_failures=9, seed=7),
        dataset_label="golden",
        target_options='{"model" : "m"}',
        context='{"tenant":1}',
        selection=SELECTION,
        gate=GATE,
    )
    return [
        (dataset_stream(DATASET), DatasetCreated(DATASET, "default", "cases", "", "", "")),
        (
            items_stream_of(DATASET),
            ItemsAdded(DATASET, 1, (item("one", 1, "1"), item("two", 2, "2"))),
        ),
        (dataset_stream(DATASET), VersionMade(DATASET, 1, 2, ItemCounts(added=2))),
        (
            experiment_stream(EXPERIMENT),
            ExperimentCreated(EXPERIMENT, "default", "nightly", definition),
        ),
    ]


def started(uid: str, run_id: str, *scorers: ScorerSpec, **more: Any) -> Step:
    """Return the start of a run."""
    event = RunStarted(
        uid,
        "default",
        run_id,
        EXPERIMENT,
        "nightly",
        1,
        DATASET,
        "cases",
        1,
        more.pop("target", PINNED),
        scorers,
        RunSettings(run_deadline=60_000_000, seed=7),
        2,
        **more,
    )
    return run_stream(uid), event


def result(number: int, item_id: str, status: ResultStatus, **more: Any) -> ResultFact:
    """Return what became of an item's only trial."""
    return ResultFact(number, number, item_id, 1, status, **more)


def score(number: int, item_id: str, scorer: int, value: float | None, **more: Any) -> ScoreFact:
    """Return a score; without a value, of a case that nothing could be said of."""
    status = ScoreStatus.SCORED if value is not None else ScoreStatus.NOT_EVALUABLE
    return ScoreFact(number, item_id, 1 if number else 0, scorer, status, value, **more)


def started_pending() -> Step:
    """The start of a run with everything that one can be started with."""
    return started(
        WORKED,
        "worked",
        EXACT,
        STEP,
        target=AGENT,
        display_name="pr-1234",
        metadata='{"commit":"abc"}',
        target_options='{"model" : "m"}',
        context='{"tenant":1}',
        selection=SELECTION,
        gate=GATE,
        baseline="projects/default/runs/before",
        scorer_source=ScorerSource.RUN,
        pending=True,
    )


def worked() -> list[Step]:
    """A run that waits for a worker, fails in part, and is retried."""
    head, facts = run_stream(WORKED), facts_stream_of(WORKED, "w1")
    lost = TaskError(ErrorCode.WORKER_LOST, "the worker went away")
    used = {"attempts": 1, "latency": 2_500, "worker_id": "w", "trace_id": "0" * 31 + "1"}
    good = result(
        1,
        "one",
        ResultStatus.SUCCEEDED,
        output=reference(LARGE),
        steps=reference(STEPS),
        usage=Usage(10, 5, 0.25),
        **used,
    )
    again = result(
        2, "two", ResultStatus.SUCCEEDED, output="2", usage=Usage(1, 2, 0.5), round=1, **used
    )
    return [
        started_pending(),
        (head, RunBegan(WORKED, 2, PINNED)),
        (
            facts,
            ResultsRecorded(WORKED, 3, (good, result(2, "two", ResultStatus.FAILED, error=lost))),
        ),
        (
            facts,
            ScoresRecorded(
                WORKED,
                5,
                (
                    score(1, "one", 0, 0.0, passed=False, label="differs"),
                    score(1, "one", 1, None, reason="no such step"),
                    ScoreFact(2, "two", 1, 0, ScoreStatus.SKIPPED, label="item_failed"),
                    ScoreFact(2, "two", 1, 1, ScoreStatus.SKIPPED, label="item_failed"),
                ),
            ),
        ),
        (head, RunEnded(WORKED, 9, RunStatus.COMPLETED, 1, 1, 0)),
        (head, RunRetried(WORKED, 10, 1, 1, (2,), include_skipped=True)),
        (facts, ResultsRecorded(WORKED, 11, (again,), replaces=True)),
        (
            facts,
            ScoresRecorded(
                WORKED,
                12,
                (score(2, "two", 0, 1.0, passed=True), score(2, "two", 1, 0.5)),
                replaces=True,
            ),
        ),
        (head, RunEnded(WORKED, 14, RunStatus.COMPLETED, 2, 0, 0)),
    ]


def judged_again() -> list[Step]:
    """The same run, judged by more scorers, one of which takes the place of another."""
    head, facts = run_stream(WORKED), facts_stream_of(WORKED, "w2")
    newer = msgspec.structs.replace(EXACT, params="{}")
    scores = (
        score(1, "one", 2, 0.0, passed=False, evidence=reference(LARGE)),
        score(2, "two", 2, 1.0, passed=True, evidence='{"e":1}'),
        score(0, "", 3, 0.75, reason="of all", duration=5_000),
        score(1, "one", 4, None, label="not_applicable"),
        score(2, "two", 4, -1.5),
    )
    return [
        (head, RunRescored(WORKED, 15, (newer, WHOLE, ITEMS_OWN))),
        (facts, ScoresRecorded(WORKED, 16, scores)),
        (head, RunEnded(WORKED, 21, RunStatus.COMPLETED, 2, 0, 0)),
        (
            head,
            GateEvaluated(
                WORKED, 22, Verdict.FAILED, GATE, FINDINGS, "projects/default/runs/before"
            ),
        ),
    ]


def reviewed() -> list[Step]:
    """The same run in the review queue: asked for, reviewed, changed, closed and opened again."""
    stream = review.stream_of(WORKED)
    two = tuple(RequestFact(number, name, 1, 2) for number, name in ((1, "one"), (2, "two")))
    first = (
        ReviewFact(1, "one", 1, "overall", 0.5, False, "rude", "why"),
        ReviewFact(1, "one", 1, "tone", passed=True),
    )
    return [
        (stream, ReviewsRequested(WORKED, two, "look")),
        (stream, ReviewsRecorded(WORKED, first)),
        (stream, ReviewsRecorded(WORKED, (ReviewFact(1, "one", 1, "tone", value=-2.0),))),
        (stream, ReviewsClosed(WORKED, (1, 2), "enough")),
        (stream, ReviewsRequested(WORKED, (RequestFact(2, "two", 1, 3),))),
    ]


def submitted() -> list[Step]:
    """A run that its caller drives and finishes before all is submitted."""
    head, facts = run_stream(SUBMITTED), facts_stream_of(SUBMITTED, "w1")
    missing = result(1, "one", ResultStatus.SKIPPED, skip_reason=SkipReason.NOT_SUBMITTED)
    return [
        started(SUBMITTED, "submitted", CALLERS, caller_driven=True),
        (
            facts,
            ResultsRecorded(
                SUBMITTED, 2, (result(2, "two", ResultStatus.SUCCEEDED, output="null"),)
            ),
        ),
        (facts, ScoresRecorded(SUBMITTED, 3, (score(2, "two", 0, 0.5),))),
        (head, RunFinishRequested(SUBMITTED)),
        (facts, ResultsRecorded(SUBMITTED, 4, (missing,))),
        (
            facts,
            ScoresRecorded(
                SUBMITTED,
                5,
                (ScoreFact(1, "one", 1, 0, ScoreStatus.SKIPPED, label="run_cancelled"),),
            ),
        ),
        (head, RunEnded(SUBMITTED, 6, RunStatus.COMPLETED, 1, 0, 1)),
    ]


def stopped() -> list[Step]:
    """A run that took too long."""
    head, facts = run_stream(STOPPED), facts_stream_of(STOPPED, "w1")
    late = tuple(
        result(number, name, ResultStatus.SKIPPED, skip_reason=SkipReason.RUN_DEADLINE)
        for number, name in ((1, "one"), (2, "two"))
    )
    over = EndReason.DEADLINE_EXCEEDED
    return [
        started(STOPPED, "stopped"),
        (head, RunCancelRequested(STOPPED, 2, "it took more than 60 s", over)),
        (facts, ResultsRecorded(STOPPED, 3, late)),
        (head, RunEnded(STOPPED, 5, RunStatus.FAILED, 0, 0, 2, over)),
    ]


if __name__ == "__main__":
    main()
