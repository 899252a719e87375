"""Checks items on their way in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.services.application.item_extras import DENY, NO_EXTRAS, ItemExtras, ToolMock
from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.scorer import MAX_SCORERS
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.naming import ITEM_ID, ITEM_ID_RULE

MAX_ITEMS_PER_CALL = 1000
MAX_VIOLATIONS = 100
MAX_EXTERNAL_ID = 256
SOURCES = frozenset({"manual", "csv", "jsonl", "json", "parquet", "trace", "result", "generated"})
"""Where items come from; an item that does not say was written by hand."""

_MAX_TAGS = 32
_MAX_LABEL_LENGTH = 64
_MAX_TOOL_MOCKS = 100
_MAX_TOOL_NAME = 128
_MAX_REFERENCE = 500
_MAX_NOTE = 500
_NUL = "\0"


class ItemDraft(msgspec.Struct, frozen=True, gc=False):
    """An item as a caller sends it: bodies as JSON text, None where absent.

    An empty `source` stands for "manual".
    """

    item_id: str
    input: str | None
    expected: str | None = None
    context: str | None = None
    metadata: str | None = None
    tags: tuple[str, ...] = ()
    split: str = ""
    external_id: str = ""
    source: str = ""
    extras: ItemExtras = NO_EXTRAS


def check_drafts(drafts: Sequence[ItemDraft], *, offset: int = 0) -> None:
    """Refuse bad items, naming each bad field as `items[n].field`, the first 100 of them.

    `offset` is how many items of the same stream came before. Raises Invalid.
    """
    require_count("items", len(drafts))
    violations: list[Violation] = []
    for index, draft in enumerate(drafts, offset):
        violations += check_draft(f"items[{index}]", draft)
        if len(violations) >= MAX_VIOLATIONS:
            break
    if violations:
        raise Invalid(violations[:MAX_VIOLATIONS])


def require_count(path: str, count: int) -> None:
    """Refuse more items than one message may bring. Raises Invalid."""
    if count > MAX_ITEMS_PER_CALL:
        raise Invalid.field(
            path, f"has {count:,} items; send at most {MAX_ITEMS_PER_CALL:,} a message"
        )


def check_draft(path: str, draft: ItemDraft) -> list[Violation]:
    """Return what is wrong with an item, its fields named below `path`."""
    found = check_bodies(path, draft)
    if draft.item_id and not ITEM_ID.fullmatch(draft.item_id):
        found.append(
            Violation(f"{path}.item_id", f"{draft.item_id[:80]!r} is not allowed: {ITEM_ID_RULE}")
        )
    if draft.external_id:
        found += check_text(f"{path}.external_id", draft.external_id, MAX_EXTERNAL_ID)
    return found


def check_bodies(path: str, draft: ItemDraft) -> list[Violation]:
    """Return what is wrong with an item apart from its ids."""
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
    if draft.tags or draft.split:
        found += check_tags(f"{path}.tags", draft.tags)
        found += check_text(f"{path}.split", draft.split, _MAX_LABEL_LENGTH)
    if draft.source and draft.source not in SOURCES:
        found.append(Violation(f"{path}.source.type", "is no kind of source of this version"))
    if draft.extras is not NO_EXTRAS:
        found += _check_extras(path, draft.extras)
    return found


def check_tags(path: str, tags: Sequence[str]) -> list[Violation]:
    """Return what is wrong with tags."""
    found = []
    if len(tags) > _MAX_TAGS:
        found.append(Violation(path, f"has more than {_MAX_TAGS} tags"))
    for index, tag in enumerate(tags):
        if not 1 <= len(tag) <= _MAX_LABEL_LENGTH:
            found.append(
                Violation(f"{path}[{index}]", f"must have 1 to {_MAX_LABEL_LENGTH} characters")
            )
        elif _NUL in tag:
            found.append(_has_nul(f"{path}[{index}]"))
    return found


def check_text(path: str, text: str, longest: int) -> list[Violation]:
    """Return what is wrong with a text of the caller's own."""
    if len(text) > longest:
        return [Violation(path, f"must have at most {longest:,} characters")]
    return [_has_nul(path)] if _NUL in text else []


def check_note(message: str, path: str = "message") -> None:
    """Refuse a note that is too long. Raises Invalid."""
    violations = check_text(path, message, _MAX_NOTE)
    if violations:
        raise Invalid(violations)


def _has_nul(path: str) -> Violation:
    return Violation(path, "has the character U+0000, which no text may have")


def _check_extras(path: str, extras: ItemExtras) -> list[Violation]:
    found = []
    for name in ("expected_trajectory", "start_options"):
        text: str | None = getattr(extras, name)
        if text is not None:
            found += check_json(f"{path}.{name}.json", text, must_be_object=True)
    if len(extras.tool_mocks) > _MAX_TOOL_MOCKS:
        found.append(Violation(f"{path}.tool_mocks", f"has more than {_MAX_TOOL_MOCKS} mocks"))
    for index, mock in enumerate(extras.tool_mocks[:_MAX_TOOL_MOCKS]):
        found += _check_mock(f"{path}.tool_mocks[{index}]", mock)
    if extras.unmocked_tools not in ("", DENY):
        found.append(Violation(f"{path}.unmocked_tools", "is no policy of this version"))
    if len(extras.scorers) > MAX_SCORERS:
        found.append(Violation(f"{path}.scorers", f"has more than {MAX_SCORERS} scorers"))
    found += check_text(f"{path}.source.reference", extras.source_reference, _MAX_REFERENCE)
    return found


def _check_mock(path: str, mock: ToolMock) -> list[Violation]:
    found = check_text(f"{path}.tool", mock.tool, _MAX_TOOL_NAME)
    if not mock.tool:
        found.append(Violation(f"{path}.tool", "is required; name the tool"))
    if mock.output is None:
        found.append(Violation(f"{path}.output", "is required; send JSON"))
    else:
        found += check_json(f"{path}.output.json", mock.output)
    if mock.arguments is not None:
        found += check_json(f"{path}.arguments.json", mock.arguments)
    return found
