"""Writes the golden history of version 4: the stored bytes of what came with traces.

Run once, at the release of the names. What has been released never changes, so an existing file
is never overwritten: events of later releases get a history of their own beside this one. Versions
1 to 3, which earlier states of this script wrote, have the events of the releases before.

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
from trialbook.services.domain import trace_viewer
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
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import (
    ResultFact,
    ResultsRecorded,
    ResultStatus,
    RunEnded,
    RunStarted,
    RunStatus,
    ScoreFact,
    ScoresRecorded,
    TraceReport,
    facts_stream_of,
)
from trialbook.services.domain.run import stream_of as run_stream
from trialbook.services.domain.trace_viewer import TraceViewer, TraceViewersSet

ITEMS = ("one", "two", "three")
PLACE = Path(__file__).parent / "v4" / "history.json"
LARGE = '[{"role":"assistant","content":"' + "ä" * 600 + '"}]'
SMALL = '{"steps" : []}'
DATASET, EXPERIMENT, RUN, VIEWERS = "d" * 32, "e" * 32, "1" * 32, "f" * 32
FIRST_MOMENT = 1_796_000_000_000_000
MATCH = ScorerSpec(
    "trajectory_match",
    "path",
    "{}",
    1,
    built_in=True,
    scope=ScorerScope.TRAJECTORY,
    output_pointer="/messages",
)
TARGET = Target(TargetKind.AGENT, "shop", "r7")
TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"
JAEGER = TraceViewer("Jaeger", "http://jaeger:16686/trace/{trace}?uiFind={span}")
PHOENIX = TraceViewer("Phoenix", "https://phoenix/redirects/traces/{trace}")

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
    content = {"blobs": dict([blob(LARGE)]), "events": list(map(stored, steps()))}
    PLACE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def steps() -> list[tuple[int, int, Step]]:
    """Return position, version in the stream, and stream and event of each step."""
    versions = Counter[str]()
    numbered = []
    parts = (definitions(), traced(), looked_at())
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
    """A dataset of three items, and an experiment that judges what is done for them."""
    definition = Definition(
        "nightly", "", DATASET, "cases", 0, TARGET, (MATCH,), RunSettings(seed=7)
    )
    items = tuple(item(name, ordinal, "1") for ordinal, name in enumerate(ITEMS, 1))
    return [
        (dataset_stream(DATASET), DatasetCreated(DATASET, "default", "cases", "", "", "")),
        (items_stream_of(DATASET), ItemsAdded(DATASET, 1, items)),
        (dataset_stream(DATASET), VersionMade(DATASET, 1, 3, ItemCounts(added=3))),
        (
            experiment_stream(EXPERIMENT),
            ExperimentCreated(EXPERIMENT, "default", "nightly", definition),
        ),
    ]


def result(number: int, item_id: str, status: ResultStatus, **more: Any) -> ResultFact:
    """Return what became of an item's only trial."""
    return ResultFact(number, number, item_id, 1, status, **more)


def score(number: int, item_id: str, value: float | None, **more: Any) -> ScoreFact:
    """Return a score; without a value, of a case that nothing could be said of."""
    status = ScoreStatus.SCORED if value is not None else ScoreStatus.NOT_EVALUABLE
    return ScoreFact(number, item_id, 1, 0, status, value, **more)


def traced() -> list[Step]:
    """A run of which one result was traced, one reported what it did, and one did neither."""
    head, facts = run_stream(RUN), facts_stream_of(RUN, "w1")
    used = {"attempts": 1, "latency": 2_500, "worker_id": "w", "trace_id": "0" * 31 + "1"}
    started = RunStarted(
        RUN,
        "default",
        "traced",
        EXPERIMENT,
        "nightly",
        1,
        DATASET,
        "cases",
        1,
        TARGET,
        (MATCH,),
        RunSettings(seed=7),
        3,
        traceparent=TRACEPARENT,
    )
    done = ResultStatus.SUCCEEDED
    results = (
        result(1, "one", done, output="1", trace=TraceReport(("c" * 32,), "d" * 16, 7, 2), **used),
        result(2, "two", done, output="2", trajectory=reference(LARGE), **used),
        result(
            3, "three", done, output="3", trace=TraceReport(span_count=0), trajectory=SMALL, **used
        ),
    )
    scores = (
        score(1, "one", 0.5, passed=False, evidence='{"missing":[]}'),
        score(2, "two", 1.0, passed=True),
        score(3, "three", None, label="no_trajectory"),
    )
    return [
        (head, started),
        (facts, ResultsRecorded(RUN, 2, results)),
        (facts, ScoresRecorded(RUN, 5, scores)),
        (head, RunEnded(RUN, 8, RunStatus.COMPLETED, 3, 0, 0)),
    ]


def looked_at() -> list[Step]:
    """Viewers of a project, said twice."""
    stream = trace_viewer.stream_of(VIEWERS)
    return [
        (stream, TraceViewersSet(VIEWERS, "default", (PHOENIX,))),
        (stream, TraceViewersSet(VIEWERS, "default", (JAEGER, PHOENIX))),
    ]


if __name__ == "__main__":
    main()
