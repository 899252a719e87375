"""Digests for the facts of the first release, which have none."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.eventstore import Reader
from trialbook.services.application.item_content import digest_of
from trialbook.services.domain.content import BlobReference, Content
from trialbook.services.domain.dataset import ItemFact


def digested(reader: Reader, facts: Sequence[ItemFact]) -> Sequence[ItemFact]:
    """Return facts that all tell by a digest which contents are equal."""
    if all(fact.digest for fact in facts):
        return facts
    references = {
        body.digest
        for fact in facts
        for body in (fact.input, fact.expected, fact.context, fact.metadata)
        if isinstance(body, BlobReference)
    }
    blobs = reader.blobs(references) if references else {}
    return [
        fact if fact.digest else msgspec.structs.replace(fact, digest=_digest(fact, blobs))
        for fact in facts
    ]


def _digest(fact: ItemFact, blobs: dict[bytes, str]) -> bytes:
    def text(body: Content | None) -> str | None:
        # A purge may have dropped the body of a fact that no version shows.
        return blobs.get(body.digest) if isinstance(body, BlobReference) else body

    bodies = (text(fact.input), text(fact.expected), text(fact.context), text(fact.metadata))
    return digest_of(bodies, None, fact.tags, fact.split)
