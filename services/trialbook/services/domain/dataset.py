"""The dataset aggregate: a small head, and the items as facts in chunk events beside it."""

from __future__ import annotations

import msgspec

from trialbook.services.domain.content import Content
from trialbook.services.domain.errors import ImportInProgress, NotFound, Stale

FACTS_PER_EVENT = 250


class ItemFact(msgspec.Struct, frozen=True, array_like=True):
    """One item, as it was added. `ordinal` counts the dataset's insertions from 1."""

    item_id: str
    ordinal: int
    input: Content
    expected: Content | None = None
    context: Content | None = None
    metadata: Content | None = None
    tags: tuple[str, ...] = ()
    split: str = ""


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


class VersionMade(msgspec.Struct, frozen=True):
    """The items of `version` are complete and can be read."""

    uid: str
    version: int
    item_count: int
    added_count: int


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
    | VersionMade
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
        case ItemsAdded():
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
) -> list[DatasetEvent]:
    """Decide a change of the description; the same description is no event."""
    event = DatasetDescribed(dataset.uid, display_name, description, metadata)
    before = DatasetDescribed(
        dataset.uid, dataset.display_name, dataset.description, dataset.metadata
    )
    return [] if event == before else [event]


def items_added(uid: str, version: int, items: tuple[ItemFact, ...]) -> list[ItemsAdded]:
    """Put item facts into chunk events."""
    return [
        ItemsAdded(uid, version, items[start : start + FACTS_PER_EVENT])
        for start in range(0, len(items), FACTS_PER_EVENT)
    ]


def make_version(dataset: Dataset, added_count: int) -> VersionMade:
    """Decide the version that completes `added_count` more items."""
    return VersionMade(
        dataset.uid, dataset.version + 1, dataset.item_count + added_count, added_count
    )
