"""The content of an item: what makes two items the same, and what a fact holds of it."""

from __future__ import annotations

import msgspec

from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_extras import comparable_extras, write_extras
from trialbook.services.domain.canonical import content_digest
from trialbook.services.domain.content import ContentCollector
from trialbook.services.domain.dataset import ItemFact
from trialbook.services.domain.experiment import ScorerSpec

_encode = msgspec.json.Encoder().encode


class ItemContent(msgspec.Struct, frozen=True, gc=False):
    """What a version of an item holds, as texts; `digest` is that of equal contents."""

    input: str
    expected: str | None
    context: str | None
    metadata: str | None
    extras: str | None
    tags: tuple[str, ...]
    split: str
    source: str
    digest: bytes


def digest_of(
    bodies: tuple[str | None, str | None, str | None, str | None],
    extras: str | None,
    tags: tuple[str, ...],
    split: str,
) -> bytes:
    """Return what tells a content: equal for equal ones, however their JSON is written.

    `bodies` are input, expected, context and metadata. The order of tags makes no difference.
    """
    return content_digest(
        (
            *bodies,
            comparable_extras(extras),
            _encode(sorted(tags)).decode() if tags else None,
            _encode(split).decode() if split else None,
        )
    )


def content_of(draft: ItemDraft, scorers: tuple[ScorerSpec, ...] = ()) -> ItemContent:
    """Return the content of a checked draft, its own scorers pinned to their versions."""
    extras = write_extras(draft.extras, scorers)
    given = draft.input or "null"
    bodies = (given, draft.expected, draft.context, draft.metadata)
    return ItemContent(
        *bodies,
        extras,
        draft.tags,
        draft.split,
        draft.source,
        digest_of(bodies, extras, draft.tags, draft.split),
    )


def to_fact(
    item_id: str, ordinal: int, external_id: str, content: ItemContent, contents: ContentCollector
) -> ItemFact:
    """Make a fact of a content; large bodies go into `contents`."""
    add, add_optional = contents.add, contents.add_optional
    return ItemFact(
        item_id,
        ordinal,
        add(content.input),
        add_optional(content.expected),
        add_optional(content.context),
        add_optional(content.metadata),
        content.tags,
        content.split,
        external_id,
        content.source,
        add_optional(content.extras),
        content.digest,
    )
