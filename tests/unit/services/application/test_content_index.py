"""The contents of a version, in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.application.content_index import ContentIndex

DIGESTS = st.sets(st.binary(min_size=16, max_size=16), max_size=60)


@given(DIGESTS, DIGESTS)
def test_an_index_knows_what_was_added_and_nothing_else(
    added: set[bytes], others: set[bytes]
) -> None:
    index = ContentIndex()
    for some in (list(added)[:20], list(added)[20:]):
        index.add(some)
        index.sort()

    assert all(digest in index for digest in added)
    assert not any(digest in index for digest in others - added)


def test_digests_that_share_a_beginning_are_told_apart() -> None:
    digests = [bytes([7]) * 15 + bytes([last]) for last in range(100)]
    index = ContentIndex()
    index.add(reversed(digests[::2]))
    index.sort()

    assert [digest in index for digest in digests] == [True, False] * 50
