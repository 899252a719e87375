"""The dataset aggregate: a small head, and the items as facts in chunk events beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from trialbook.services.domain.content import Content
from trialbook.services.domain.errors import ImportInProgress, NotFound, Stale
from trialbook.services.domain.experiment import ScorerSpec

FACTS_PER_EVENT = 250

F = TypeVar("F", bound=msgspec.Struct)


class ItemFact(msgspec.Struct, frozen=True, array_like=True):
    """One item's content. `ordinal` counts the dataset's insertions from 1.

    `extras` is a JSON object with what few items have: see `application.item_extras`. `digest`
    tells equal contents: see `domain.canonical`; facts of old releases have none. A purged fact
    keeps its ids only.
    """

    item_id: str
    ordinal: int
    input: Content
    expected: Content | None = None
    context: Content | None = None
    metadata: Content | None = None
    tags: tuple[str, ...] = ()
    split: str = ""
    external_id: str = ""
    source: str = ""
    extras: Content | None = None
    digest: bytes = b""


class ItemKey(msgspec.Struct, frozen=True, array_like=True):
    """Which item, in a fact that says nothing of its content."""

    item_id: str
    ordinal: int


class DatasetSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds for all items of a version. Schemas are JSON texts; empty where there is none."""

    input_schema: str = ""
    expected_schema: str = ""
    context_schema: str = ""
    scorers: tuple[ScorerSpec, ...] = ()
    tags: tuple[str, ...] = ()


class ItemCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many items one version touched."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    restored: int = 0


class DatasetCreated(msgspec.Struct, frozen=True):
    """A dataset came into being, empty, at version 0."""

    uid: str
    project: str
    dataset_id: str
    display_name: str
    description: str
    metadata: str


class DatasetDescribed(msgspec.Struct, frozen=True):
    """What describes the dataset changed; all of it stands here, changed or not."""

    uid: str
    display_name: str
    description: str
    metadata: str


class DatasetDeleted(msgspec.Struct, frozen=True):
    """The dataset left the listings."""

    uid: str


class ItemsAdded(msgspec.Struct, frozen=True):
    """Items belong to the dataset from `version` on. Written to the dataset's items stream."""

    uid: str
    version: int
    items: tuple[ItemFact, ...]


class ItemsChanged(msgspec.Struct, frozen=True):
    """Items have other content from `version` on. Written to the dataset's items stream."""

    uid: str
    version: int
    items: tuple[ItemFact, ...]


class ItemsRemoved(msgspec.Struct, frozen=True):
    """Items do not belong to the dataset from `version` on."""

    uid: str
    version: int
    items: tuple[ItemKey, ...]


class ItemsRestored(msgspec.Struct, frozen=True):
    """Removed items belong to the dataset again from `version` on."""

    uid: str
    version: int
    items: tuple[ItemFact, ...]


class ItemsPurged(msgspec.Struct, frozen=True):
    """Items lost their content in every version, in results, and in the log before this event."""

    uid: str
    items: tuple[ItemKey, ...]
    message: str = ""


class SettingsChanged(msgspec.Struct, frozen=True):
    """Other settings hold from `version` on; 0 where the dataset was created with them."""

    uid: str
    version: int
    settings: DatasetSettings


class VersionMade(msgspec.Struct, frozen=True):
    """The items and settings of `version` are complete and can be read."""

    uid: str
    version: int
    item_count: int
    changes: ItemCounts
    settings_changed: bool = False
    message: str = ""


class LabelSet(msgspec.Struct, frozen=True):
    """A label names a version."""

    uid: str
    label_id: str
    version: int
    frozen: bool = False
    message: str = ""


class LabelDeleted(msgspec.Struct, frozen=True):
    """A label is gone."""

    uid: str
    label_id: str


class ImportBegun(msgspec.Struct, frozen=True):
    """Items of `version` are arriving; nobody reads them, and no one else makes a version."""

    uid: str
    version: int
    import_id: str


class ImportAbandoned(msgspec.Struct, frozen=True):
    """The import of `version` came to nothing; its items never were."""

    uid: str
    version: int
    import_id: str


DatasetEvent = (
    DatasetCreated
    | DatasetDescribed
    | DatasetDeleted
    | ItemsAdded
    | ItemsChanged
    | ItemsRemoved
    | ItemsRestored
    | ItemsPurged
    | SettingsChanged
    | VersionMade
    | LabelSet
    | LabelDeleted
    | ImportBegun
    | ImportAbandoned
)


class Dataset(msgspec.Struct, frozen=True):
    """The head: what the decisions about a dataset rest on. `revision` counts its head events."""

    uid: str
    project: str
    dataset_id: str
    display_name: str
    description: str
    metadata: str
    version: int = 0
    item_count: int = 0
    deleted: bool = False
    import_id: str = ""
    revision: int = 1
    settings: DatasetSettings = DatasetSettings()

    @property
    def name(self) -> str:
        """The resource name."""
        return f"projects/{self.project}/datasets/{self.dataset_id}"

    @property
    def etag(self) -> str:
        """Changes with every head event."""
        return str(self.revision)


def stream_of(uid: str) -> str:
    """The stream of a dataset's head."""
    return f"dataset-{uid}"


def items_stream_of(uid: str) -> str:
    """The stream of a dataset's item facts."""
    return f"dataset-{uid}/items"


def evolve(dataset: Dataset | None, event: DatasetEvent) -> Dataset:
    """Return the head after one more head event."""
    if isinstance(event, DatasetCreated):
        return Dataset(**{name: getattr(event, name) for name in event.__struct_fields__})
    if dataset is None:
        raise ValueError("a dataset's history begins with its creation")
    changes: dict[str, object] = {"revision": dataset.revision + 1}
    match event:
        case DatasetDescribed():
            changes |= {
                "display_name": event.display_name,
                "description": event.description,
                "metadata": event.metadata,
            }
        case DatasetDeleted():
            changes |= {"deleted": True}
        case ImportBegun():
            changes |= {"import_id": event.import_id}
        case ImportAbandoned():
            changes |= {"import_id": ""}
        case VersionMade():
            changes |= {"version": event.version, "item_count": event.item_count, "import_id": ""}
        case SettingsChanged():
            changes |= {"settings": event.settings}
        case LabelSet() | LabelDeleted():
            pass
        case _:
            raise ValueError("item facts do not stand in a dataset's head")
    return msgspec.structs.replace(dataset, **changes)


def require_current(dataset: Dataset, etag: str) -> None:
    """Refuse a change that rests on an older state. An empty etag asks for nothing."""
    if dataset.deleted:
        raise NotFound(dataset.name)
    if etag and etag != dataset.etag:
        raise Stale(dataset.name, f"etag {etag!r}", f"etag {dataset.etag!r}")


def require_writable(dataset: Dataset, expected_version: int | None = None) -> None:
    """Refuse a change of items while an import runs, or that rests on an older version."""
    if dataset.deleted:
        raise NotFound(dataset.name)
    if dataset.import_id:
        raise ImportInProgress(dataset.name)
    if expected_version is not None and expected_version != dataset.version:
        raise Stale(dataset.name, f"version {expected_version}", f"version {dataset.version}")


def describe(
    dataset: Dataset, *, display_name: str, description: str, metadata: str
) -> list[DatasetDescribed]:
    """Decide a change of the description; the same description is no event."""
    event = DatasetDescribed(dataset.uid, display_name, description, metadata)
    before = DatasetDescribed(
        dataset.uid, dataset.display_name, dataset.description, dataset.metadata
    )
    return [] if event == before else [event]


def chunks(facts: Sequence[F]) -> Iterator[tuple[F, ...]]:
    """Cut facts into as many as one event may carry."""
    for start in range(0, len(facts), FACTS_PER_EVENT):
        yield tuple(facts[start : start + FACTS_PER_EVENT])


def make_version(
    dataset: Dataset, changes: ItemCounts, *, settings_changed: bool = False, message: str = ""
) -> VersionMade:
    """Decide the version that completes these changes."""
    item_count = dataset.item_count + changes.added + changes.restored - changes.removed
    return VersionMade(
        dataset.uid, dataset.version + 1, item_count, changes, settings_changed, message
    )


def change_settings(
    dataset: Dataset, settings: DatasetSettings, *, message: str = ""
) -> tuple[SettingsChanged, VersionMade]:
    """Decide a version that has other settings and the same items."""
    return (
        SettingsChanged(dataset.uid, dataset.version + 1, settings),
        make_version(dataset, ItemCounts(), settings_changed=True, message=message),
    )
