"""The states of items, on which changes of them rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.application.item_state import HeldItem, KnownItem
from trialbook.services.domain.content import BlobReference, Content
from trialbook.services.domain.dataset import ItemFact
from trialbook.services.projections.bodies import blob_sizes
from trialbook.services.projections.columns import FOREVER, decode, placeholders

_STATE = f"""
    SELECT item_id, ordinal, external_id, valid_from, valid_to, added_version, digest, purged_at
    FROM item WHERE dataset = ? AND (valid_to = {FOREVER} OR valid_from = added_version)
"""
_FACT = """
    SELECT item_id, ordinal, external_id, split, source, digest, tags,
           input, input_blob, expected, expected_blob, context, context_blob,
           metadata, metadata_blob, extras, extras_blob
    FROM item
"""
_HELD = "SELECT ordinal, item_id, digest, purged_at FROM item"
_FIRST_BODY = 7
_BLOBS = (8, 10, 12, 14, 16)

Row = tuple[Any, ...]


class SqlItemStates:
    """Implements ItemStates."""

    _reader: Reader

    def known_items(
        self, number: int, item_ids: Collection[str], external_ids: Collection[str]
    ) -> list[KnownItem]:
        """Return the items that have one of these ids, or one of these external ids."""
        rows: list[Row] = []
        for column, values in (("item_id", item_ids), ("external_id", external_ids)):
            if values:
                rows += self._reader.query(
                    f"{_STATE} AND {column} IN ({placeholders(len(values))})", (number, *values)
                )
        return _known(rows)

    def digests_at(
        self, number: int, version: int, after: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """Return (ordinal, digest) of a version's items with ordinals above `after`, in order."""
        rows = self._reader.query(
            "SELECT ordinal, digest FROM item WHERE dataset = ? AND ordinal > ? "
            "AND valid_from <= ? AND valid_to > ? ORDER BY ordinal LIMIT ?",
            (number, after, version, version, limit),
        )
        return [(ordinal, digest) for ordinal, digest in rows]

    def facts_at(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, ItemFact]:
        """Return the contents of items at a version by ordinal; large bodies as references."""
        if not ordinals:
            return {}
        rows = self._reader.query(
            f"{_FACT} WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))}) "
            "AND valid_from <= ? AND valid_to > ?",
            (number, *ordinals, version, version),
        )
        return self._facts(rows)

    def last_facts(self, number: int, ordinals: Sequence[int]) -> dict[int, ItemFact]:
        """Return the newest contents of items by ordinal, those of removed ones too."""
        if not ordinals:
            return {}
        rows = self._reader.query(
            f"{_FACT} WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))}) "
            "AND valid_from = (SELECT MAX(valid_from) FROM item AS later "
            "WHERE later.dataset = item.dataset AND later.ordinal = item.ordinal)",
            (number, *ordinals),
        )
        return self._facts(rows)

    def held_before(self, number: int, version: int, limit: int) -> list[HeldItem]:
        """Return items whose contents held at a version and hold no more."""
        rows = self._reader.query(
            f"{_HELD} WHERE dataset = ? AND valid_to > ? AND valid_to < {FOREVER} "
            "AND valid_from <= ? LIMIT ?",
            (number, version, version, limit),
        )
        return [_held(row) for row in rows]

    def held_since(self, number: int, version: int, limit: int) -> list[HeldItem]:
        """Return items whose contents hold now and did not at a version."""
        rows = self._reader.query(
            f"{_HELD} WHERE dataset = ? AND valid_from > ? AND valid_to = {FOREVER} LIMIT ?",
            (number, version, limit),
        )
        return [_held(row) for row in rows]

    def bodies(self, digests: Collection[bytes]) -> Mapping[bytes, str]:
        """Return large bodies by digest."""
        return self._reader.blobs(digests) if digests else {}

    def _facts(self, rows: Sequence[Row]) -> dict[int, ItemFact]:
        digests = {row[at] for row in rows for at in _BLOBS if row[at] is not None}
        sizes = blob_sizes(self._reader, digests)
        return {row[1]: _fact(row, sizes) for row in rows}


def _known(rows: Sequence[Row]) -> list[KnownItem]:
    """Put the rows of each item together: the one that holds now, and the first."""
    found: dict[int, KnownItem] = {}
    for item_id, ordinal, external_id, begin, end, added, digest, purged_at in rows:
        other = found.get(ordinal)
        lives, is_first = end == FOREVER, begin == added
        found[ordinal] = KnownItem(
            item_id,
            ordinal,
            external_id or "",
            begin if lives else other.version if other else 0,
            digest if lives else other.digest if other else b"",
            digest if is_first else other.first_digest if other else b"",
            purged_at is not None,
        )
    return list(found.values())


def _held(row: Row) -> HeldItem:
    ordinal, item_id, digest, purged_at = row
    return HeldItem(ordinal, item_id, digest, purged_at is not None)


def _fact(row: Row, sizes: Mapping[bytes, int]) -> ItemFact:
    item_id, ordinal, external_id, split, source, digest, tags = row[:_FIRST_BODY]
    bodies = [_content(row[at - 1], row[at], sizes) for at in _BLOBS]
    given, expected, context, metadata, extras = bodies
    return ItemFact(
        item_id,
        ordinal,
        "null" if given is None else given,
        expected,
        context,
        metadata,
        () if tags == "[]" else decode(tags, tuple[str, ...]),
        split,
        external_id or "",
        source,
        extras,
        digest,
    )


def _content(
    inline: str | None, digest: bytes | None, sizes: Mapping[bytes, int]
) -> Content | None:
    return inline if digest is None else BlobReference(digest, sizes[digest])
