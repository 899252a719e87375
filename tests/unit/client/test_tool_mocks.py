from __future__ import annotations

import pytest

from trialbook.client import (
    FinalError,
    ToolMock,
    ToolMockMismatch,
    ToolMocks,
    ToolMocksExhausted,
    ToolNotMocked,
)


def test_mocks_answer_in_order_tool_by_tool() -> None:
    mocks = ToolMocks([ToolMock("a", 1), ToolMock("b", 2), ToolMock("a", 3)])

    assert [mocks.answer(tool) for tool in ("a", "a", "b")] == [1, 3, 2]


def test_arguments_are_equal_as_json_whatever_their_order() -> None:
    mocks = ToolMocks([ToolMock("a", 1, arguments={"x": 1, "y": [True]})])

    assert mocks.answer("a", {"y": (True,), "x": 1.0}) == 1


@pytest.mark.parametrize("given", [{"x": 2}, {}, {"x": 1, "y": 1}, {"x": True}, None, [1]])
def test_other_arguments_are_a_mismatch_that_uses_up_nothing(given: object) -> None:
    mocks = ToolMocks([ToolMock("a", 1, arguments={"x": 1})])

    with pytest.raises(ToolMockMismatch, match="next mock"):
        mocks.answer("a", given)
    assert mocks.answer("a", {"x": 1}) == 1


def test_a_mock_without_arguments_takes_any() -> None:
    assert ToolMocks([ToolMock("a", 1)]).answer("a", {"what": "ever"}) == 1


def test_more_calls_than_mocks_fail_for_good() -> None:
    mocks = ToolMocks([ToolMock("a", 1)])
    mocks.answer("a")

    with pytest.raises(ToolMocksExhausted) as caught:
        mocks.answer("a")
    assert isinstance(caught.value, FinalError)


def test_a_tool_without_mocks_is_called_unless_that_is_denied() -> None:
    assert not ToolMocks().answers("a")
    assert ToolMocks([ToolMock("a", 1)]).answers("a")
    with pytest.raises(ToolNotMocked):
        ToolMocks(unmocked="deny").answers("a")
    with pytest.raises(ToolNotMocked):
        ToolMocks().answer("a")


def test_unused_mocks_are_told() -> None:
    mocks = ToolMocks([ToolMock("a", 1), ToolMock("a", 2)])
    mocks.answer("a")

    assert mocks.unused == [ToolMock("a", 2)]
