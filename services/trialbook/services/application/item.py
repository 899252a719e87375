"""Checks items on their way in, and makes them facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.domain.content import ContentCollector
from trialbook.services.domain.dataset import ItemFact
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.naming import ITEM_ID, ITEM_ID_RULE

MAX_ITEMS_PER_CALL = 1000
MAX_VIOLATIONS = 100
_MAX_TAGS = 32
_MAX_LABEL_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as a caller sends it: bodies as JSON text, None where absent."""

    item_id: str
    input: str | None
    expected: str | None = None
    context: str | None = None
    metadata: str | None = None
    tags: tuple[str, ...] = ()
    split: str = ""


def check_drafts(drafts: Sequence[ItemDraft], *, offset: int = 0) -> None:
    """Refuse bad items, naming each bad field as `items[n].field`, the first 100 of them.

    `offset` is how many items of the same stream came before. Raises Invalid.
    """
    if len(drafts) > MAX_ITEMS_PER_CALL:
        raise Invalid.field(
            "items", f"has {len(drafts):,} items; send at most {MAX_ITEMS_PER_CALL:,} a message"
        )
    violations: list[Violation] = []
    for index, draft in enumerate(drafts, offset):
        violations += _violations(f"items[{index}]", draft)
        if len(violations) >= MAX_VIOLATIONS:
            break
    violations += _repeated_ids(drafts, offset)
    if violations:
        raise Invalid(violations[:MAX_VIOLATIONS])


def _violations(path: str, draft: ItemDraft) -> list[Violation]:
    if draft.input is None:
        found = [Violation(f"{path}.input", "is required; send JSON, null if there is no input")]
    else:
        found = check_json(f"{path}.input.json", draft.input)
    if draft.expected is not None:
        found += check_json(f"{path}.expected.json", draft.expected)
    if draft.context is not None:
        found += check_json(f"{path}.context.json", draft.context, must_be_object=True)
    if draft.metadata is not None:
        found += check_json(
            f"{path}.metadata.json", draft.metadata, limit=METADATA_LIMIT, must_be_object=True
        )
    if draft.item_id and not ITEM_ID.fullmatch(draft.item_id):
        found.append(
            Violation(f"{path}.item_id", f"{draft.item_id[:80]!r} is not allowed: {ITEM_ID_RULE}")
        )
    if draft.tags or draft.split:
        found += _label_violations(path, draft)
    return found


def _label_violations(path: str, draft: ItemDraft) -> list[Violation]:
    found = []
    if len(draft.tags) > _MAX_TAGS:
        found.append(Violation(f"{path}.tags", f"has more than {_MAX_TAGS} tags"))
    for index, tag in enumerate(draft.tags):
        if not 1 <= len(tag) <= _MAX_LABEL_LENGTH:
            found.append(
                Violation(f"{path}.tags[{index}]", f"must have 1 to {_MAX_LABEL_LENGTH} characters")
            )
    if len(draft.split) > _MAX_LABEL_LENGTH:
        found.append(
            Violation(f"{path}.split", f"must have at most {_MAX_LABEL_LENGTH} characters")
        )
    return found


def _repeated_ids(drafts: Sequence[ItemDraft], offset: int) -> list[Violation]:
    seen: set[str] = set()
    found = []
    for index, draft in enumerate(drafts, offset):
        if draft.item_id and draft.item_id in seen:
            found.append(
                Violation(
                    f"items[{index}].item_id", f"{draft.item_id!r} stands in this call before"
                )
            )
        seen.add(draft.item_id)
    return found


def to_facts(
    drafts: Sequence[ItemDraft],
    item_ids: Sequence[str],
    first_ordinal: int,
    contents: ContentCollector,
) -> tuple[ItemFact, ...]:
    """Make facts of checked drafts; large bodies go into `contents`."""
    add, add_optional = contents.add, contents.add_optional
    return tuple(
        ItemFact(
            item_id=item_id,
            ordinal=ordinal,
            input=add(draft.input or "null"),
            expected=add_optional(draft.expected),
            context=add_optional(draft.context),
            metadata=add_optional(draft.metadata),
            tags=draft.tags,
            split=draft.split,
        )
        for ordinal, (item_id, draft) in enumerate(
            zip(item_ids, drafts, strict=True), first_ordinal
        )
    )
