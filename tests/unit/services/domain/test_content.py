from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain.content import INLINE_LIMIT, BlobReference, ContentCollector

LETTERS = st.sampled_from(["x", "ä", "\N{OWL}"])


@given(LETTERS, st.integers(0, 2 * INLINE_LIMIT))
def test_texts_beyond_the_limit_are_kept_by_digest(letter: str, length: int) -> None:
    contents = ContentCollector()
    text = letter * length
    size = len(text.encode())

    content = contents.add(text)

    if size <= INLINE_LIMIT:
        assert content == text
        assert not contents.blobs
    else:
        digest = hashlib.sha256(text.encode()).digest()
        assert content == BlobReference(digest, size)
        assert contents.blobs == {digest: text}


def test_an_absent_body_stays_absent() -> None:
    assert ContentCollector().add_optional(None) is None


def test_equal_texts_are_kept_once() -> None:
    contents = ContentCollector()

    assert contents.add("x" * 5000) == contents.add("x" * 5000)
    assert len(contents.blobs) == 1
