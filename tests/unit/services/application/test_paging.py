from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.application.paging import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    page_size,
    read_token,
    write_token,
)
from trialbook.services.domain.errors import Invalid

CURSORS = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**63 - 1))


@given(st.text(), CURSORS)
def test_a_token_brings_its_cursor_back(listing: str, cursor: tuple[int, int]) -> None:
    token = write_token(listing, cursor)

    assert read_token(listing, token, tuple[int, int], (0, 0)) == cursor
    assert token.isascii()


@given(st.text(), st.text())
def test_a_token_serves_its_own_listing_only(listing: str, other: str) -> None:
    token = write_token(listing, "x")
    if listing == other:
        assert read_token(other, token, str, "") == "x"
        return

    with pytest.raises(Invalid) as caught:
        read_token(other, token, str, "")
    assert caught.value.reason == "INVALID_PAGE_TOKEN"


@given(st.text(min_size=1))
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(Invalid):
        read_token("listing", token, str, "")


def test_a_cursor_of_another_shape_is_refused() -> None:
    with pytest.raises(Invalid):
        read_token("listing", write_token("listing", "x"), tuple[int, int], (0, 0))


def test_no_token_begins_at_the_beginning() -> None:
    assert read_token("listing", "", str, "first") == "first"


@given(st.integers(0, 2**31 - 1))
def test_a_page_size_is_within_its_limits(requested: int) -> None:
    size = page_size(requested)

    assert 1 <= size <= MAX_PAGE_SIZE
    assert size == (min(requested, MAX_PAGE_SIZE) if requested else DEFAULT_PAGE_SIZE)


@given(st.integers(-(2**31), -1))
def test_a_negative_page_size_is_refused(requested: int) -> None:
    with pytest.raises(Invalid):
        page_size(requested)
