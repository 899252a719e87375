"""Writes the golden history of version 2: the stored bytes of the events that a dataset got then.

Run once, at the release of the names. What has been released never changes, so an existing file
is never overwritten: events of later releases get a history of their own beside this one. Version
1, which an earlier state of this script wrote, has the events of the first release.

    .venv/bin/python -m tests.golden.write_history
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from trialbook.eventstore import EventRegistry, Metadata, StructMapper
from trialbook.services.application.item_content import digest_of
from trialbook.services.domain.content import BlobReference
from trialbook.services.domain.dataset import (
    DatasetCreated,
    DatasetEvent,
    DatasetSettings,
    ImportAbandoned,
    ImportBegun,
    ItemCounts,
    ItemFact,
    ItemKey,
    ItemsAdded,
    ItemsChanged,
    ItemsPurged,
    ItemsRemoved,
    ItemsRestored,
    LabelDeleted,
    LabelSet,
    SettingsChanged,
    VersionMade,
)
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.history import EVENT_TYPES, UPCASTS

PLACE = Path(__file__).parent / "v2" / "history.json"
LARGE = '"' + "ä" * 600 + '"'
LARGE_DIGEST = hashlib.sha256(LARGE.encode()).digest()
DATASET = "b" * 32
FIRST_MOMENT = 1_795_000_000_000_000
EXTRAS = (
    '{"expected_trajectory":{"steps" : []},"tool_mocks":[{"tool":"t","output":1}],'
    '"unmocked_tools":"deny","source_reference":"cases.csv"}'
)
SCORER = ScorerSpec("exact_match", "exact", '{"case_sensitive":false}', 1, built_in=True)
FIRST = DatasetSettings(input_schema='{"type":["integer","string"]}', tags=("new",))
SECOND = DatasetSettings(scorers=(SCORER,), tags=("old", "ä"))

Step = tuple[str, DatasetEvent]


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
    for position, step in enumerate((*items(), *settings_and_labels(), *purge()), 1):
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
        FIRST_MOMENT + position, "ada", f"command-{position}", "", "AddItems", "because"
    )
    return {
        "stream": stream,
        "version": version,
        "topic": mapper.topic_of(event),
        "state": mapper.encode_state(event, metadata).hex(),
    }


def head(event: DatasetEvent) -> Step:
    """Return a step of the dataset's head."""
    return f"dataset-{DATASET}", event


def facts(event: DatasetEvent) -> Step:
    """Return a step of the dataset's items."""
    return f"dataset-{DATASET}/items", event


def made(version: int, item_count: int, **counts: int) -> Step:
    """Return a version that only items made."""
    return head(
        VersionMade(DATASET, version, item_count, ItemCounts(**counts), message=f"note {version}")
    )


def item(item_id: str, ordinal: int, text: str, **more: Any) -> ItemFact:
    """Return an item of this input."""
    digest = digest_of((text, None, None, None), more.get("extras"), more.get("tags", ()), "")
    body = BlobReference(LARGE_DIGEST, len(LARGE.encode())) if text == LARGE else text
    return ItemFact(item_id, ordinal, body, digest=digest, **more)


def items() -> list[Step]:
    """Items added, changed, removed and restored, and an import that came to nothing."""
    one = item("one", 1, "1", external_id="crm/1", source="csv", extras=EXTRAS, tags=("t",))
    two, changed = item("two", 2, LARGE), item("two", 2, '"changed"')
    return [
        head(DatasetCreated(DATASET, "default", "lived", "Lived", "Long", '{"a":1}')),
        head(SettingsChanged(DATASET, 0, FIRST)),
        facts(ItemsAdded(DATASET, 1, (one, two))),
        made(1, 2, added=2),
        facts(ItemsChanged(DATASET, 2, (changed,))),
        made(2, 2, changed=1),
        facts(ItemsRemoved(DATASET, 3, (ItemKey("one", 1), ItemKey("two", 2)))),
        made(3, 0, removed=2),
        facts(ItemsRestored(DATASET, 4, (one, two))),
        made(4, 2, restored=2),
        head(ImportBegun(DATASET, 5, "i1")),
        facts(ItemsChanged(DATASET, 5, (changed,))),
        facts(ItemsAdded(DATASET, 5, (item("never", 3, "3"),))),
        head(ImportAbandoned(DATASET, 5, "i1")),
    ]


def settings_and_labels() -> list[Step]:
    """Other settings, and labels that were set, moved, frozen and deleted."""
    return [
        head(SettingsChanged(DATASET, 5, SECOND)),
        head(VersionMade(DATASET, 5, 2, ItemCounts(), settings_changed=True)),
        head(LabelSet(DATASET, "golden", 1)),
        head(LabelSet(DATASET, "golden", 4, message="moved")),
        head(LabelSet(DATASET, "2026-q4", 2, frozen=True)),
        head(LabelSet(DATASET, "gone", 1)),
        head(LabelDeleted(DATASET, "gone")),
    ]


def purge() -> list[Step]:
    """An item of which only its ids are left, in the log as well."""
    return [
        facts(ItemsAdded(DATASET, 6, (ItemFact("secret", 3, "null", external_id="s"),))),
        made(6, 3, added=1),
        facts(ItemsRemoved(DATASET, 7, (ItemKey("secret", 3),))),
        facts(ItemsPurged(DATASET, (ItemKey("secret", 3),), "asked for")),
        made(7, 2, removed=1),
    ]


if __name__ == "__main__":
    main()
