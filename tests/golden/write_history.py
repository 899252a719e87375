"""Writes the golden history of version 1: the stored bytes of an event of every name.

Run once, at the release of the names. What has been released never changes, so an existing file
is never overwritten: events of later releases get a history of their own beside this one.

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
from trialbook.services.domain.content import BlobReference
from trialbook.services.domain.dataset import (
    DatasetCreated,
    DatasetDeleted,
    DatasetDescribed,
    ImportAbandoned,
    ImportBegun,
    ItemFact,
    ItemsAdded,
    VersionMade,
)
from trialbook.services.domain.experiment import (
    Definition,
    ExperimentChanged,
    ExperimentCreated,
    ExperimentDeleted,
    RunSettings,
    ScorerSpec,
    Target,
    TargetKind,
)
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import (
    ErrorCode,
    ResultFact,
    ResultsRecorded,
    ResultStatus,
    RunCancelRequested,
    RunEnded,
    RunStarted,
    RunStatus,
    ScoreFact,
    ScoresRecorded,
    TaskError,
)

PLACE = Path(__file__).parent / "v1" / "history.json"
LARGE = '"' + "ä" * 600 + '"'
LARGE_DIGEST = hashlib.sha256(LARGE.encode()).digest()
DATASET, GONE, EXPERIMENT, RUN, CANCELLED = "d" * 32, "9" * 32, "e" * 32, "a" * 32, "c" * 32
FIRST_MOMENT = 1_790_000_000_000_000

TARGET = Target(TargetKind.WORKFLOW, "echo", "abc")
SCORERS = (
    ScorerSpec("exact_match", "exact", '{"case_sensitive":false}', 1, built_in=True),
    ScorerSpec("tone", "tone", "", 3, built_in=False),
)
SETTINGS = RunSettings(
    concurrency=2,
    attempt_timeout=1_500_000,
    max_retries=1,
    initial_backoff=10,
    max_backoff=20,
    trials=1,
)
DEFINITION = Definition("Nightly", "text", DATASET, "support", 0, TARGET, SCORERS[:1], SETTINGS)
CHANGED = msgspec.structs.replace(DEFINITION, scorers=SCORERS, dataset_version=1)

Step = tuple[str, msgspec.Struct]


def main() -> None:
    """Write the history, unless it is there."""
    if PLACE.exists():
        raise SystemExit(f"{PLACE} is there already, and what was released never changes")
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    content = {"blobs": {LARGE_DIGEST.hex(): LARGE}, "events": list(map(stored, steps()))}
    PLACE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def steps() -> list[tuple[int, int, Step]]:
    """Return position, version in the stream, and stream and event of each step."""
    versions = Counter[str]()
    numbered = []
    for position, step in enumerate((*datasets(), *experiments(), *runs()), 1):
        versions[step[0]] += 1
        numbered.append((position, versions[step[0]], step))
    return numbered


def stored(numbered: tuple[int, int, Step]) -> dict[str, Any]:
    """Return an event as it lies in the log."""
    position, version, (stream, event) = numbered
    registry = EventRegistry()
    for topic, event_class in EVENT_TYPES.items():
        registry.register(topic, event_class)
    mapper = StructMapper(registry)
    metadata = Metadata(FIRST_MOMENT + position, "ada", f"command-{position}", "")
    return {
        "stream": stream,
        "version": version,
        "topic": mapper.topic_of(event),
        "state": mapper.encode_state(event, metadata).hex(),
    }


def datasets() -> list[Step]:
    """A dataset with two versions and an import in vain, and one that was deleted."""
    head, items, gone = f"dataset-{DATASET}", f"dataset-{DATASET}/items", f"dataset-{GONE}"
    reference = BlobReference(LARGE_DIGEST, len(LARGE.encode()))
    first = (
        ItemFact("one", 1, "1", "1", '{"c":1}', '{"m":1}', ("t", "ä"), "test"),
        ItemFact("two", 2, reference, "null"),
    )
    return [
        (head, DatasetCreated(DATASET, "default", "support", "Support", "", "")),
        (items, ItemsAdded(DATASET, 1, first)),
        (head, VersionMade(DATASET, 1, 2, 2)),
        (head, DatasetDescribed(DATASET, "Support", "Tickets", '{"a":1}')),
        (head, ImportBegun(DATASET, 2, "i1")),
        (items, ItemsAdded(DATASET, 2, (ItemFact("never", 3, "0"),))),
        (head, ImportAbandoned(DATASET, 2, "i1")),
        (head, ImportBegun(DATASET, 2, "i2")),
        (items, ItemsAdded(DATASET, 2, (ItemFact("three", 3, "3"),))),
        (head, VersionMade(DATASET, 2, 3, 1)),
        (gone, DatasetCreated(GONE, "default", "gone", "gone", "", "")),
        (gone, DatasetDeleted(GONE)),
    ]


def experiments() -> list[Step]:
    """An experiment with two versions, and one that was deleted."""
    stream, gone = f"experiment-{EXPERIMENT}", f"experiment-{GONE}"
    return [
        (stream, ExperimentCreated(EXPERIMENT, "default", "nightly", DEFINITION)),
        (stream, ExperimentChanged(EXPERIMENT, 2, CHANGED)),
        (gone, ExperimentCreated(GONE, "default", "gone", DEFINITION)),
        (gone, ExperimentDeleted(GONE)),
    ]


def started(uid: str, run_id: str) -> RunStarted:
    """Return the start of a run on the first version of the dataset."""
    return RunStarted(
        uid=uid,
        project="default",
        run_id=run_id,
        experiment_uid=EXPERIMENT,
        experiment_id="nightly",
        experiment_version=2,
        dataset_uid=DATASET,
        dataset_id="support",
        dataset_version=1,
        target=TARGET,
        scorers=SCORERS,
        settings=SETTINGS,
        planned=2,
    )


def runs() -> list[Step]:
    """A completed run with every kind of score, and a cancelled one."""
    error = TaskError(ErrorCode.EXECUTION, "it broke", "ValueError", "line 1")
    trace = "0" * 31 + "1"
    succeeded = ResultFact(1, 1, "one", 1, ResultStatus.SUCCEEDED, "1", None, 1, 2500, "w", trace)
    failed = ResultFact(2, 2, "two", 1, ResultStatus.FAILED, None, error, 2, 7500, "w", trace)
    scores = (
        ScoreFact(1, "one", 1, 0, ScoreStatus.SCORED, 1.0, True, "match", "Equal.", '{"e":1}'),
        ScoreFact(2, "two", 1, 0, ScoreStatus.SKIPPED, label="item_failed"),
        ScoreFact(2, "two", 1, 1, ScoreStatus.SKIPPED, label="item_failed"),
    )
    late = ScoreFact(1, "one", 1, 1, ScoreStatus.SCORED, 0.25, duration=40)
    skipped = tuple(
        ResultFact(n, n, name, 1, ResultStatus.SKIPPED) for n, name in ((1, "one"), (2, "two"))
    )
    return [
        (f"run-{RUN}", started(RUN, "first")),
        (f"run-{RUN}/w0", ResultsRecorded(RUN, 2, (succeeded, failed))),
        (f"run-{RUN}/w0", ScoresRecorded(RUN, 4, scores)),
        (f"run-{RUN}/w0", ScoresRecorded(RUN, 7, (late,))),
        (f"run-{RUN}", RunEnded(RUN, 8, RunStatus.COMPLETED, 1, 1, 0)),
        (f"run-{CANCELLED}", started(CANCELLED, "second")),
        (f"run-{CANCELLED}", RunCancelRequested(CANCELLED, 2, "enough")),
        (f"run-{CANCELLED}/w0", ResultsRecorded(CANCELLED, 3, skipped)),
        (f"run-{CANCELLED}", RunEnded(CANCELLED, 5, RunStatus.CANCELLED, 0, 0, 2)),
    ]


if __name__ == "__main__":
    main()
